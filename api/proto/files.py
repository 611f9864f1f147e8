"""The .proto files being made: what is declared, under which number, and who imports whom."""

import re
from collections.abc import Sequence
from enum import Enum
from typing import Any

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FileDescriptorProto,
    FileOptions,
)

from api.docs import class_doc, field_docs
from api.proto.numbers import Numbers
from api.words import pascal, snake

PACKAGE = "invora.billing.v1"
FOLDER = PACKAGE.replace(".", "/")


class Files:
    """The files by name, and every message and enum in them by its full name."""

    def __init__(self, numbers: Numbers) -> None:
        self.numbers = numbers
        self.files: dict[str, FileDescriptorProto] = {}
        self.comments: dict[str, str] = {}
        self._names: dict[str, Any] = {}
        self._homes: dict[str, str] = {}

    def file(self, stem: str) -> FileDescriptorProto:
        """Return the file of that name, begun if it is new."""
        name = f"{FOLDER}/{stem}.proto"
        if name not in self.files:
            options = FileOptions(
                csharp_namespace="Invora.Billing.V1",
                go_package="invora.dev/billing/v1;billingv1",
                java_multiple_files=True,
                java_outer_classname=f"{pascal(stem)}Proto",
                java_package="dev.invora.billing.v1",
            )
            self.files[name] = FileDescriptorProto(
                name=name, package=PACKAGE, syntax="proto3", options=options
            )
        return self.files[name]

    def claim(self, name: str, cls: Any, file: FileDescriptorProto) -> str:
        """Give a message or enum its full name, which no other has."""
        full = f"{PACKAGE}.{name}"
        if full in self._names:
            raise TypeError(f"two types are called {name}: {self._names[full]} and {cls}")
        self._names[full], self._homes[full] = cls, file.name
        if cls:
            self.comments[full] = class_doc(cls)
        return full

    def depend(self, file: FileDescriptorProto, name: str) -> None:
        """Import a file into another."""
        if name != file.name and name not in file.dependency:
            file.dependency.append(name)

    def refer(self, file: FileDescriptorProto, full: str) -> None:
        """Import the file in which one of our types is declared."""
        if full in self._homes:
            self.depend(file, self._homes[full])

    def ordered(self) -> list[FileDescriptorProto]:
        """Return each file after those it imports."""
        done: dict[str, FileDescriptorProto] = {}

        def visit(file: FileDescriptorProto, path: tuple[str, ...]) -> None:
            if file.name in path:
                raise TypeError(
                    f"files import each other: {' -> '.join((*path, file.name))}; "
                    "the types of a room may only hold those of lower rooms"
                )
            if file.name not in done:
                for name in file.dependency:
                    if name in self.files:
                        visit(self.files[name], (*path, file.name))
                done[file.name] = file

        for file in self.files.values():
            visit(file, ())
        return list(done.values())

    def enum(self, cls: type[Enum], stem: str) -> str:
        """Declare an enum, and return its full name."""
        file = self.file(stem)
        full = self.claim(cls.__name__, cls, file)
        enum = file.enum_type.add(name=cls.__name__)
        self.values(enum, full, [member.value for member in cls])
        for member, doc in field_docs(cls).items():
            if member in cls.__members__:
                self.comments[f"{full}.{_value(enum.name, cls[member].value)}"] = doc
        return full

    def values(self, enum: EnumDescriptorProto, full: str, values: Sequence[object]) -> None:
        """Declare the values of an enum, after the zero that says nothing."""
        names = [_value(enum.name, value) for value in ("unspecified", *values)]
        if len(set(names)) < len(names):
            raise TypeError(f"{full}: two values have one name in {names}")
        for name in names:
            enum.value.add(name=name, number=self.numbers.field(full, name, "", first=0))
        numbers, gone = self.numbers.reserved(full, names)
        for number in numbers:
            enum.reserved_range.add(start=number, end=number)
        enum.reserved_name.extend(gone)

    def finish(self, message: DescriptorProto, full: str) -> None:
        """Reserve what a message once had, and give each `optional` the oneof that it is."""
        for field in message.field:  # after the real oneofs
            if field.proto3_optional:
                field.oneof_index = len(message.oneof_decl)
                message.oneof_decl.add(name=f"_{field.name}")
        numbers, names = self.numbers.reserved(full, [field.name for field in message.field])
        for number in numbers:
            message.reserved_range.add(start=number, end=number + 1)
        message.reserved_name.extend(names)


def _value(enum: str, value: object) -> str:
    return re.sub(r"\W+", "_", f"{snake(enum)}_{value}").upper()
