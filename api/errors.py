"""Refusals on the wire: the one table from kind to HTTP status and gRPC code, and both forms."""

import logging
import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from google.protobuf.any_pb2 import Any as Packed
from google.protobuf.duration_pb2 import Duration
from google.rpc.code_pb2 import Code
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, ResourceInfo, RetryInfo
from google.rpc.status_pb2 import Status
from msgspec import Struct

from metering.measures.refusals import (
    Busy,
    Conflict,
    Forbidden,
    InFlight,
    Invalid,
    Malformed,
    Mismatch,
    Missing,
    Refusal,
    TooLarge,
    Unauthorized,
    Unavailable,
)

log = logging.getLogger("invora.api")

DOMAIN = "billing.invora.dev"
"""Whose reasons they are, for google.rpc.ErrorInfo."""


class Kind(Struct, frozen=True):
    """How one kind of refusal is said."""

    http: int
    title: str
    grpc: int


KINDS: dict[type[Exception], Kind] = {
    Malformed: Kind(400, "Bad Request", Code.INVALID_ARGUMENT),
    TooLarge: Kind(413, "Content Too Large", Code.RESOURCE_EXHAUSTED),
    Unauthorized: Kind(401, "Unauthorized", Code.UNAUTHENTICATED),
    Forbidden: Kind(403, "Forbidden", Code.PERMISSION_DENIED),
    Missing: Kind(404, "Not Found", Code.NOT_FOUND),
    Conflict: Kind(405, "Method Not Allowed", Code.FAILED_PRECONDITION),
    Invalid: Kind(422, "Unprocessable Entity", Code.INVALID_ARGUMENT),
    InFlight: Kind(409, "Conflict", Code.ABORTED),
    Mismatch: Kind(422, "Unprocessable Entity", Code.FAILED_PRECONDITION),
    Busy: Kind(429, "Too Many Requests", Code.RESOURCE_EXHAUSTED),
    Unavailable: Kind(503, "Service Unavailable", Code.UNAVAILABLE),
    Exception: Kind(500, "Internal Server Error", Code.INTERNAL),
}
"""Every kind of refusal; a kind not listed is said as the one it extends."""


def kind_of(error: Exception) -> Kind:
    """Return how an exception is said; what is no refusal is a bug, and says nothing of itself."""
    return next(KINDS[base] for base in type(error).__mro__ if base in KINDS)


def failed(error: Exception, what: str) -> None:
    """Log an exception that is a bug."""
    if not isinstance(error, Refusal):
        log.error("%s failed", what, exc_info=error)


def body(error: Exception) -> dict[str, Any]:
    """Return a refusal as JSON says it. Source: spec/wire-format.md, A4."""
    kind = kind_of(error)
    said: dict[str, Any] = {"status": kind.http, "error": kind.title}
    if isinstance(error, Malformed):
        said["error"] = str(error) or kind.title
    elif isinstance(error, Refusal):
        if error.code:
            said["code"] = error.code
        if error.details:
            said["error_details"] = error.details
        if error.explanation:
            said["message"] = error.explanation
    return said


def http(error: Exception) -> tuple[int, dict[str, str], bytes]:
    """Return the status, further headers and body of a refusal."""
    headers = {"retry-after": str(error.retry_after)} if isinstance(error, Busy) else {}
    return kind_of(error).http, headers, msgspec.json.encode(body(error))


def status(error: Exception) -> Status:
    """Return the same as google.rpc.Status."""
    kind = kind_of(error)
    if not isinstance(error, Refusal):
        return Status(code=kind.grpc, message=kind.title)
    said = Status(code=kind.grpc, message=error.explanation or str(error) or kind.title)
    for detail in _details(error, kind):
        packed = Packed()
        packed.Pack(detail)
        said.details.append(packed)
    return said


def _details(error: Refusal, kind: Kind) -> Iterator[Any]:
    yield ErrorInfo(reason=_reason(error.code or kind.title), domain=DOMAIN)
    if isinstance(error, Missing):
        yield ResourceInfo(resource_type=error.what, description=str(error))
    if isinstance(error, Busy):
        yield RetryInfo(retry_delay=Duration(seconds=error.retry_after))
    if error.details:
        violations = [
            BadRequest.FieldViolation(field=field, description=code, reason=_reason(code))
            for field, code in flatten(error.details)
        ]
        yield BadRequest(field_violations=violations)


def flatten(details: object, at: str = "") -> Iterator[tuple[str, str]]:
    """Yield each code of `error_details` with its field, whose name is dotted where it is nested.

    >>> list(flatten({"0": {"code": ["value_is_mandatory"]}}))
    [('0.code', 'value_is_mandatory')]
    """
    if isinstance(details, Mapping):
        for name, inside in details.items():
            yield from flatten(inside, f"{at}.{name}" if at else str(name))
    elif isinstance(details, (list, tuple)):
        for inside in details:
            yield from flatten(inside, at)
    else:
        yield at, str(details)


def _reason(code: str) -> str:
    return re.sub(r"\W+", "_", code).strip("_").upper()[:63]
