"""Both doors as the census speaks to them: one ask, put to either, and what it was told."""

from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote, urlencode

import msgspec
import urllib3
from msgspec import Struct

from api.bodies import NDJSON
from api.masking import exactly
from api.proto.pool import ROOT
from api.proto.stub import Failed, Stub
from api.rpc import Api, Operation

JSON = "application/json"

GRPC_OK = "OK"


class Ask(Struct, frozen=True, kw_only=True):
    """A request of either door: its fields by name, whether REST has them in path, query or body.

    What is streamed comes beside them: messages without what `said` holds, or bytes to upload.
    """

    said: dict[str, Any] = {}
    items: tuple[dict[str, Any], ...] = ()
    upload: bytes = b""
    content_type: str = ""
    key: str | None = None
    """Credentials, where they are not those that the operation asks for."""


class Told(Struct, frozen=True, kw_only=True):
    """What a door answered."""

    is_ok: bool
    status: str
    """Of HTTP, or the name of gRPC's code."""
    code: str = ""
    """The published code of a refusal, or its kind where it has none."""
    answer: Any = None
    """In JSON's terms; a list of answers where they are streamed."""
    message: str = ""


class Door(Protocol):
    """One way to ask."""

    name: str

    def ask(self, op: Operation, ask: Ask, key: str) -> Told:
        """Ask with a key, and return whatever was told."""


class Rest:
    """The REST door of a server."""

    name = "REST"

    def __init__(self, api: Api, url: str) -> None:
        self._api, self._url = api, url.rstrip("/")
        self._pool = urllib3.PoolManager(maxsize=4, retries=False)

    def ask(self, op: Operation, ask: Ask, key: str) -> Told:
        """Ask over HTTP."""
        route = (op if op.routes else self._api[op.same_as]).routes[0]
        said, path = dict(ask.said), route.path
        for name in route.params:
            path = path.replace(f"{{{name}}}", quote(str(said.pop(name)), safe=""))
        body, kind = None, JSON
        if op.takes_upload:
            body, kind = ask.upload, ask.content_type
        elif op.streams_in:
            body, kind = b"".join(msgspec.json.encode(each) + b"\n" for each in ask.items), NDJSON
        elif op.has_body(route):
            body, said = msgspec.json.encode(said), {}
        query = urlencode(list(_flat(said)))
        headers = {"authorization": f"Bearer {key}", "content-type": kind, "user-agent": "census"}
        found = self._pool.request(
            route.method, f"{self._url}{path}?{query}", body=body, headers=headers
        )
        return _refused(found) if found.status != 200 else _answered(op, found)


class Grpc:
    """The gRPC door of a server."""

    name = "gRPC"

    def __init__(self, api: Api, address: str, protos: Path = ROOT) -> None:
        self._stub = Stub(api, address, protos)

    def ask(self, op: Operation, ask: Ask, key: str) -> Told:
        """Ask over gRPC."""
        messages = [ask.said]
        if op.takes_upload:
            messages = [{**ask.said, "content_type": ask.content_type, "data": ask.upload}]
        elif op.streams_in:
            messages = [{**ask.said, op.item: each} for each in ask.items]
        try:
            answers = self._stub.call(op, messages, key)
        except Failed as failed:
            return Told(
                is_ok=False, status=failed.status, code=failed.reason.lower(), message=str(failed)
            )
        return Told(is_ok=True, status=GRPC_OK, answer=answers if op.streams_out else answers[0])

    def close(self) -> None:
        """Let go of the connection."""
        self._stub.close()


def is_code(heard: str, code: str) -> bool:
    """Whether what was heard is a published code: gRPC says no more than 63 letters of it."""
    return heard in (code, code[:63])


def _answered(op: Operation, found: Any) -> Told:
    answer: Any = {}
    if op.sends_file:
        kind = found.headers.get("content-type", "")
        answer = {"file": {"content_type": kind, "data": found.data}}
    elif op.streams_out:
        answer = [exactly(line) for line in found.data.splitlines() if line]
    elif found.data:
        answer = exactly(found.data)
    return Told(is_ok=True, status=str(found.status), answer=answer)


def _refused(found: Any) -> Told:
    try:
        said = msgspec.json.decode(found.data, type=dict[str, Any])
    except msgspec.DecodeError:
        said = {}
    kind = HTTPStatus(found.status).phrase.lower().replace(" ", "_")
    text = found.data.decode(errors="replace")
    return Told(
        is_ok=False, status=str(found.status), code=said.get("code", kind), message=text[:500]
    )


def _flat(said: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the parameters of a query: `x`, `x[]`, `x[key]`."""
    for name, value in said.items():
        if isinstance(value, dict):
            yield from ((f"{name}[{key}]", _text(one)) for key, one in value.items())
        elif isinstance(value, (list, tuple)):
            yield from ((f"{name}[]", _text(one)) for one in value)
        else:
            yield name, _text(value)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
