"""Random requests: right ones of any type, and what becomes of them when somebody is careless."""

import random
import string
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from msgspec import Raw
from msgspec import inspect as mi

from metering.measures import forms
from metering.measures.refusals import Invalid

LETTERS = string.ascii_letters + string.digits + " .-/%éλ漢🙂"


def value_of(dice: random.Random, kind: Any) -> Any:
    """A value of a type, drawn with `dice`; the request's own checks hold."""
    info = mi.type_info(kind)
    for _ in range(100):
        try:
            return _value(dice, info, 0)
        except Invalid:
            continue
    raise AssertionError(f"no value of {kind} holds")


def _text(dice: random.Random) -> str:
    return "".join(dice.choice(LETTERS) for _ in range(dice.choice([1, 3, 12, 300])))


def _anything(dice: random.Random, depth: int) -> Any:
    some = [None, True, 1, 2.5, "x", -7, ""]
    if depth < 5:
        some += [[_anything(dice, depth + 1)], {"k": _anything(dice, depth + 1)}]
    return dice.choice(some)


SCALARS: dict[type[mi.Type], Callable[[random.Random], Any]] = {
    mi.NoneType: lambda dice: None,
    mi.StrType: _text,
    mi.BoolType: lambda dice: dice.random() < 0.5,
    mi.IntType: lambda dice: dice.choice([0, 1, -1, 2**31, 2**63 - 1, dice.randint(0, 10**12)]),
    mi.FloatType: lambda dice: dice.choice([0.0, 1.5, -2.25, 3e300]),
    mi.BytesType: lambda dice: dice.randbytes(dice.choice([0, 3, 200])),
    mi.DecimalType: lambda dice: Decimal(dice.randint(0, 10**18)).scaleb(-dice.randint(0, 12)),
    mi.DateTimeType: lambda dice: (
        datetime(2020, 1, 1, tzinfo=UTC) + timedelta(microseconds=dice.randint(0, 10**16))
    ),
    mi.DateType: lambda dice: date(2020, 1, 1) + timedelta(days=dice.randint(-9999, 9999)),
    mi.TimeType: lambda dice: time(dice.randint(0, 23), dice.randint(0, 59)),
    mi.UUIDType: lambda dice: UUID(int=dice.getrandbits(128)),
    mi.RawType: lambda dice: Raw(dice.choice([b'"x"', b"1.10", b'{"a": [1.0]}', b"true"])),
}


def _value(dice: random.Random, info: Any, depth: int) -> Any:
    if (scalar := SCALARS.get(type(info))) is not None:
        return scalar(dice)
    many = dice.choice([0, 1, 3]) if depth < 6 else 0
    match info:
        case mi.Metadata(type=inner):
            return _value(dice, inner, depth)
        case mi.CustomType(cls=forms.Number):
            return forms.Number(SCALARS[mi.DecimalType](dice))
        case mi.CustomType(cls=forms.Millis):
            return forms.made(forms.Millis, SCALARS[mi.DateTimeType](dice))
        case mi.AnyType():
            return _anything(dice, depth)
        case mi.UnionType(types=types):
            return _value(dice, dice.choice(types), depth)
        case mi.EnumType(cls=cls):
            return dice.choice(list(cls))
        case mi.LiteralType(values=values):
            return dice.choice(values)
        case mi.ListType(item_type=item):
            return [_value(dice, item, depth + 1) for _ in range(many)]
        case mi.VarTupleType(item_type=item):
            return tuple(_value(dice, item, depth + 1) for _ in range(many))
        case mi.DictType(value_type=value):
            return {f"k{number}": _value(dice, value, depth + 1) for number in range(many)}
        case mi.StructType():
            said = {
                field.name: _value(dice, field.type, depth + 1)
                for field in info.fields
                if field.required or dice.random() < 0.6
            }
            return info.cls(**said)
    raise AssertionError(info)


CARELESS: list[Any] = [
    None, "", "x", "0", "-1", "12.5", "1e400", "NaN", 0, -1, 2**64, 1.5, True, False, [], {}, [1],
    ["x"], {"a": 1}, [{}], "2026-01-01", "2026-01-01T00:00:00+25:00", "true", "off", "a\0b",
]  # fmt: skip


def anything(dice: random.Random, said: Any, chance: float = 0.15) -> Any:
    """The same JSON with some of it left out, doubled, nulled or of another kind."""
    if dice.random() < chance:
        return dice.choice(CARELESS)
    if isinstance(said, dict):
        kept = {name: value for name, value in said.items() if dice.random() > chance / 2}
        return {name: anything(dice, value, chance) for name, value in kept.items()}
    if isinstance(said, (list, tuple)):
        return [anything(dice, value, chance) for value in said]
    return said
