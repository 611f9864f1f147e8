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
import polars as pl
import pyarrow as pa

from sql.statement import migrations

SHOWN = ("fsync_after_insert", "fsync_part_directory", "max_threads", "max_insert_threads")
"""What the speed of ClickHouse depends on."""


class Engine(Protocol):
    """What floors ask of both engines."""

    dialect: str

    def run(self, text: str, **params: Any) -> pa.Table:
        """Run a statement, and return what it answers."""

    def insert(self, table: str, rows: pa.Table) -> None:
        """Insert rows that have the columns of a table."""

    def settings(self) -> dict[str, str]:
        """Return its version, and what its speed depends on."""

    def close(self) -> None:
        """Let go of the store."""


class BareDuck:
    """DuckDB as it comes: as many threads as it likes, every commit synced."""

    dialect = "duckdb"

    def __init__(self, file: str) -> None:
        self._connection = duckdb.connect(file)
        self._connection.execute("set timezone = 'UTC'")

    def run(self, text: str, **params: Any) -> pa.Table:
        """Run a statement, and return what it answers."""
        return self._connection.execute(text, params or None).to_arrow_table()

    def insert(self, table: str, rows: pa.Table) -> None:
        """Insert rows, and commit."""
        self._connection.register("rows", rows)
        self._connection.execute(f'insert into "{table}" by name select * from rows')
        self._connection.unregister("rows")

    def settings(self) -> dict[str, str]:
        """Return its version, and what its speed depends on."""
        names = ("threads", "memory_limit", "checkpoint_threshold")
        shown = ", ".join(f"current_setting('{name}')::varchar as {name}" for name in names)
        return _first(self.run(f"select version() as version, {shown}"))

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

    def run(self, text: str, **params: Any) -> pa.Table:
        """Run a statement, and return what it answers."""
        return self._client.query_arrow(text, parameters=params)

    def insert(self, table: str, rows: pa.Table) -> None:
        """Insert rows."""
        self._client.insert_arrow(table, rows)

    def settings(self) -> dict[str, str]:
        """Return its version, and what its speed depends on."""
        found = {"version": self._client.command("select version()")}
        for source in ("settings", "merge_tree_settings"):
            asked = f"select name, value from system.{source} where name in {SHOWN}"
            found |= dict(self._client.query(asked).result_rows)
        made = "select engine_full from system.tables where name = 'events' and database = "
        return {**found, "events": self._client.command(f"{made}currentDatabase()")}

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
        numbers = pl.int_range(1, subscriptions + 1, dtype=pl.Int64, eager=True).alias("stream")
        streams = numbers.to_frame().with_columns(
            organization_id=pl.lit("bench"), external_subscription_id=pl.format("sub-{}", "stream")
        )
        engine.insert("streams", streams.to_arrow())
        try:
            yield engine
        finally:
            engine.close()


def text(engine: Engine, name: str, **slots: str) -> str:
    """Return the statement of a floor, in the dialect of an engine, with its slots filled."""
    said = (Path(__file__).parent / engine.dialect / f"{name}.sql").read_text()
    for slot, filled in slots.items():
        said = said.replace(f"{{{{{slot}}}}}", filled)
    return said


def _first(table: pa.Table) -> dict[str, str]:
    return {name: str(table[name][0]) for name in table.column_names}
