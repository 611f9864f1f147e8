"""One request through both doors, and what each answered, in the same words."""

from types import SimpleNamespace
from typing import Any

import grpc
import httpx
from google.protobuf import json_format
from google.rpc import error_details_pb2, status_pb2

from api import errors

OK = "ok"


def status_of(failed: grpc.RpcError) -> status_pb2.Status:
    """The google.rpc.Status that came with a failure."""
    trailing = dict(failed.trailing_metadata())  # type: ignore[attr-defined]
    return status_pb2.Status.FromString(trailing["grpc-status-details-bin"])


def details_of(failed: grpc.RpcError) -> dict[str, Any]:
    """The google.rpc details of a failure, by the names of their types."""
    found = {}
    for packed in status_of(failed).details:
        kind = getattr(error_details_pb2, packed.type_url.rpartition(".")[2])
        detail = kind()
        packed.Unpack(detail)
        found[kind.__name__] = detail
    return found


def by_rest(answer: httpx.Response) -> tuple[str, Any]:
    """Whether REST answered or refused, and what."""
    if answer.status_code == 200:
        return OK, answer.json() if answer.content else {}
    body = answer.json()
    return str(answer.status_code), sorted(errors.flatten(body.get("error_details", {})))


HTTP = {"INVALID_ARGUMENT": "422", "NOT_FOUND": "404", "FAILED_PRECONDITION": "405"}


def by_grpc(call: Any, request: Any) -> tuple[str, Any]:
    """Whether gRPC answered or refused, and what, as REST would have said it."""
    try:
        return OK, call(request)
    except grpc.RpcError as failed:
        code = failed.code().name  # type: ignore[attr-defined]
        details = details_of(failed)
        wrong = details.get("BadRequest")
        if code == "INVALID_ARGUMENT" and wrong is None:
            return "400", []
        said = (
            sorted((one.field, one.description) for one in wrong.field_violations) if wrong else []
        )
        return HTTP.get(code, code), said


def message(pb: SimpleNamespace, name: str, said: Any) -> Any:
    """A message of protoc's own class, from JSON as protobuf has it."""
    return json_format.ParseDict(said, getattr(pb, name)())
