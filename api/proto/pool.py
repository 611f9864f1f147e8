"""The descriptors of an Api in a pool of their own, made from its types and committed numbers."""

from pathlib import Path

from google.api import annotations_pb2, field_behavior_pb2
from google.protobuf import field_mask_pb2, struct_pb2, timestamp_pb2
from google.protobuf.descriptor import FileDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.descriptor_pool import DescriptorPool
from google.rpc import error_details_pb2

from api.proto.files import FOLDER
from api.proto.numbers import Numbers, Stale
from api.proto.schema import Schema
from api.proto.text import proto_text
from api.rpc import Api

ROOT = Path(__file__).parent
IMPORTS = (
    annotations_pb2, field_behavior_pb2, error_details_pb2, field_mask_pb2, struct_pb2,
    timestamp_pb2,
)  # fmt: skip


def load(api: Api, root: Path = ROOT) -> tuple[Schema, DescriptorPool]:
    """Return the schema of an Api and its pool.

    Raises: Stale, if the committed .proto files do not say what the types say.
    """
    schema = Schema(api, Numbers.read(root / FOLDER, frozen=True))
    for name, file in schema.files.items():
        path = root / name
        if not path.exists() or path.read_text() != proto_text(file, schema.comments):
            raise Stale(f"{name} is stale")
    pool = DescriptorPool()
    for module in IMPORTS:
        _add(pool, module.DESCRIPTOR)
    for file in schema.made.ordered():
        pool.Add(file)
    return schema, pool


def _add(pool: DescriptorPool, file: FileDescriptor) -> None:
    for dependency in file.dependencies:
        _add(pool, dependency)
    proto = FileDescriptorProto()
    file.CopyToProto(proto)
    pool.Add(proto)
