"""DuckDB: the warehouse of one machine. The only module that imports duckdb."""

from __future__ import annotations

import atexit
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any

import duckdb
import polars as pl

from sql.answers import Refused, Unanswered
from sql.statement import migrations, statement
from sql.types import INSTANT

LOST = (duckdb.IOException, duckdb.FatalException, duckdb.OutOfMemoryException)
"""What says nothing about the rows that were sent: the disk is full, or the file is gone."""


class Duck:
    """A DuckDB file, owned by this process. Readers see the last commit; the writer is one.

    Each call has a cursor of its own, so that any thread may call and frames never meet.
    """

    dialect = "duckdb"
    is_shared = False

    def __init__(self, url: str) -> None:
        self._connection = duckdb.connect(url.removeprefix("duckdb:///"))
        self._connection.execute("set timezone = 'UTC'")

    def migrate(self) -> None:
        """Bring the tables up to their newest shape, each step in a transaction of its own."""
        with self._connection.cursor() as cursor:
            cursor.execute("create table if not exists migrations (name varchar primary key)")
            done = {name for (name,) in cursor.execute("select name from migrations").fetchall()}
            for name, texts in migrations(self.dialect):
                if name in done:
                    continue
                cursor.execute("begin")
                for text in texts:
                    cursor.execute(text)
                cursor.execute("insert into migrations values (?)", [name])
                cursor.execute("commit")

    def query(
        self, name: str, /, *,
        frames: Mapping[str, pl.DataFrame] | None = None,
        slots: Mapping[str, str] | None = None,
        **params: Any,
    ) -> pl.DataFrame:  # fmt: skip
        """Run a statement and return its answer as columns."""
        asked = statement(self.dialect, name)
        sent = dict(frames or {})
        asked.takes(sent, params)
        with self._cursor() as cursor:
            for table, frame in sent.items():
                cursor.register(table, frame.to_arrow())
            answer = cursor.sql(asked.fill(dict(slots or {})), params=params).pl()
        return asked.checked(_in_utc(answer))

    def append(self, tables: Mapping[str, pl.DataFrame], token: str) -> None:
        """Add rows to tables in one transaction, synced to disk before this returns.

        Raises: Refused, and nothing was written; Unanswered.
        """
        with self._cursor() as cursor:
            cursor.execute("begin")
            try:
                for table, frame in tables.items():
                    cursor.register("rows", frame.to_arrow())
                    cursor.execute(f'insert into "{table}" by name select * from rows')
                    cursor.unregister("rows")
            except duckdb.Error as refused:
                cursor.execute("rollback")
                if isinstance(refused, LOST):
                    raise
                raise Refused(str(refused)) from refused
            try:
                cursor.execute("commit")
            except duckdb.Error as lost:
                raise Unanswered(lost) from lost

    def watermark(self) -> int:
        """Return the highest ingestion sequence: one writer commits them in order."""
        with self._cursor() as cursor:
            found = cursor.execute("select coalesce(max(sequence), 0) from events").fetchone()
        assert found is not None
        return int(found[0])

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._connection.cursor() as cursor:
            try:
                yield cursor
            except LOST as lost:
                raise Unanswered(lost) from lost


@cache
def _calculator() -> duckdb.DuckDBPyConnection:
    """An engine without tables, for what frames cannot compute themselves."""
    made = duckdb.connect()
    atexit.register(_calculator.cache_clear)
    return made


def identities(streams: pl.Series, transactions: pl.Series) -> pl.DataFrame:
    """Return the 128 bits that identify each event, on every engine, as two columns.

    Rule:    md5(stream ':' transaction_id), read as one little-endian number.
    """
    sent = pl.DataFrame({"stream": streams, "transaction_id": transactions})
    with _calculator().cursor() as cursor:
        cursor.register("sent", sent.to_arrow())
        return cursor.sql(
            "select (key >> 64)::ubigint as key_high, "
            "(key & 18446744073709551615::uhugeint)::ubigint as key_low "
            "from (select md5_number(stream || ':' || transaction_id) as key from sent)"
        ).pl()


def _in_utc(frame: pl.DataFrame) -> pl.DataFrame:
    """DuckDB names UTC after its folder in the zone files; frames name it UTC everywhere."""
    stamps = [
        name for name, kind in frame.schema.items()
        if isinstance(kind, pl.Datetime) and kind.time_zone
    ]  # fmt: skip
    return frame.with_columns(pl.col(stamps).dt.convert_time_zone("UTC").cast(INSTANT))
