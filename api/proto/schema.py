"""The types of an Api as protobuf: which message each struct is, and the files they stand in."""

from collections.abc import Sequence
from typing import Any

from google.api import annotations_pb2, field_behavior_pb2, http_pb2
from google.protobuf.descriptor_pb2 import DescriptorProto, FileDescriptorProto, MethodOptions
from msgspec import NODEFAULT, Struct
from msgspec import inspect as mi

from api.binding import common_base
from api.docs import class_doc, field_docs
from api.fields import LISTS, is_any, takes_null
from api.proto.files import PACKAGE, Files
from api.proto.numbers import Numbers
from api.proto.shapes import KNOWN, PRESENT, SCALARS, TEXTS, F, Kind, Shape, Slot, structs
from api.rpc import Api, Operation, Route
from api.words import noun, pascal, snake
from metering.measures import forms

MASK = (
    "What to change: a field named here and absent from the message is cleared, one not named "
    "stays.\nWithout a mask, what is present is changed."
)


class _Place(Struct, frozen=True):
    """Where a field is declared."""

    file: FileDescriptorProto
    message: DescriptorProto
    shape: Shape


class Schema:
    """The messages, enums, services and files of an Api."""

    def __init__(self, api: Api, numbers: Numbers) -> None:
        self.made = Files(numbers)
        self.files, self.comments = self.made.files, self.made.comments
        self.shapes: dict[Any, Shape] = {}
        self._enums: dict[Any, str] = {}
        requests, responses = [op.request for op in api], [op.response for op in api]
        self._requests = frozenset(requests)
        self._tops: dict[type, str] = {
            top: op.module for op in api for top in (op.request, op.response)
        }
        infos: list[Any] = list(mi.multi_type_info([*requests, *responses]))
        self._infos = dict(zip([*requests, *responses], infos, strict=True))
        self._asked = set(structs(infos[: len(requests)]))
        for op in api:
            self._operation(op)
        for owner, service in api.services.items():
            self.comments[f"{PACKAGE}.{owner}"] = class_doc(service)
        for file in self.files.values():
            file.dependency.sort()

    # -- operations

    def _operation(self, op: Operation) -> None:
        file = self.made.file(f"{op.module.rpartition('.')[2]}_service")
        service = next((one for one in file.service if one.name == op.service), None)
        if service is None:
            service = file.service.add(name=op.service)
        asked, answered = (self._shape(self._infos[top]) for top in (op.request, op.response))
        method = service.method.add(
            name=op.name, input_type=f".{asked.name}", output_type=f".{answered.name}",
            client_streaming=op.streams_in or None, server_streaming=op.streams_out or None,
        )  # fmt: skip
        shared = f"\n\nIn REST it is {op.same_as}." if op.same_as and not op.routes else ""
        self.comments[f"{PACKAGE}.{op.key}"] = op.doc + shared
        if op.deprecated:
            method.options.deprecated = True
        if op.reads:
            method.options.idempotency_level = MethodOptions.NO_SIDE_EFFECTS
        if op.routes:
            self.made.depend(file, "google/api/annotations.proto")
            rule, *more = (_rule(op, route) for route in op.routes)
            rule.additional_bindings.extend(more)
            method.options.Extensions[annotations_pb2.http].CopyFrom(rule)

    # -- messages

    def _shape(self, info: Any) -> Shape:
        cls = info.cls
        if cls in self.shapes:
            return self.shapes[cls]
        at = self._declare(cls, noun(cls), self._home(cls))
        self._fields(at, cls, info.fields)
        if cls in self._requests and any(_updates(slot, set()) for slot in at.shape.slots):
            at.shape.masked = True
            slot = Slot(name="update_mask", attribute="", kind=self._known(at, "mask"))
            self._slot(at, slot, MASK)
        self.made.finish(at.message, at.shape.name)
        return at.shape

    def _fields(self, at: _Place, cls: type[Any], fields: Sequence[mi.Field]) -> None:
        docs = field_docs(cls)
        for field in fields:
            kind = self._kind(at, field.type, field.encode_name)
            slot = _slot_of(field, kind, asked=at.shape.cls in self._asked)
            self._slot(at, slot, docs.get(field.name, ""))

    def _union(self, variants: tuple[Any, ...]) -> Shape:
        """A tagged union is the message of the class its members extend.

        It has their common fields, and a oneof of what each adds to them.
        """
        base: Any = common_base([variant.cls for variant in variants])
        if base in self.shapes:
            return self.shapes[base]
        if base is Struct:
            names = ", ".join(variant.cls.__name__ for variant in variants)
            raise TypeError(f"{names} need a common base class, which will be their message")
        if any(variant.cls in self._asked for variant in variants):
            self._asked.add(base)
        at = self._declare(base, base.__name__, self._home(base))
        at.shape.tag_field = variants[0].tag_field
        common = set(base.__struct_fields__)
        self._fields(at, base, [field for field in variants[0].fields if field.name in common])
        at.message.oneof_decl.add(name=at.shape.tag_field)
        for variant in variants:
            own = self._declare(variant.cls, variant.cls.__name__, self._home(variant.cls))
            added = [field for field in variant.fields if field.name not in common]
            self._fields(own, variant.cls, added)
            self.made.finish(own.message, own.shape.name)
            self.made.depend(at.file, own.file.name)
            kind = Kind(how="message", type_name=own.shape.name, of=own.shape)
            tag = str(variant.tag)
            self._slot(at, Slot(name=tag, attribute="", kind=kind), "", oneof=0)
            at.shape.slots.pop()
            at.shape.variants[tag] = (variant.cls, own.shape)
        self.made.finish(at.message, at.shape.name)
        return at.shape

    def _declare(self, cls: type[Any] | None, name: str, stem: str) -> _Place:
        file = self.made.file(stem)
        full = self.made.claim(name, cls, file)
        shape = self.shapes[cls or full] = Shape(name=full, cls=cls)
        return _Place(file, file.message_type.add(name=name), shape)

    def _slot(self, at: _Place, slot: Slot, doc: str, oneof: int | None = None) -> None:
        kind, label = slot.kind, F.LABEL_OPTIONAL
        if kind.how == "list":
            kind, label = kind.of, F.LABEL_REPEATED
        elif kind.how == "map":
            label = F.LABEL_REPEATED
        field = at.message.field.add(
            name=slot.name, type=kind.type, label=label, json_name=_json_name(slot.name)
        )
        if kind.type_name:
            field.type_name = f".{kind.type_name}"
        if oneof is not None:
            field.oneof_index = oneof
        elif slot.optional:
            field.proto3_optional = True
        if slot.mandatory:
            self.made.depend(at.file, "google/api/field_behavior.proto")
            field.options.Extensions[field_behavior_pb2.field_behavior].append(
                field_behavior_pb2.REQUIRED
            )
        signature = _signature(field, slot.kind)
        field.number = self.made.numbers.field(at.shape.name, slot.name, signature)
        self.comments[f"{at.shape.name}.{slot.name}"] = doc
        at.shape.slots.append(slot)

    # -- kinds

    def _kind(self, at: _Place, info: Any, name: str) -> Kind:
        if isinstance(info, mi.Metadata):
            return self._kind(at, info.type, name)
        if isinstance(info, mi.UnionType):
            return self._choice(at, info, name)
        if (scalar := SCALARS.get(type(info))) is not None:
            return Kind(how="scalar", type=scalar)
        if (text := TEXTS.get(type(info))) is not None:
            return Kind(how=text, type=F.TYPE_STRING)
        if (make := LISTS.get(type(info))) is not None:
            return Kind(how="list", of=self._kind(at, info.item_type, name), make=make)
        match info:
            case mi.DateTimeType():
                return self._known(at, "datetime")
            case mi.CustomType(cls=forms.Millis):
                return self._known(at, "millis")
            case mi.CustomType(cls=forms.Number):
                return Kind(how="number", type=F.TYPE_STRING)
            case _ if is_any(info):
                return self._known(at, "value")
            case mi.StructType():
                return self._message(at, self._shape(info))
            case mi.EnumType(cls=cls):
                return self._refer(at, Kind(
                    how="enum", type=F.TYPE_ENUM, type_name=self._enum(cls), of=tuple(cls)
                ))  # fmt: skip
            case mi.LiteralType(values=values):
                named = self._literal(at, name, values)
                return Kind(how="enum", type=F.TYPE_ENUM, type_name=named, of=tuple(values))
            case mi.DictType(key_type=mi.StrType(), value_type=value) if is_any(value):
                return self._known(at, "object")
            case mi.DictType(key_type=mi.StrType(), value_type=value):
                return self._map(at, self._kind(at, value, name), name)
        raise TypeError(f"{at.shape.name}.{name}: protobuf has no form for {info}")

    def _choice(self, at: _Place, info: mi.UnionType, name: str) -> Kind:
        members = [kind for kind in info.types if not isinstance(kind, mi.NoneType)]
        if len(members) == 1:
            return self._kind(at, members[0], name)
        if all(isinstance(kind, mi.StructType) for kind in members):
            return self._message(at, self._union(tuple(members)))
        plain = (mi.StrType, mi.IntType, mi.FloatType, mi.BoolType, mi.ListType, mi.DictType)
        if all(isinstance(kind, plain) for kind in members):
            return self._known(at, "value")
        raise TypeError(f"{at.shape.name}.{name}: protobuf has no form for {info}")

    def _message(self, at: _Place, shape: Shape) -> Kind:
        return self._refer(at, Kind(how="message", type_name=shape.name, of=shape))

    def _map(self, at: _Place, value: Kind, name: str) -> Kind:
        if value.how == "list":  # protobuf has no map of lists
            value = self._message(at, self._holder(value))
            value = Kind(how="holder", type_name=value.type_name, of=value.of.slots[0].kind)
        entry = at.message.nested_type.add(name=f"{pascal(name)}Entry")
        entry.options.map_entry = True
        entry.field.add(
            name="key", number=1, type=F.TYPE_STRING, label=F.LABEL_OPTIONAL, json_name="key"
        )
        held = entry.field.add(
            name="value", number=2, type=value.type, label=F.LABEL_OPTIONAL, json_name="value"
        )
        if value.type_name:
            held.type_name = f".{value.type_name}"
        return Kind(how="map", type_name=f"{at.shape.name}.{entry.name}", of=value)

    def _holder(self, values: Kind) -> Shape:
        held = values.of
        label = held.type_name.rpartition(".")[2] or F.Type.Name(held.type)[5:].lower()
        full = f"{PACKAGE}.{pascal(snake(label))}List"
        if full not in self.shapes:
            at = self._declare(None, full.rpartition(".")[2], "common")
            self._refer(at, held)
            self._slot(at, Slot(name="values", attribute="values", kind=values), "")
            self.made.finish(at.message, at.shape.name)
        return self.shapes[full]

    def _enum(self, cls: Any) -> str:
        if cls not in self._enums:
            self._enums[cls] = self.made.enum(cls, self._home(cls))
        return self._enums[cls]

    def _literal(self, at: _Place, name: str, values: Sequence[object]) -> str:
        enum = at.message.enum_type.add(name=pascal(name))
        full = f"{at.shape.name}.{enum.name}"
        self.made.values(enum, full, values)
        return full

    # -- files

    def _home(self, cls: type[Any]) -> str:
        """The stem of the file a type stands in: its room's, or its service's own."""
        parts = self._tops.get(cls, cls.__module__).split(".")
        if cls in self._tops or "services" in parts:
            return f"{parts[-1]}_service"
        if parts[0] in ("metering", "billing", "analytics"):
            return "common" if parts[1] == "measures" else parts[1]
        return "ingest" if parts[0] == "ingest" else parts[-1]

    def _known(self, at: _Place, how: str) -> Kind:
        type_name, file = KNOWN[how]
        self.made.depend(at.file, file)
        return Kind(how=how, type_name=type_name)

    def _refer(self, at: _Place, kind: Kind) -> Kind:
        self.made.refer(at.file, kind.type_name)
        return kind


