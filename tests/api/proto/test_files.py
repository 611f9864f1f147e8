"""The committed .proto files: fresh, clean, and what the server runs with."""

import shutil
from collections.abc import Iterator

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet

from api.proto.files import FOLDER
from api.proto.generate import compiled, generate, lint, stale
from api.proto.numbers import Stale
from api.proto.pool import ROOT, load
from api.rpc import Api
from api.services import SERVICES


@pytest.fixture(scope="module")
def api() -> Iterator[Api]:
    """All services."""
    return Api(SERVICES)


def test_the_files_say_what_the_types_say(api):
    """A change of a type is a change of a file in the same commit."""
    wrong = [str(path.relative_to(ROOT)) for path in stale(generate(api))]

    assert not wrong, f"run `python -m api.proto`: {wrong}"


def test_the_server_can_start_with_them(api):
    """Every number it needs is there."""
    schema, _ = load(api)

    assert len(schema.files) > 2


@pytest.mark.parametrize(
    "change",
    [
        ("// Tax rates,", "// Rates,"),
        ("  TaxInput tax = 1 [(google.api.field_behavior) = REQUIRED];\n", ""),
        ("  TaxInput tax = 1 ", "  int64 gone = 2;\n  TaxInput tax = 1 "),
    ],
)
def test_the_server_does_not_start_with_others(api, tmp_path, change):
    """Not even a comment may differ; nor may a field be missing, or too many."""
    shutil.copytree(ROOT / FOLDER, tmp_path / FOLDER)
    file = tmp_path / FOLDER / "taxes_service.proto"
    text = file.read_text()
    assert change[0] in text
    file.write_text(text.replace(*change))

    with pytest.raises(Stale, match=r"python -m api\.proto"):
        load(api, tmp_path)


def test_buf_finds_nothing_to_say(capfd):
    """`buf lint` with comments on every service and rpc, and `buf format`."""
    assert lint() == 0, capfd.readouterr().out


def test_protoc_makes_the_descriptors_the_server_runs_with(api, tmp_path):
    """From the text, what the types made: the two can never say different things."""
    schema, _ = load(api)
    image = FileDescriptorSet.FromString(compiled(tmp_path).read_bytes())
    found = {file.name: file for file in image.file if file.package == "invora.billing.v1"}

    assert set(found) == set(schema.files)
    for name, file in schema.files.items():
        assert _sorted(file) == _sorted(found[name]), name


def _sorted(file: FileDescriptorProto) -> FileDescriptorProto:
    """The same file, in an order of its own."""
    same = FileDescriptorProto()
    same.CopyFrom(file)
    same.ClearField("source_code_info")
    for parts in (same.message_type, same.enum_type, same.service):
        parts.sort(key=lambda part: part.name)
    for message in same.message_type:
        names = [oneof.name for oneof in message.oneof_decl]
        for field in message.field:
            if field.HasField("oneof_index"):
                field.json_name += "@" + names[field.oneof_index]
                field.ClearField("oneof_index")
        message.field.sort(key=lambda field: field.number)
        message.nested_type.sort(key=lambda nested: nested.name)
        message.oneof_decl.sort(key=lambda oneof: oneof.name)
    names = sorted(same.dependency)
    del same.dependency[:]
    same.dependency.extend(names)
    return same
