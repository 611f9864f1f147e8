"""Protobuf messages into structs where they are plainly right, and into JSON's terms where not."""

from collections.abc import Callable
from enum import Enum
from typing import Any

from google.protobuf.descriptor_pool import DescriptorPool

from api.casts import INVALID
from api.proto.encoding import numbered
from api.proto.shapes import F, Kind, Shape, Slot
from api.proto.values import TAKES, take_datetime, take_object, take_value
from metering.measures.forms import Number, shown
from metering.measures.refusals import Invalid

Build = Callable[[Any], Any]
"""Makes a value of what a message holds."""

Take = Callable[[Any, dict[str, Any]], None]
"""Collects the attributes of a struct from a message."""


class Builders:
    """The functions that make structs. Only the fields that are set are visited."""

    def __init__(self, pool: DescriptorPool) -> None:
        self.pool = pool
        self._builds: dict[str, Build] = {}

    def build(self, shape: Shape) -> Build:
        """Return the function that makes the struct of a message, or raises whatever it likes."""
        if shape.name not in self._builds:
            self._builds[shape.name] = lambda m: self._builds[shape.name](m)
            self._builds[shape.name] = self._union(shape) if shape.variants else self._one(shape)
        return self._builds[shape.name]

    def _one(self, shape: Shape) -> Build:
        take, cls = self._take(shape), shape.cls

        def build(m: Any) -> Any:
            attributes: dict[str, Any] = {}
            take(m, attributes)
            return cls(**attributes)

        return build

    def _union(self, shape: Shape) -> Build:
        take = self._take(shape)
        variants = {tag: (cls, self._take(own)) for tag, (cls, own) in shape.variants.items()}

        def build(m: Any) -> Any:
            attributes: dict[str, Any] = {}
            take(m, attributes)
            tag = m.WhichOneof(shape.tag_field)
            cls, own = variants[tag]
            own(getattr(m, tag), attributes)
            return cls(**attributes)

        return build

    def _take(self, shape: Shape) -> Take:
        fields = self.pool.FindMessageTypeByName(shape.name).fields_by_name
        slots = [slot for slot in shape.slots if slot.kind.how != "mask"]
        known = {fields[slot.name]: (slot.attribute, self._taker(slot.kind)) for slot in slots}
        nulls = {slot.attribute: None for slot in slots if slot.required and slot.nullable}
        makes = [
            (slot.attribute, dict if slot.kind.how == "map" else slot.kind.make)
            for slot in slots
            if slot.required and not slot.nullable and slot.kind.how in ("list", "map")
        ]

        def take(m: Any, attributes: dict[str, Any]) -> None:
            attributes.update(nulls)
            for field, value in m.ListFields():
                if field in known:
                    attribute, convert = known[field]
                    attributes[attribute] = convert(value) if convert else value
            for attribute, make in makes:
                if attribute not in attributes:
                    attributes[attribute] = make()

        return take

    def _taker(self, kind: Kind) -> Build | None:
        match kind.how:
            case "scalar":
                return TAKES["float"] if kind.type == F.TYPE_DOUBLE else None
            case "message":
                return self.build(kind.of)
            case "list":
                return _each(self._taker(kind.of), kind.make)
            case "map":
                item = self._taker(kind.of) or _same
                return lambda value: {key: item(one) for key, one in value.items()}
            case "holder":
                each = _each(self._taker(kind.of.of), kind.of.make)
                return lambda value: each(value.values)
            case "enum":
                members = {number: member for member, number in numbered(self.pool, kind)}
                return members.__getitem__
        return TAKES[kind.how]


def _same(value: Any) -> Any:
    return value


def _each(item: Build | None, make: Any) -> Build:
    if item is None:
        return make
    return lambda value: make(item(one) for one in value)


# -- JSON's terms


