"""Both doors, opened for the toys and for taxes, with real clients before them."""

import asyncio
import importlib
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import google.api
import grpc
import httpx
import pytest
import uvicorn
from litestar import Litestar

from api import reference, rest
from api.grpc_server import GrpcServer
from api.proto.generate import generate, write
from api.rpc import Api, Caller, Operation
from api.services.taxes import TaxService
from api.threads import Threads
from billing import entities
from metering.measures import ids
from sql.ledger import Ledger
from sql.work import Work
from tests.api.toy import ToyService
from tests.conftest import NOW
from tests.engines import scratch

API = Api([TaxService, ToyService])
"""What the tests serve."""


@cache
def protos() -> Path:
    """The .proto files of what the tests serve, written as the committed ones are."""
    root = scratch() / "protos"
    write(generate(API, root), root)
    return root


@pytest.fixture(scope="session")
def pb() -> SimpleNamespace:
    """What a Python client compiles from the .proto files: messages and stubs by their names."""
    out = scratch() / "stubs"
    out.mkdir(exist_ok=True)
    import grpc_tools

    googles = Path(google.api.__path__[0]).parents[1], Path(grpc_tools.__file__).parent / "_proto"
    files = sorted(protos().glob("invora/billing/v1/*.proto"))
    subprocess.run(
        [sys.executable, "-m", "grpc_tools.protoc", *(f"-I{path}" for path in (protos(), *googles)),
         f"--python_out={out}", f"--grpc_python_out={out}", *map(str, files)],
        check=True,
    )  # fmt: skip
    sys.path.insert(0, str(out))
    found: dict[str, Any] = {}
    for file in files:
        for kind in ("pb2", "pb2_grpc"):
            module = importlib.import_module(f"invora.billing.v1.{file.stem}_{kind}")
            found |= {name: value for name, value in vars(module).items() if name[0].isupper()}
    return SimpleNamespace(**found)


class Doors:
    """A server with both doors open, on ports of its own and a loop of its own."""

    def __init__(self, perform: Callable[..., Any], limit: int = rest.LIMIT) -> None:
        self.perform, self.limit = perform, limit
        self.callers: list[Caller] = []
        self.hashes: list[bytes] = []
        self._ready, self._thread = threading.Event(), threading.Thread(target=self._run)

    def __enter__(self) -> "Doors":
        self._thread.start()
        assert self._ready.wait(30)
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{self.rest_port}", timeout=30)
        self.channel = grpc.insecure_channel(f"127.0.0.1:{self.grpc_port}")
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()
        self.channel.close()
        self._server.should_exit = True
        self._thread.join(30)
        assert not self._thread.is_alive(), "the server does not end"

    def _run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        threads = Threads(8)
        app = rest.mount(
            Litestar(
                [
                    *rest.handlers(API, self._perform, threads, self.limit),
                    *reference.handlers(API),
                ],
                exception_handlers=rest.EXCEPTION_HANDLERS,
                openapi_config=None,
                logging_config=None,
            )
        )
        config = uvicorn.Config(
            app, port=0, log_level="warning", lifespan="off", timeout_graceful_shutdown=5
        )
        self._server = uvicorn.Server(config)
        address = "127.0.0.1:0"
        async with GrpcServer(API, self._perform, address, threads, protos=protos()) as door:
            serving = asyncio.create_task(self._server.serve())
            while not self._server.started:
                await asyncio.sleep(0.01)
            self.rest_port = self._server.servers[0].sockets[0].getsockname()[1]
            self.grpc_port = door.port
            self._ready.set()
            await serving
        threads.close()

    def _perform(self, op: Operation, caller: Caller, request: Any, body_hash: bytes) -> Any:
        self.callers.append(caller)
        self.hashes.append(body_hash)
        return self.perform(op, caller, request, body_hash)


def on_toys(op: Operation, caller: Caller, request: Any, body_hash: bytes) -> Any:
    """Perform what needs no ledger."""
    return op.call(None, request)


@pytest.fixture(scope="session")
def toys() -> Iterator[Doors]:
    """Both doors of the toys."""
    with Doors(on_toys) as doors:
        yield doors


@pytest.fixture
def taxed(ledger: Ledger) -> Iterator[Doors]:
    """Both doors of a new organization, on a real ledger."""
    organization = ids.new()
    with ledger.transaction(organization) as rows:
        entities.open_default(_work(rows), "Invora", "EUR")

    def on_ledger(op: Operation, caller: Caller, request: Any, body_hash: bytes) -> Any:
        with ledger.transaction(organization) as rows:
            return op.call(_work(rows), request)

    with Doors(on_ledger) as doors:
        yield doors


def _work(rows: Any) -> Work:
    return Work(organization=rows.organization, now=NOW, rows=rows, warehouse=None)  # type: ignore[arg-type]
