"""How a type crosses as protobuf: the message of a struct, and the kind of each of its fields."""

from collections.abc import Iterator
from typing import Any

from google.protobuf.descriptor_pb2 import FieldDescriptorProto
from msgspec import Struct, field
from msgspec import inspect as mi

F = FieldDescriptorProto

SCALARS: dict[type[mi.Type], int] = {
    mi.StrType: F.TYPE_STRING,
    mi.IntType: F.TYPE_INT64,
    mi.FloatType: F.TYPE_DOUBLE,
    mi.BoolType: F.TYPE_BOOL,
    mi.BytesType: F.TYPE_BYTES,
}
"""What protobuf carries as it is."""

TEXTS: dict[type[mi.Type], str] = {
    mi.DecimalType: "decimal",
    mi.UUIDType: "uuid",
    mi.DateType: "date",
    mi.TimeType: "time",
    mi.RawType: "raw",
}
"""What crosses as text."""

KNOWN = {
    "datetime": ("google.protobuf.Timestamp", "google/protobuf/timestamp.proto"),
    "millis": ("google.protobuf.Timestamp", "google/protobuf/timestamp.proto"),
    "object": ("google.protobuf.Struct", "google/protobuf/struct.proto"),
    "value": ("google.protobuf.Value", "google/protobuf/struct.proto"),
    "mask": ("google.protobuf.FieldMask", "google/protobuf/field_mask.proto"),
}
"""What crosses as a message of Google's, and the file it is in."""

PRESENT = frozenset({"message", "list", "map", *KNOWN})
"""The kinds whose absence shows without a word in the .proto file."""


class Kind(Struct, frozen=True, kw_only=True):
    """How one value crosses."""

    how: str
    """`scalar`, `enum`, `message`, `list`, `map`, `holder`, or a name of TEXTS or KNOWN."""
    type: int = F.TYPE_MESSAGE
    type_name: str = ""
    of: Any = None
    """The Kind of an item, the Shape of a message, the members of an enum."""
    make: Any = list
    """What makes a list of its items."""


class Slot(Struct, kw_only=True):
    """One field of a message, and the attribute it stands for."""

    name: str
    attribute: str
    kind: Kind
    optional: bool = False
    nullable: bool = False
    mandatory: bool = False
    """Whether a request without it is refused."""
    required: bool = False
    """Whether the attribute has no default."""
    unset: bool = False
    """Whether the attribute may be UNSET: an update leaves it as it is."""


class Shape(Struct, kw_only=True, eq=False):
    """One message: of a struct, of a union of structs, or of a list that a map holds."""

    name: str
    cls: Any = None
    slots: list[Slot] = field(default_factory=list)
    tag_field: str = ""
    variants: dict[str, "tuple[Any, Shape]"] = field(default_factory=dict)
    """Of a union: by tag, the struct and what it adds to the common fields."""
    masked: bool = False
    """Whether a request says by an update mask what is to be changed."""


def structs(infos: list[mi.Type]) -> Iterator[Any]:
    """Yield every struct that can be reached from some types."""
    seen: set[type] = set()
    waiting: list[Any] = list(infos)
    while waiting:
        info = waiting.pop()
        if isinstance(info, mi.StructType):
            if info.cls in seen:
                continue
            seen.add(info.cls)
            yield info.cls
            waiting.extend(each.type for each in info.fields)
        elif isinstance(info, mi.UnionType):
            waiting.extend(info.types)
        else:
            waiting.extend(
                getattr(info, name)
                for name in ("type", "item_type", "value_type")
                if hasattr(info, name)
            )