class Plain:
    """Messages as the JSON that REST would have been sent, for the reader that both doors share."""

    def __init__(self, pool: DescriptorPool) -> None:
        self.pool = pool
        self._members: dict[str, dict[int, Any]] = {}

    def request(self, message: Any, shape: Shape) -> dict[str, Any]:
        """Return a request, with what its update mask clears as null, and without what it leaves.

        Raises: Invalid `update_mask`.
        """
        said = self.message(message, shape)
        if shape.masked and message.HasField("update_mask"):
            apply_mask(said, shape, list(message.update_mask.paths))
        return said

    def message(self, message: Any, shape: Shape) -> dict[str, Any]:
        """Return what a message says, by the names JSON has."""
        said: dict[str, Any] = {}
        if shape.variants and (tag := message.WhichOneof(shape.tag_field)):
            _, own = shape.variants[tag]
            said = {shape.tag_field: tag, **self.message(getattr(message, tag), own)}
        present = {field.name: value for field, value in message.ListFields()}
        for slot in shape.slots:
            if slot.kind.how == "mask":
                continue
            if slot.name in present:
                value = self._value(slot.kind, present[slot.name])
            else:
                value = _absent(slot, message)
            if value is not _ABSENT:
                said[slot.name] = value
        return said

    def _value(self, kind: Kind, value: Any) -> Any:
        match kind.how:
            case "message":
                return self.message(value, kind.of)
            case "list":
                return [self._value(kind.of, one) for one in value]
            case "map":
                return {key: self._value(kind.of, one) for key, one in value.items()}
            case "holder":
                return self._value(kind.of, value.values)
            case "enum":
                return self._member(kind, value)
            case "datetime":
                return _instant(value)
            case "millis":
                return shown(TAKES["millis"](value))
            case "number":
                return Number(value)
            case "object":
                return take_object(value)
            case "value":
                return take_value(value)
        return str(value) if isinstance(value, float) else value

    def _member(self, kind: Kind, number: int) -> Any:
        if kind.type_name not in self._members:
            self._members[kind.type_name] = {
                number: member.value if isinstance(member, Enum) else member
                for member, number in numbered(self.pool, kind)
            }
        return self._members[kind.type_name].get(number, f"#{number}" if number else None)


_ABSENT: Any = object()


def _absent(slot: Slot, message: Any) -> Any:
    """What a field that is not set says: a list is empty, a bare scalar is zero."""
    if not slot.required:
        return _ABSENT
    if slot.nullable:
        return None
    if slot.kind.how in ("list", "map"):
        return {} if slot.kind.how == "map" else []
    if slot.kind.how == "scalar" and not slot.optional:
        return getattr(message, slot.name)
    return _ABSENT


def _instant(message: Any) -> str:
    try:
        return take_datetime(message).isoformat()
    except OverflowError:
        return f"{message.seconds} s"


def apply_mask(said: dict[str, Any], shape: Shape, paths: list[str]) -> None:
    """Make null what a mask names and the message has not, and drop what it does not name.

    Paths begin at the request or, where it has one root only, inside that.
    Raises: Invalid `update_mask`. Source: google.aip.dev/134.
    """
    roots = {slot.name: slot for slot in shape.slots if slot.kind.how != "mask"}
    inner = [slot for slot in roots.values() if slot.kind.how == "message"]
    if len(inner) == 1:
        (root,) = inner
        paths = [
            path if path.partition(".")[0] in roots else f"{root.name}.{path}" for path in paths
        ]
    _mask(said, shape, set(paths))


def _mask(said: dict[str, Any], shape: Shape, paths: set[str]) -> None:
    slots = {slot.name: slot for slot in shape.slots}
    heads = {path.partition(".")[0] for path in paths}
    if not heads <= set(slots):
        raise Invalid(update_mask=INVALID)
    for name, slot in slots.items():
        within = {path.partition(".")[2] for path in paths if path.startswith(f"{name}.")}
        if name in paths:
            if slot.unset:
                said.setdefault(name, None)
        elif within and slot.kind.how == "message":
            _mask(said.setdefault(name, {}), slot.kind.of, within)
        elif within:
            raise Invalid(update_mask=INVALID)
        elif slot.unset:
            said.pop(name, None)
