"""`invora serve`: REST, gRPC and the scheduler in one process."""

import asyncio
import logging
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import click
from msgspec.structs import replace

from api import lockfile
from api.commands import said_clearly
from api.settings import Settings, read

log = logging.getLogger("invora.serve")


@click.command()
def serve() -> None:
    """Serve REST, gRPC and the scheduler until told to stop (SIGTERM, or Ctrl+C)."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for chatty in ("apscheduler", "alembic", "httpx"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    with said_clearly(), ExitStack() as held:
        settings = read()
        announce: Callable[[str], None] = _ignore
        if settings.is_embedded:
            announce = held.enter_context(lockfile.owned(settings.data))
        serve_with(settings, announce)


def serve_with(settings: Settings, announce: Callable[[str], None]) -> None:
    """Serve with these settings; `announce` is told the URL once both doors are open."""
    import uvicorn
    import uvloop

    from api.app import App

    class Server(uvicorn.Server):
        """Ends well when told to stop, where uvicorn's own would then kill the process."""

        @contextmanager
        def capture_signals(self) -> Iterator[None]:
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, self.handle_exit, number, None)
            yield
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.remove_signal_handler(number)

    app = App(settings)
    server = Server(
        uvicorn.Config(
            app.asgi,
            host=settings.host,
            port=settings.port,
            http="httptools",
            lifespan="on",
            access_log=False,
            log_config=None,
            server_header=False,
        )
    )

    async def run() -> None:
        serving = asyncio.ensure_future(server.serve())
        while not (server.started or serving.done()):
            await asyncio.sleep(0.01)
        if server.started:
            (socket, *_) = server.servers[0].sockets
            url = replace(settings, port=socket.getsockname()[1]).url
            log.info("REST at %s/v1, gRPC at port %d", url, app.grpc_port)
            # Last: who waits for the announcement may read the log at once.
            announce(url)
        await serving

    uvloop.run(run())
    if not server.started:
        raise click.ClickException("The server did not start: the log says why.")


def _ignore(url: str) -> None:
    """Announce nothing: nobody looks for a process that owns no folder."""
