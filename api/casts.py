"""The lenient casts of the wire, one table: what a scalar may be sent as, and what it then is.

A cast takes what JSON or a query said and returns the value, raises `Wrong` with the code to
answer, or returns None where what was sent is no value (an empty text for a number).
Numbers arrive as the text that was sent, so that none ever passes through a float on its way to a
Decimal.
"""

import base64
import binascii
import math
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

import msgspec
from msgspec import inspect as mi

from metering.measures.money import SCALE, WHOLE

INVALID = "value_is_invalid"
OUT_OF_RANGE = "value_is_out_of_range"
MANDATORY = "value_is_mandatory"

BIGGEST = 2**63 - 1
"""The greatest integer that the ledger keeps and that protobuf carries."""

FALSE = frozenset({0, "0", "false", "f", "off", "FALSE", "F", "OFF", "False", "Off"})
"""What means no; any other scalar means yes. Source: spec/wire-format.md, A2."""


class Wrong(Exception):
    """What was sent cannot be cast; the one argument is the code."""


class Numeral(str):
    """A JSON number with a point or an exponent, as it was written."""

    __slots__ = ()


def fits(number: Decimal) -> bool:
    """Whether a decimal is finite and within the digits that amounts have."""
    if not number:
        return True
    if not number.is_finite() or number.adjusted() >= WHOLE:
        return False
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    if exponent >= -SCALE:
        return True
    if exponent < -100:
        return False
    figures = "".join(map(str, number.as_tuple().digits))
    zeros = len(figures) - len(figures.rstrip("0"))
    return zeros == len(figures) or exponent + zeros >= -SCALE


def to_str(sent: Any) -> str | None:
    """Text, and nothing else: a number is not a name. No engine keeps a NUL character."""
    if not isinstance(sent, str) or isinstance(sent, Numeral) or "\0" in sent:
        raise Wrong(INVALID)
    return sent


def to_bool(sent: Any) -> bool | None:
    """No for the words of `FALSE`, nothing for an empty text, yes for any other scalar."""
    if sent == "":
        return None
    if isinstance(sent, (list, dict)):
        raise Wrong(INVALID)
    if isinstance(sent, Numeral):
        return Decimal(sent) != 0
    return sent not in FALSE


def to_int(sent: Any) -> int | None:
    """A whole number of 64 bits, also as text and also with `.0` behind it."""
    if (number := _number(sent)) is None:
        return None
    if not number.is_finite() or number.adjusted() > 30 or number != number.to_integral_value():
        raise Wrong(INVALID)
    whole = int(number)
    if not -BIGGEST - 1 <= whole <= BIGGEST:
        raise Wrong(OUT_OF_RANGE)
    return whole


def to_decimal(sent: Any) -> Decimal | None:
    """A number, or its text; beyond 26 digits or 12 decimals it is refused, never rounded."""
    number = _number(sent)
    if number is not None and not fits(number):
        raise Wrong(INVALID)
    return number


def to_float(sent: Any) -> float | None:
    """A finite number, or its text. For what is no money."""
    if (number := _number(sent)) is None:
        return None
    if not number.is_finite() or not math.isfinite(found := float(number)):
        raise Wrong(INVALID)
    return found


def to_datetime(sent: Any) -> datetime | None:
    """ISO 8601; without a zone it is UTC, and a date alone is its midnight."""
    if isinstance(sent, Numeral) or not isinstance(sent, str):
        raise Wrong(INVALID)
    if not sent.strip():
        return None
    try:
        if len(sent) == 10:
            return datetime.combine(date.fromisoformat(sent), time(), UTC)
        found = _instant(sent)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Wrong(INVALID) from None


def to_date(sent: Any) -> date | None:
    """`YYYY-MM-DD`; of an instant, the day that is written."""
    if isinstance(sent, Numeral) or not isinstance(sent, str):
        raise Wrong(INVALID)
    if not sent.strip():
        return None
    try:
        if len(sent) > 10:
            _instant(sent)
        return date.fromisoformat(sent[:10])
    except ValueError:
        raise Wrong(INVALID) from None


def to_bytes(sent: Any) -> bytes | None:
    """Base 64."""
    try:
        return base64.b64decode(to_str(sent) or "", validate=True)
    except binascii.Error:
        raise Wrong(INVALID) from None


def _instant(text: str) -> datetime:
    """Nine decimals are for msgspec to read, a time without seconds for the standard library."""
    try:
        return msgspec.convert(text, datetime)
    except msgspec.ValidationError:
        return datetime.fromisoformat(text)


def _converted(kind: Any) -> Callable[[Any], Any]:
    def cast(sent: Any) -> Any:
        try:
            return msgspec.convert(to_str(sent), kind) if sent != "" else None
        except ValueError:
            raise Wrong(INVALID) from None

    return cast


def _number(sent: Any) -> Decimal | None:
    if sent == "" or (isinstance(sent, str) and not sent.strip()):
        return None
    if isinstance(sent, bool) or not isinstance(sent, (int, str)):
        raise Wrong(INVALID)
    try:
        return Decimal(sent)
    except InvalidOperation:
        raise Wrong(INVALID) from None


CASTS: dict[type[mi.Type], Callable[[Any], Any]] = {
    mi.StrType: to_str,
    mi.BoolType: to_bool,
    mi.IntType: to_int,
    mi.DecimalType: to_decimal,
    mi.FloatType: to_float,
    mi.DateTimeType: to_datetime,
    mi.DateType: to_date,
    mi.BytesType: to_bytes,
    mi.TimeType: _converted(time),
    mi.UUIDType: _converted(UUID),
}
"""How each scalar is read. Enums are read by their values alone."""


def bounds(info: Any, value: Any) -> str | None:
    """The code for a value outside the bounds its type was annotated with, if any."""
    for name, holds in BOUNDS.items():
        bound = getattr(info, name, None)
        if bound is not None and not holds(value, bound):
            return LENGTHS.get(name, OUT_OF_RANGE)
    return None


BOUNDS: dict[str, Callable[[Any, Any], Any]] = {
    "ge": lambda value, bound: value >= bound,
    "gt": lambda value, bound: value > bound,
    "le": lambda value, bound: value <= bound,
    "lt": lambda value, bound: value < bound,
    "multiple_of": lambda value, bound: value % bound == 0,
    "min_length": lambda value, bound: len(value) >= bound,
    "max_length": lambda value, bound: len(value) <= bound,
}
LENGTHS = {"min_length": "value_is_too_short", "max_length": "value_is_too_long"}
