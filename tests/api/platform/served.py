"""The real app, served on ports of its own, with real clients of both doors before it."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import grpc
import httpx
import uvicorn
from google.protobuf.json_format import MessageToDict, ParseDict

from api.app import App
from api.proto.codec import Codec
from api.proto.files import PACKAGE
from api.proto.generate import generate, write
from api.proto.pool import load
from api.rpc import Api
from api.services import SERVICES
from api.settings import Settings
from tests.engines import empty_ledger_url, new_warehouse_url, scratch

ADMIN = "the-key-of-the-operator-of-this-test"


@cache
def codec() -> tuple[Path, Codec]:
    """The .proto files of what is served, written as the committed ones are, and their messages."""
    api, root = Api(SERVICES), scratch() / "platform"
    write(generate(api, root), root)
    return root, Codec(*load(api, root))


def settings(kind: str, **more: Any) -> Settings:
    """Settings with a fresh ledger of this kind."""
    said = {
        "data": scratch(), "ledger_url": empty_ledger_url(kind),
        "warehouse_url": new_warehouse_url("duckdb"), "host": "127.0.0.1", "port": 0,
        "grpc_port": 0, "admin_key": ADMIN, "secret_key": "s" * 40, "smtp_url": "",
    }  # fmt: skip
    return Settings(**{**said, **more})


class Served:
    """A running app: speaks REST and gRPC to it, as anybody would."""

    def __init__(self, app: App, url: str) -> None:
        self.app = app
        self.http = httpx.Client(base_url=url, timeout=30)
        self.channel = grpc.insecure_channel(f"127.0.0.1:{app.grpc_port}")

    def rest(
        self, method: str, path: str, key: str = "", body: Any = None, **headers: str
    ) -> httpx.Response:
        """Ask over REST. Names of further headers are written with underscores."""
        sent: dict[str, Any] = {name.replace("_", "-"): value for name, value in headers.items()}
        if key:
            sent["authorization"] = f"Bearer {key}".encode("latin-1")
        return self.http.request(method, f"/v1{path}", json=body, headers=sent)

    def rpc(self, name: str, key: str = "", /, **request: Any) -> dict[str, Any]:
        """Call over gRPC. Raises: grpc.RpcError."""
        return self.rpc_with(name, {"authorization": f"Bearer {key}"}, request)[0]

    def rpc_with(
        self, name: str, metadata: dict[str, str], request: dict[str, Any]
    ) -> tuple[dict[str, Any], dict[str, str]]:
        """Call over gRPC with metadata; returns the answer and the metadata it came with."""
        op = self.app.api[name]
        _, messages = codec()
        asked = ParseDict(request, messages.message(f"{PACKAGE}.{op.request.__name__}")())
        answer = messages.message(f"{PACKAGE}.{op.response.__name__}")
        call = self.channel.unary_unary(
            f"/{PACKAGE}.{op.service}/{op.name}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=answer.FromString,
        )
        found, state = call.with_call(asked, metadata=tuple(metadata.items()), timeout=30)
        said = {name: str(value) for name, value in state.trailing_metadata()}
        return MessageToDict(found, preserving_proto_field_name=True), said

    def organization(self, clock: str | None = None) -> str:
        """Open an organization and return its key."""
        body = {"organization": {"name": "Acme", "default_currency": "EUR", "test_clock": clock}}
        made = self.rest("POST", "/organizations", ADMIN, body)
        assert made.status_code == 200, made.text
        key: str = made.json()["organization"]["api_key"]
        return key


@contextmanager
def serving(app: App) -> Iterator[Served]:
    """Serve an app from a thread, for the length of a block."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        server = uvicorn.Server(
            uvicorn.Config(app.asgi, lifespan="on", log_config=None, access_log=False)  # type: ignore[arg-type]
        )
        thread = threading.Thread(target=server.run, kwargs={"sockets": [door]})
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive(), "the app did not start: the log says why"
                thread.join(0.01)
            served = Served(app, f"http://127.0.0.1:{door.getsockname()[1]}")
            yield served
            served.http.close()
            served.channel.close()
        finally:
            server.should_exit = True
            thread.join(30)


@contextmanager
def open_app(kind: str, **more: Any) -> Iterator[App]:
    """Make an app, without a scheduler unless told otherwise."""
    root, _ = codec()
    yield App(settings(kind), **{"protos": root, "has_scheduler": False, **more})