def _slot_of(field: mi.Field, kind: Kind, *, asked: bool) -> Slot:
    nullable = takes_null(field.type)
    no_default = field.default is NODEFAULT and field.default_factory is NODEFAULT
    return Slot(
        name=field.encode_name,
        attribute=field.name,
        kind=kind,
        optional=kind.how not in PRESENT and (nullable or not field.required or asked),
        nullable=nullable,
        mandatory=asked and field.required and not nullable,
        required=field.required,
        unset=no_default and not field.required,
    )


def _updates(slot: Slot, seen: set[str]) -> bool:
    """Whether a field of a request can be left as it is."""
    if slot.unset:
        return True
    if slot.kind.how != "message" or slot.kind.type_name in seen:
        return False
    seen.add(slot.kind.type_name)
    return any(_updates(inner, seen) for inner in slot.kind.of.slots)


def _signature(field: F, kind: Kind) -> str:
    if kind.how == "map":
        return f"map<string, {_type_name(kind.of.type, kind.of.type_name)}>"
    label = "repeated " if field.label == F.LABEL_REPEATED else ""
    return label + _type_name(field.type, field.type_name.lstrip("."))


def _type_name(number: Any, name: str) -> str:
    return name.removeprefix(PACKAGE + ".") or F.Type.Name(number)[5:].lower()


def _json_name(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in rest)


def _rule(op: Operation, route: Route) -> http_pb2.HttpRule:
    rule = http_pb2.HttpRule(body="*" if op.has_body(route) else "")
    setattr(rule, route.method.lower(), route.path)
    return rule
