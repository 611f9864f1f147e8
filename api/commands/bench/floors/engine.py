"""The bare engines: DuckDB, and ClickHouse in process, each with our tables and nothing else."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs

import clickhouse_connect
import duckdb
import pyarrow as pa

from api.commands.bench import events
from sql.statement import migrations


class Engine(Protocol):
    """What floors ask of both engines."""

    dialect: str

    def run(self, text: str, **params: Any) -> None:
        """Run a statement that answers nothing."""

    def query(self, text: str, **params: Any) -> pa.Table:
        """Run a statement, and return what it answers."""

    def insert(self, table: str, rows: pa.Table) -> None:
        """Insert rows that have the columns of a table, and return when they are on disk."""

    def close(self) -> None:
        """Let go of the store."""


class BareDuck:
    """DuckDB as it comes."""

    dialect = "duckdb"

    def __init__(self, file: str) -> None:
        self._connection = duckdb.connect(file)
        self._connection.execute("set timezone = 'UTC'")

    def run(self, text: str, **params: Any) -> None:
        """Run a statement that answers nothing."""
        self._connection.execute(text, params or None)

    def query(self, text: str, **params: Any) -> pa.Table:
        """Run a statement, and return what it answers."""
        return self._connection.sql(text, params=params or None).to_arrow_table()

    def insert(self, table: str, rows: pa.Table) -> None:
        """Insert rows, and commit."""
        self._connection.register("rows", rows)
        self._connection.execute(statement(self, "insert", table=table))
        self._connection.unregister("rows")

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


class BareClick:
    """ClickHouse in process as it comes, on tables that sync every insert."""

    dialect = "clickhouse"

    def __init__(self, folder: str, database: str) -> None:
        reach: dict[str, Any] = {"interface": "chdb", "path": folder}
        with clickhouse_connect.get_client(**reach) as client:
            client.command(f"create database if not exists `{database}`")
        self._client = clickhouse_connect.get_client(**reach, database=database)

    def run(self, text: str, **params: Any) -> None:
        """Run a statement that answers nothing."""
        self._client.command(text, parameters=params)

    def query(self, text: str, **params: Any) -> pa.Table:
        """Run a statement, and return what it answers."""
        return self._client.query_arrow(text, parameters=params)

    def insert(self, table: str, rows: pa.Table) -> None:
        """Insert rows."""
        self._client.insert_arrow(table, rows)

    def close(self) -> None:
        """Let go of the folder."""
        self._client.close()


def opened(url: str) -> Engine:
    """Open the bare engine at the URL of a warehouse."""
    kind, _, rest = url.partition(":///")
    if kind == "duckdb":
        return BareDuck(rest)
    assert kind == "chdb", f"no bare engine opens {kind}:"
    folder, _, asked = rest.partition("?")
    (database,) = parse_qs(asked).get("database", ["invora"])
    return BareClick(folder, database)


@contextmanager
def fresh(kind: str, subscriptions: int) -> Iterator[Engine]:
    """Yield an engine with our tables, all empty but the dictionary of streams."""
    with tempfile.TemporaryDirectory(prefix="invora-floor-") as folder:
        engine = opened(f"{kind}:///{folder}/store")
        for _, texts in migrations(engine.dialect):
            for text in texts:
                engine.run(text)
        engine.insert("streams", events.streams("bench", subscriptions).to_arrow())
        try:
            yield engine
        finally:
            engine.close()


def statement(engine: Engine, name: str, **slots: str) -> str:
    """Return the statement of a floor, in the dialect of an engine, with its slots filled."""
    said = (Path(__file__).parent / engine.dialect / f"{name}.sql").read_text()
    for slot, filled in slots.items():
        said = said.replace(f"{{{{{slot}}}}}", filled)
    return said


def settings(engine: Engine) -> dict[str, str]:
    """Return the version of an engine, and what its speed depends on."""
    found = engine.query(statement(engine, "settings"))
    return {name: str(found[name][0]) for name in found.column_names}
