"""Reading JSON field by field: each wrong one is noted, by its path, and stops no other."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Raw
from msgspec import inspect as mi

from api.casts import CASTS, INVALID, MANDATORY, Numeral, Wrong, bounds
from metering.measures.refusals import Invalid

NOTHING: Any = object()
"""No value: null, an empty text where text is not meant, or something that was noted as wrong."""

WRONG_KIND = "invalid_type"
"""What refuses a field of a struct with `codes` that has none of its own."""

Codes = dict[str, object]
"""What is wrong, by path."""

Read = Callable[[Raw, str, Codes], Any]
"""Reads what stands at a path, and notes there what is wrong with it."""

loose = msgspec.json.Decoder(float_hook=Numeral).decode
"""JSON as it is, its numbers as they were written."""

members = msgspec.json.Decoder(dict[str, Raw]).decode
"""The members of an object, each still as it was sent."""

items = msgspec.json.Decoder(list[Raw]).decode
"""The items of an array, each still as it was sent."""

LISTS: dict[type, Callable[[Any], Any]] = {
    mi.ListType: list, mi.VarTupleType: tuple, mi.SetType: set, mi.FrozenSetType: frozenset,
}  # fmt: skip
"""The types that are arrays in JSON, and what makes one of its items."""


class Unknown:
    """Stands for a field that could not be read, and agrees with everything.

    A request's own checks run in spite of it, so that what is wrong with the other fields is said
    at the same time.
    """

    def _agree(self, *_: Any, **__: Any) -> "Unknown":
        return self

    def _true(self, *_: Any) -> bool:
        return True

    def __iter__(self) -> Any:
        return iter(())

    __getattr__ = __getitem__ = __call__ = _agree
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __neg__ = _agree
    __bool__ = __contains__ = __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = _true
    __hash__ = object.__hash__


def note(wrong: Codes, at: str, code: object) -> Any:
    """Note what is wrong at a path, once."""
    codes = wrong.setdefault(at, [])
    if not isinstance(code, str):
        wrong[at] = code
    elif isinstance(codes, list) and code not in codes:
        codes.append(code)
    return NOTHING


def join(at: str, name: str) -> str:
    """Return the path of a member."""
    return f"{at}.{name}" if at else name


def alternatives(info: mi.Type) -> list[mi.Type]:
    """Return what a type may be beside null."""
    if isinstance(info, mi.Metadata):
        return alternatives(info.type)
    if isinstance(info, mi.UnionType):
        return [kind for each in info.types for kind in alternatives(each)]
    return [] if isinstance(info, mi.NoneType) else [info]


def takes_null(info: mi.Type) -> bool:
    """Whether null is a value of a type."""
    if isinstance(info, mi.Metadata):
        return takes_null(info.type)
    if isinstance(info, mi.UnionType):
        return any(map(takes_null, info.types))
    return isinstance(info, mi.NoneType) or is_any(info)


def is_any(info: mi.Type) -> bool:
    """Whether a type is `Any`, or `object`, which says the same."""
    return isinstance(info, mi.AnyType) or (isinstance(info, mi.CustomType) and info.cls is object)


def is_null(sent: Raw) -> bool:
    """Whether what was sent is null."""
    return bytes(sent).strip() == b"null"


def raw_text(raw: Raw) -> str:
    """Return a JSON text without its quotes, and any other JSON as it was written."""
    said = bytes(raw).strip()
    return msgspec.json.decode(said, type=str) if said.startswith(b'"') else said.decode()


class Fields:
    """The fields of a struct, and the reader of each.

    A struct whose class has `codes` answers with them for all that is within it, under its own
    name: a price of the wrong kind is `properties: invalid_amount`, however deep it lies.
    """

    def __init__(self, info: mi.StructType) -> None:
        self.cls = info.cls
        self.codes: Mapping[str, str] | None = getattr(info.cls, "codes", None)
        self.readers: list[tuple[mi.Field, Read]] = []

    def __call__(self, sent: Raw, at: str, wrong: Codes) -> Any:
        """Read a struct."""
        if self.codes is None:
            return self._read(sent, at, wrong)
        inside: Codes = {}
        value = self._read(sent, "", inside)
        for place in inside:
            note(wrong, at.rpartition(".")[2] or "base", _innermost(self.codes, place))
        return value

    def _read(self, sent: Raw, at: str, wrong: Codes) -> Any:
        try:
            found = members(sent)
        except (ValueError, RecursionError):
            return note(wrong, at or "base", INVALID)
        values: dict[str, Any] = {}
        failed: set[str] = set()
        for field, read in self.readers:
            before = len(wrong)
            value = member(field, read, found.get(field.encode_name), at, wrong)
            if value is not NOTHING:
                values[field.name] = value
            elif len(wrong) > before:
                failed.add(field.name)
        return make(self.cls, values, failed, at, wrong)


def _innermost(codes: Mapping[str, str], place: str) -> str:
    """Return the code of the innermost field on a path that has one."""
    return next((codes[name] for name in reversed(place.split(".")) if name in codes), WRONG_KIND)


def member(field: mi.Field, read: Read, sent: Raw | None, at: str, wrong: Codes) -> Any:
    """Read one field of a struct, which may be absent or null: then its default holds."""
    place = join(at, field.encode_name)
    if sent is not None and not is_null(sent):
        before = len(wrong)
        value = read(sent, place, wrong)
        if value is not NOTHING or len(wrong) > before:
            return value
    if sent is not None and takes_null(field.type):
        return None
    return note(wrong, place, MANDATORY) if field.required else NOTHING


def make(cls: type[Any], values: dict[str, Any], failed: set[str], at: str, wrong: Codes) -> Any:
    """Make a struct of what could be read, so that its own checks are heard too."""
    unknown = dict.fromkeys(failed, Unknown())
    try:
        made = cls(**values, **unknown)
    except Invalid as refused:
        for name, codes in (refused.details or {}).items():
            if name.partition(".")[0] not in failed:
                for code in codes if isinstance(codes, list) else [codes]:
                    note(wrong, join(at, name), code)
        return NOTHING
    except ValueError:
        return NOTHING if failed else note(wrong, at or "base", INVALID)
    except Exception:
        if failed:
            return NOTHING
        raise
    return NOTHING if failed else made


def reader(info: mi.Type, seen: dict[type, Fields] | None = None) -> Read:
    """Return the reader of a type."""
    seen = {} if seen is None else seen
    kinds = alternatives(info)
    if len(kinds) > 1:
        tagged = all(isinstance(kind, mi.StructType) for kind in kinds)
        return _tagged(kinds, seen) if tagged else _union(kinds, seen)
    (kind,) = kinds
    match kind:
        case mi.StructType():
            return _struct(kind, seen)
        case mi.DictType():
            return _dict(kind, seen)
        case _ if is_any(kind):
            return _any
        case mi.RawType():
            return _raw
        case mi.EnumType(cls=cls):
            return _one_of({one.value: one for one in cls})
        case mi.LiteralType(values=values):
            return _one_of({value: value for value in values})
    if type(kind) in LISTS:
        return _list(kind, seen)
    if (cast := CASTS.get(type(kind))) is None:
        raise TypeError(f"a request cannot hold {kind}")
    return _scalar(kind, cast)


def _struct(info: mi.StructType, seen: dict[type, Fields]) -> Fields:
    if info.cls not in seen:
        fields = seen[info.cls] = Fields(info)
        fields.readers.extend((field, reader(field.type, seen)) for field in info.fields)
    return seen[info.cls]


def _any(sent: Raw, at: str, wrong: Codes) -> Any:
    try:
        value = msgspec.json.decode(sent)
        return note(wrong, at, INVALID) if _holds_nul(sent, value) else value
    except (ValueError, RecursionError):
        return note(wrong, at, INVALID)


def _raw(sent: Raw, at: str, wrong: Codes) -> Any:
    return NOTHING if _any(sent, at, wrong) is NOTHING else sent


def _holds_nul(sent: Raw, value: Any) -> bool:
    """Whether a text within a value has a NUL character, which no engine keeps."""
    return b"\\u0000" in bytes(sent) and "\0" in "".join(_texts(value))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inside in value.items():
            yield name
            yield from _texts(inside)
    elif isinstance(value, list):
        for inside in value:
            yield from _texts(inside)


def _scalar(info: mi.Type, cast: Callable[[Any], Any]) -> Read:
    pattern = getattr(info, "pattern", None)

    def read(sent: Raw, at: str, wrong: Codes) -> Any:
        try:
            value = cast(loose(sent))
        except Wrong as error:
            return note(wrong, at, error.args[0])
        except (ValueError, RecursionError):
            return note(wrong, at, INVALID)
        if value is None:
            return NOTHING
        if code := bounds(info, value):
            return note(wrong, at, code)
        if pattern and not re.search(pattern, value):
            return note(wrong, at, INVALID)
        return value

    return read


def _one_of(values: Mapping[Any, Any]) -> Read:
    def read(sent: Raw, at: str, wrong: Codes) -> Any:
        said = loose(sent)
        if said == "":
            return NOTHING
        if isinstance(said, (list, dict)) or said not in values:
            return note(wrong, at, INVALID)
        return values[said]

    return read


def _list(info: Any, seen: dict[type, Fields]) -> Read:
    read_item, make_list = reader(info.item_type, seen), LISTS[type(info)]

    def read(sent: Raw, at: str, wrong: Codes) -> Any:
        try:
            found = items(sent)
        except (ValueError, RecursionError):
            return note(wrong, at, INVALID)
        before = len(wrong)
        values = [
            _within(info.item_type, read_item, each, join(at, str(position)), wrong)
            for position, each in enumerate(found)
        ]
        if len(wrong) > before:
            return NOTHING
        code = bounds(info, values)
        return note(wrong, at, code) if code else make_list(values)

    return read


def _dict(info: mi.DictType, seen: dict[type, Fields]) -> Read:
    read_value = reader(info.value_type, seen)

    def read(sent: Raw, at: str, wrong: Codes) -> Any:
        try:
            found = members(sent)
        except (ValueError, RecursionError):
            return note(wrong, at, INVALID)
        before = len(wrong)
        values = {
            key: _within(info.value_type, read_value, each, join(at, key), wrong)
            for key, each in found.items()
        }
        if any("\0" in key for key in values):
            return note(wrong, at, INVALID)
        return values if len(wrong) == before else NOTHING

    return read


def _within(info: mi.Type, read: Read, sent: Raw, at: str, wrong: Codes) -> Any:
    """Read an item of an array or a value of an object, where nothing can be left out."""
    before = len(wrong)
    value = NOTHING if is_null(sent) and not isinstance(info, mi.RawType) else read(sent, at, wrong)
    if value is NOTHING and len(wrong) == before:
        return None if takes_null(info) else note(wrong, at, MANDATORY)
    return value


def _tagged(kinds: list[Any], seen: dict[type, Fields]) -> Read:
    readers = {kind.tag: _struct(kind, seen) for kind in kinds}
    tag_field = kinds[0].tag_field

    def read(sent: Raw, at: str, wrong: Codes) -> Any:
        try:
            found = members(sent)
        except (ValueError, RecursionError):
            return note(wrong, at or "base", INVALID)
        tag = loose(found[tag_field]) if tag_field in found else None
        if tag in (None, ""):
            return note(wrong, join(at, tag_field), MANDATORY)
        if isinstance(tag, (list, dict)) or tag not in readers:
            return note(wrong, join(at, tag_field), INVALID)
        return readers[tag](sent, at, wrong)

    return read


def _union(kinds: list[mi.Type], seen: dict[type, Fields]) -> Read:
    """Try the types that JSON's own form suggests, then the others."""
    readers = [(type(kind), reader(kind, seen)) for kind in kinds]

    def read(sent: Raw, at: str, wrong: Codes) -> Any:
        first = FORMS.get(bytes(sent).lstrip()[:1], NUMBERS)
        for _, each in sorted(readers, key=lambda pair: pair[0] not in first):
            tried: Codes = {}
            value = each(sent, at, tried)
            if not tried and value is not NOTHING:
                return value
        return note(wrong, at, INVALID)

    return read


NUMBERS = frozenset({mi.IntType, mi.DecimalType, mi.FloatType})
FORMS: Mapping[bytes, frozenset[type]] = {
    b'"': frozenset({mi.StrType, mi.EnumType, mi.LiteralType, mi.DateTimeType, mi.DateType}),
    b"{": frozenset({mi.StructType, mi.DictType}),
    b"[": frozenset(LISTS),
    b"t": frozenset({mi.BoolType}),
    b"f": frozenset({mi.BoolType}),
}
"""The types that JSON beginning with a byte suggests; else a number."""
