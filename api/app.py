"""The app: both stores opened and brought up to date, both doors, the scheduler, and their end."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from litestar import Litestar

from api import health, rest
from api.call import Calls, real_now
from api.desk import Desk
from api.grpc_server import GrpcServer
from api.proto.pool import ROOT
from api.rpc import Api, Service
from api.scheduler import Scheduler
from api.settings import Settings
from api.threads import Threads
from sql import migrate
from sql.ledger import Ledger
from sql.warehouse import open_warehouse

log = logging.getLogger("invora.app")


def every_service() -> Sequence[type[Service]]:
    """Return all services there are: to import them is to import the whole house."""
    from api.services import SERVICES

    return SERVICES


class App:
    """Everything that serves. Made, it can perform; its `asgi`, run, also listens and schedules."""

    def __init__(
        self,
        settings: Settings,
        *,
        services: Sequence[type[Service]] | None = None,
        protos: Path = ROOT,
        has_scheduler: bool = True,
    ) -> None:
        self.settings = settings
        self._protos = protos
        self.ledger = Ledger(settings.ledger_url)
        self.warehouse = open_warehouse(settings.warehouse_url)
        migrate.upgrade(self.ledger, self.warehouse)
        self.api = Api(every_service() if services is None else services)
        self.desk = Desk(self.ledger, self.warehouse, settings.secret_key.encode(), real_now)
        self.calls = Calls(self.api, self.desk, settings.admin_key)
        self.scheduler = Scheduler(self.desk) if has_scheduler else None
        self.grpc_port = 0
        """The port that gRPC listens on, once it does."""
        self._threads = Threads()
        self.asgi = rest.mount(
            Litestar(
                [
                    *rest.handlers(self.api, self.calls.perform, self._threads),
                    *health.handlers(self.ledger, self.warehouse),
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
        """Let go of both stores."""
        self._threads.close()
        self.warehouse.close()
        self.ledger.close()
