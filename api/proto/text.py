"""File descriptors as .proto text, in the form that `buf format` would leave them."""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from google.api import annotations_pb2, field_behavior_pb2
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    MethodDescriptorProto,
    MethodOptions,
    ServiceDescriptorProto,
)

HEAD = """\
// Written by `python -m api.proto` from the services and their types. These files are where field
// numbers are kept: they never change, and a removed one is reserved.
"""


def proto_text(file: FileDescriptorProto, comments: Mapping[str, str]) -> str:
    """Return the text of one file."""
    blocks = [HEAD + 'syntax = "proto3";\n', f"package {file.package};\n"]
    if file.dependency:
        blocks.append("".join(f'import "{name}";\n' for name in sorted(file.dependency)))
    if options := sorted((field.name, value) for field, value in file.options.ListFields()):
        blocks.append("".join(f"option {name} = {json.dumps(value)};\n" for name, value in options))
    writer = _Writer(file.package, comments)
    parts = [
        *map(writer.service, file.service),
        *(writer.message(message, file.package) for message in file.message_type),
        *(writer.enum(enum, file.package) for enum in file.enum_type),
    ]
    return "\n".join([*blocks, *("\n".join(lines) + "\n" for lines in parts)])


class _Writer:
    def __init__(self, package: str, comments: Mapping[str, str]) -> None:
        self.package, self.comments = package, comments

    def comment(self, name: str) -> Iterator[str]:
        for line in self.comments.get(name, "").splitlines():
            yield f"// {line}".rstrip()

    def service(self, service: ServiceDescriptorProto) -> Iterator[str]:
        full = f"{self.package}.{service.name}"
        yield from self.comment(full)
        yield f"service {service.name} {{"
        for position, method in enumerate(service.method):
            if position:
                yield ""
            yield from _indent(self.method(method, full))
        yield "}"

    def method(self, method: MethodDescriptorProto, scope: str) -> Iterator[str]:
        yield from self.comment(f"{scope}.{method.name}")
        asked = "stream " * method.client_streaming + self.name(method.input_type)
        answered = "stream " * method.server_streaming + self.name(method.output_type)
        head = f"rpc {method.name}({asked}) returns ({answered})"
        options = list(_method_options(method.options))
        if options:
            yield head + " {"
            yield from _indent(options)
            yield "}"
        else:
            yield head + ";"

    def message(self, message: DescriptorProto, scope: str) -> Iterator[str]:
        full = f"{scope}.{message.name}"
        yield from self.comment(full)
        lines = list(self.body(message, full))
        if lines:
            yield f"message {message.name} {{"
            yield from _indent(lines)
            yield "}"
        else:
            yield f"message {message.name} {{}}"

    def body(self, message: DescriptorProto, full: str) -> Iterator[str]:
        yield from _reserved([r.start for r in message.reserved_range], message.reserved_name)
        for enum in message.enum_type:
            yield from self.enum(enum, full)
        for field in message.field:
            if _oneof(field) is None:
                yield from self.field(field, message, full)
        for index, oneof in enumerate(message.oneof_decl):
            if among := [field for field in message.field if _oneof(field) == index]:
                yield f"oneof {oneof.name} {{"
                yield from _indent(
                    line for field in among for line in self.field(field, message, full)
                )
                yield "}"

    def field(
        self, field: FieldDescriptorProto, message: DescriptorProto, full: str
    ) -> Iterator[str]:
        yield from self.comment(f"{full}.{field.name}")
        entries = {f".{full}.{nested.name}": nested for nested in message.nested_type}
        if entry := entries.get(field.type_name):
            kind, label = f"map<string, {self.type(entry.field[1])}>", ""
        else:
            kind = self.type(field)
            label = "optional " if field.proto3_optional else ""
            label = "repeated " if field.label == FieldDescriptorProto.LABEL_REPEATED else label
        yield f"{label}{kind} {field.name} = {field.number}{_field_options(field)};"

    def enum(self, enum: EnumDescriptorProto, scope: str) -> Iterator[str]:
        full = f"{scope}.{enum.name}"
        yield from self.comment(full)
        yield f"enum {enum.name} {{"
        yield from _indent(_reserved([r.start for r in enum.reserved_range], enum.reserved_name))
        for value in enum.value:
            said = self.comment(f"{full}.{value.name}")
            yield from _indent([*said, f"{value.name} = {value.number}{_deprecated(value)};"])
        yield "}"

    def type(self, field: FieldDescriptorProto) -> str:
        if field.type_name:
            return self.name(field.type_name)
        return FieldDescriptorProto.Type.Name(field.type)[5:].lower()

    def name(self, full: str) -> str:
        return full.removeprefix(".").removeprefix(self.package + ".")


def _oneof(field: FieldDescriptorProto) -> int | None:
    real = field.HasField("oneof_index") and not field.proto3_optional
    return field.oneof_index if real else None


def _deprecated(part: Any) -> str:
    return " [deprecated = true]" if part.options.deprecated else ""


def _field_options(field: FieldDescriptorProto) -> str:
    said = [
        f"(google.api.field_behavior) = {field_behavior_pb2.FieldBehavior.Name(behavior)}"
        for behavior in field.options.Extensions[field_behavior_pb2.field_behavior]
    ]
    return f" [{', '.join(said)}]" if said else ""


def _method_options(options: MethodOptions) -> Iterator[str]:
    if options.deprecated:
        yield "option deprecated = true;"
    if options.HasField("idempotency_level"):
        level = MethodOptions.IdempotencyLevel.Name(options.idempotency_level)
        yield f"option idempotency_level = {level};"
    if options.HasExtension(annotations_pb2.http):
        rule = list(_rule(options.Extensions[annotations_pb2.http]))
        if len(rule) == 1:
            yield f"option (google.api.http) = {{{rule[0]}}};"
        else:
            yield "option (google.api.http) = {"
            yield from _indent(rule)
            yield "};"


def _rule(rule: Any) -> Iterator[str]:
    verb = rule.WhichOneof("pattern")
    yield f'{verb}: "{getattr(rule, verb)}"'
    if rule.body:
        yield f'body: "{rule.body}"'
    for more in rule.additional_bindings:
        yield "additional_bindings {"
        yield from _indent(_rule(more))
        yield "}"


def _reserved(numbers: list[int], names: Iterable[str]) -> Iterator[str]:
    if numbers:
        yield f"reserved {', '.join(map(str, numbers))};"
    if quoted := [f'"{name}"' for name in names]:
        yield f"reserved {', '.join(quoted)};"


def _indent(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        yield f"  {line}" if line else ""
