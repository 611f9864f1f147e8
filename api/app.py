"""The app: both stores opened and brought up to date, both doors, the scheduler, and their end."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlsplit

from litestar import Litestar

import ingest
from api import books, health, peers, reference, rest
from api.call import Calls, real_now
from api.desk import Desk
from api.grpc_server import GrpcServer
from api.keys import SERVER
from api.proto.pool import ROOT
from api.rpc import Api
from api.scheduler import Scheduler
from api.services import SERVICES
from api.settings import Settings, WrongSetting
from api.threads import Threads
from ingest import sources
from ingest.sources import Source
from metering.measures.refusals import Malformed
from sql import migrate
from sql.ledger import Ledger
from sql.warehouse import Warehouse, open_warehouse

log = logging.getLogger("invora.app")


T = TypeVar("T")


def stores(settings: Settings) -> tuple[Ledger, Warehouse]:
    """Open both stores.

    Raises: WrongSetting, when one does not answer at its URL.
    """
    ledger = _opened("INVORA_LEDGER_URL", settings.ledger_url, _ledger)
    warehouse = _opened("INVORA_WAREHOUSE_URL", settings.warehouse_url, open_warehouse)
    return ledger, warehouse


def _ledger(url: str) -> Ledger:
    ledger = Ledger(url)
    with ledger.snapshot(SERVER):
        return ledger


def _opened(name: str, url: str, opening: Callable[[str], T]) -> T:
    try:
        return opening(url)
    except Exception as error:
        said = f"{type(error).__name__}: {error}".partition("\n")[0]
        if password := urlsplit(url).password:
            said = said.replace(password, "…")
        raise WrongSetting(f"{name}: the store cannot be opened. {said}") from error


def _sources(settings: Settings, limits: ingest.Limits) -> list[Source]:
    """Return what events are pulled from.

    Raises: WrongSetting.
    """
    try:
        return [sources.at(url, limits) for url in settings.sources.split()]
    except Malformed as wrong:
        raise WrongSetting(f"INVORA_SOURCES: {wrong}.") from wrong


class App:
    """Everything that serves. Made, it can perform; its `asgi`, run, also listens and schedules."""

    def __init__(
        self, settings: Settings, *, protos: Path = ROOT, has_scheduler: bool = True
    ) -> None:
        self.settings = settings
        self._protos = protos
        self.ledger, self.warehouse = stores(settings)
        migrate.upgrade(self.ledger, self.warehouse)
        secret = settings.secret_key.encode()
        ingest.start(self.warehouse, self.ledger, real_now, url=settings.peer_url, secret=secret)
        limits = ingest.Limits(
            body=settings.body_mb << 20, event=settings.event_mb << 20,
            buffer=settings.buffer_mb << 20,
        )  # fmt: skip
        ingest.limit(self.warehouse, limits)
        self.api = Api(SERVICES)
        self.desk = Desk(self.ledger, self.warehouse, secret, real_now)
        self.calls = Calls(self.api, self.desk, settings.admin_key)
        pulled = _sources(settings, limits) if has_scheduler else []
        self.scheduler = Scheduler(self.desk, pulled=pulled) if has_scheduler else None
        self.grpc_port = 0
        """The port that gRPC listens on, once it does."""
        self._threads = Threads()
        self.asgi = rest.mount(
            Litestar(
                [
                    *rest.handlers(self.api, self.calls.perform, self._threads),
                    *reference.handlers(self.api),
                    *books.handlers(self.api, self.calls),
                    *health.handlers(self.ledger, self.warehouse),
                    *peers.handlers(self.warehouse, secret, self._threads),
                ],
                exception_handlers=rest.EXCEPTION_HANDLERS,
                lifespan=[self._served],
                openapi_config=None,
                logging_config=None,
            )
        )

    @asynccontextmanager
    async def _served(self, _: Litestar) -> AsyncIterator[None]:
        """Serve gRPC and run the scheduler for as long as the app runs; then close everything."""
        host = self.settings.host
        address = f"[{host}]" if ":" in host else host
        grpc = GrpcServer(
            self.api,
            self.calls.perform,
            f"{address}:{self.settings.grpc_port}",
            self._threads,
            protos=self._protos,
        )
        try:
            async with grpc:
                self.grpc_port = grpc.port
                if self.scheduler is not None:
                    self.scheduler.start()
                try:
                    yield
                finally:
                    if self.scheduler is not None:
                        await asyncio.to_thread(self.scheduler.stop)
        finally:
            self.close()

    def close(self) -> None:
        """Write what waits to be written, and let go of both stores."""
        self._threads.close()
        ingest.stop(self.warehouse)
        self.warehouse.close()
        self.ledger.close()
