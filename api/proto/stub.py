"""The gRPC door from outside: calls of any operation, asked and answered in JSON's terms."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import grpc
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status

from api.proto.codec import Codec
from api.proto.files import PACKAGE
from api.proto.pool import ROOT, load
from api.reading import Reader, encode
from api.rpc import Api, Operation

SECONDS = 60
"""How long an answer may take."""

Message = dict[str, Any]


class Failed(Exception):
    """A call that was refused, or that failed."""

    def __init__(self, status: str, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        """The name of the gRPC code."""
        self.reason = reason
        """The published code in capitals, as google.rpc.ErrorInfo has it; empty if none came."""


class Stub:
    """Calls the operations of a server. Any thread may."""

    def __init__(self, api: Api, address: str, protos: Path = ROOT) -> None:
        self._codec = Codec(*load(api, protos))
        self._channel = grpc.insecure_channel(address)

    def call(self, op: Operation, requests: Sequence[Message], token: str) -> list[Message]:
        """Send one request, or those of a stream, and return the answer, or those of a stream.

        Raises: Failed; whatever the request itself refuses, if no message can say it.
        """
        reader, write = Reader(op.request), self._codec.encoder(op.request)
        sent = [write(reader.read(encode(request))) for request in requests]
        kinds = ("unary", "stream")
        method = getattr(self._channel, f"{kinds[op.streams_in]}_{kinds[op.streams_out]}")
        call = method(f"/{PACKAGE}.{op.service}/{op.name}")
        metadata = (("authorization", f"Bearer {token}"),)
        try:
            said = iter(sent) if op.streams_in else sent[0]
            found = call(said, metadata=metadata, timeout=SECONDS)
            answers = list(found) if op.streams_out else [found]
        except grpc.RpcError as error:
            raise _failed(error) from None
        return [self._codec.plain(op.response, answer) for answer in answers]

    def close(self) -> None:
        """Let go of the connection."""
        self._channel.close()


def _failed(error: Any) -> Failed:
    trailing = dict(error.trailing_metadata() or ())
    said = Status.FromString(trailing.get("grpc-status-details-bin", b""))
    info = ErrorInfo()
    for packed in said.details:
        if packed.Unpack(info):
            break
    return Failed(error.code().name, info.reason, error.details() or "")
