"""Examples for the documents: a value of each type that a reader will recognise."""

from typing import Any

from msgspec import Struct
from msgspec import inspect as mi

from api.fields import LISTS, alternatives, is_any
from metering.measures.forms import Millis, Number

ENDINGS: dict[str, Any] = {
    "_cents": 4900,
    "currency": "EUR",
    "country": "DE",
    "email": "billing@example.com",
    "url": "https://example.com/hook",
    "timezone": "Europe/Berlin",
    "locale": "en",
    "external_id": "c-1042",
    "external_customer_id": "c-1042",
    "external_subscription_id": "s-1042",
    "transaction_id": "01a0-1",
    "_id": "01a202fb-f99f-7973-ab1a-59b254c985d4",
    "id": "01a202fb-f99f-7973-ab1a-59b254c985d4",
    "code": "standard",
    "name": "Standard",
}
"""What a text or number is like, by how its name ends; the first that fits."""

PLAIN: dict[type[mi.Type], Any] = {
    mi.StrType: "text",
    mi.BoolType: True,
    mi.IntType: 1,
    mi.FloatType: 1.5,
    mi.DecimalType: "10.0",
    mi.DateTimeType: "2026-01-15T10:00:00Z",
    mi.DateType: "2026-01-15",
    mi.TimeType: "10:00:00",
    mi.BytesType: "aGVsbG8=",
    mi.UUIDType: "01a202fb-f99f-7973-ab1a-59b254c985d4",
    mi.RawType: "text",
}

OWN: dict[type, Any] = {Number: 10.0, Millis: "2026-01-15T10:00:00.000Z"}


def example(kind: type[Struct], *, besides: tuple[str, ...] = (), mandatory: bool = False) -> Any:
    """Return the JSON of a struct: all fields, or at the top and below only the mandatory ones."""
    return _Example(mandatory).struct(mi.type_info(kind), (), besides)


class _Example:
    def __init__(self, mandatory: bool) -> None:
        self.mandatory = mandatory

    def struct(self, info: Any, within: tuple[type, ...], besides: tuple[str, ...] = ()) -> Any:
        fields = [field for field in info.fields if field.name not in besides]
        if self.mandatory:
            needed = [field for field in fields if field.required]
            fields = needed or (fields[:1] if within else [])  # an update says one thing at least
        said = {}
        if info.tag_field:
            said[info.tag_field] = info.tag
        for field in fields:
            said[field.encode_name] = self.value(field.type, field.encode_name, (*within, info.cls))
        return said

    def value(self, info: mi.Type, name: str, within: tuple[type, ...]) -> Any:
        kinds = alternatives(info)
        if not kinds:
            return None
        kind: Any = kinds[0]
        match kind:
            case mi.StructType():
                return {} if kind.cls in within else self.struct(kind, within)
            case mi.EnumType(cls=cls):
                return next(iter(cls)).value
            case mi.LiteralType(values=values):
                return values[0]
            case mi.DictType(value_type=value):
                return {} if is_any(value) else {"key": self.value(value, "value", within)}
        if is_any(kind):
            return "text"
        if type(kind) in LISTS:
            item = self.value(kind.item_type, name.removesuffix("s"), within)
            return [] if item == {} else [item]
        return _like(name, kind)


def _like(name: str, kind: mi.Type) -> Any:
    if isinstance(kind, (mi.StrType, mi.IntType)):
        for ending, value in ENDINGS.items():
            if name.endswith(ending) and isinstance(value, KINDS[type(kind)]):
                return value
    return OWN[kind.cls] if isinstance(kind, mi.CustomType) else PLAIN[type(kind)]


KINDS: dict[type[mi.Type], type] = {mi.StrType: str, mi.IntType: int}
