"""A real server in a process of its own, which dies at a chosen point of its life."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

from msgspec import Struct

SERVERS = multiprocessing.get_context("forkserver")
SERVERS.set_forkserver_preload(["api.app", "api.services", "ingest", "sql.duck", "sql.click"])

POINTS = {
    "duckdb": ("before insert", "between insert and commit", "between commit and answer"),
    "chdb": (
        "between streams and events", "before insert", "during insert", "between commit and answer",
    ),
    "clickhouse": (
        "paused before insert", "between streams and events", "before insert", "during insert",
        "between commit and answer",
    ),
}  # fmt: skip
"""Where a commit is cut, by warehouse. ClickHouse has rows and keys in one insert, so what can come
apart there are a new stream and its events; one that is paused goes on when its lease is over."""

LEASE = {"LENGTH_S": 2.0, "MARGIN_S": 1.0, "RENEWAL_S": 0.3, "PAUSE_S": 0.1}
"""A lease that is over soon, so that many can be lost in a test."""


class Life(Struct, frozen=True, kw_only=True):
    """What a server is told before it is born."""

    environment: dict[str, str]
    protos: str
    point: str = ""
    """Where it dies; empty if only others end it."""
    commits: int = 1
    """How often it passes there before."""


def serve(life: Life, said: Any) -> None:
    """Serve both doors, without the scheduler, until killed."""
    import asyncio

    import uvicorn

    import api.app
    import sql.lease
    from api.settings import read

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name, seconds in LEASE.items():
        setattr(sql.lease, name, seconds)
    settings = read(life.environment)
    app = api.app.App(settings, protos=Path(life.protos), has_scheduler=False)
    if life.point:
        doom(app.warehouse, life.point, life.commits, said)
    where = {"host": "127.0.0.1", "port": settings.port}
    server = uvicorn.Server(
        uvicorn.Config(app.asgi, **where, log_level="critical", lifespan="on")  # type: ignore[arg-type]
    )

    async def run() -> None:
        serving = asyncio.ensure_future(server.serve())
        while not server.started:
            await asyncio.sleep(0.005)
        said.send("ready")
        await serving

    asyncio.run(run())


def doom(warehouse: Any, point: str, commits: int, said: Any) -> None:
    """Let the process end at a point of an append of events, after it passed there some times."""
    passed = count(1)
    append = warehouse.append

    def reached(place: str) -> None:
        if place == point and next(passed) >= commits:
            said.send(point)
            os.kill(os.getpid(), signal.SIGSTOP if "paused" in point else signal.SIGKILL)

    def dooming(tables: Any, token: str) -> None:
        if "events" in tables:
            reached("before insert")
            reached("paused before insert")
            if point == "during insert" and next(passed) >= commits:
                said.send(point)
                threading.Timer((next(passed) % 8) / 1000, os.kill, (os.getpid(), 9)).start()
        append(tables, token)
        if "streams" in tables:
            reached("between streams and events")
        if "events" in tables:
            reached("between commit and answer")

    warehouse.append = dooming
    if point == "between insert and commit":
        _doom_commits(warehouse, reached)


def _doom_commits(warehouse: Any, reached: Any) -> None:
    """Let DuckDB's `commit` be preceded by the end."""
    opened = warehouse._cursor

    class Dooming:
        def __init__(self, cursor: Any) -> None:
            self._cursor = cursor

        def __getattr__(self, name: str) -> Any:
            return getattr(self._cursor, name)

        def execute(self, text: str, *more: Any) -> Any:
            if text == "commit":
                reached("between insert and commit")
            return self._cursor.execute(text, *more)

    @contextmanager
    def cursor() -> Iterator[Any]:
        with opened() as found:
            yield Dooming(found)

    warehouse._cursor = cursor


def shim(folder: str, said: Any) -> None:
    """Be a ClickHouse over HTTP, until killed."""
    import time

    from tests.clickhouse_shim import Shim, serving

    with serving(Shim(Path(folder))) as port:
        said.send(port)
        time.sleep(1e6)


def audit(url: str, answer: Any) -> None:
    """Send all that is stored: sequence, subscription, transaction id and properties, in order.

    And how many events the door has counted as accepted.
    """
    from sql.warehouse import open_warehouse
    from tests.engines import execute

    warehouse = open_warehouse(url)
    asked = (
        "select e.sequence, s.external_subscription_id, e.transaction_id, e.properties "
        "from events as e join streams as s on s.stream = e.stream order by e.sequence"
    )
    ((counted,),) = execute(warehouse, "select sum(accepted) from receptions")
    answer.send(([tuple(row) for row in execute(warehouse, asked)], int(counted)))
    warehouse.close()
