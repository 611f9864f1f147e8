"""DuckDB: the warehouse of one machine. The only module that imports duckdb."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

import duckdb
import polars as pl

from sql import runs
from sql.answers import Refused, Unanswered
from sql.runs import Run
from sql.statement import migrations, statement
from sql.types import INSTANT

LOST = (duckdb.IOException, duckdb.FatalException, duckdb.OutOfMemoryException)
"""What says nothing about the rows that were sent: the disk is full, or the file is gone."""

LOG_MB = 256
"""How long the log may get before the engine writes it into the file. So rows are packed once, when
they are put in order, and not by the commit that brings them. After a crash it is read again."""

LAST = """
select coalesce(max(sequence), 0)
from (
    select sequence from events
    union all
    select sequence from corrections where kind = 'void'
)
"""
"""An amendment is passed with the row that it makes."""

INSERT = """
insert into events
select * from events
where sequence between ? and ?
order by code, stream, "at", sequence
"""
"""Puts a copy of rows in order behind all others."""

DELETE = "delete from events where sequence between ? and ? and rowid < 1::bigint << 40"
"""Deletes what was copied. Rows of a transaction that has not committed have far higher rowids."""


class Duck:
    """A DuckDB file, owned by this process. Readers see the last commit; the writer is one.

    Each call has a cursor of its own, so that any thread may call and frames never meet.
    """

    dialect = "duckdb"
    is_shared = False

    def __init__(self, url: str) -> None:
        self._connection = duckdb.connect(url.removeprefix("duckdb:///"))
        self._connection.execute("set timezone = 'UTC'")
        self._connection.execute(f"set checkpoint_threshold = '{LOG_MB}MB'")
        self._tidying = threading.Lock()
        self._counting = threading.Lock()
        self._last: int | None = None
        self._seen = -1

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
                with self._counting:
                    self._last = None
                raise Unanswered(lost) from lost
        if "events" in tables:
            self._count(tables["events"]["sequence"])
        if "corrections" in tables:
            self._count(tables["corrections"].filter(kind="void")["sequence"])

    def _count(self, committed: pl.Series) -> None:
        with self._counting:
            if self._last is not None and len(committed):
                self._last = max(self._last, int(committed.max()))  # type: ignore[arg-type]

    def watermark(self) -> int:
        """Return the highest ingestion sequence, of events and voidings.

        It is read once, and then told by each append: nobody else writes to the file.
        """
        with self._counting:
            if self._last is None:
                with self._cursor() as cursor:
                    cursor.execute(LAST)
                    self._last = int(cursor.fetchall()[0][0])
            return self._last

    def tidy(self) -> bool:
        """Put events in order that came since, or merge what is in order already (`runs.py`).

        One transaction puts a copy of the rows behind all others and deletes them where they were:
        a reader sees the one or the other, and after a crash one of them is there.
        """
        if not self._tidying.acquire(blocking=False):
            return False
        try:
            last = self.watermark()
            is_idle, self._seen = last == self._seen, last
            with self._cursor() as cursor:
                cursor.execute("select first, last from runs order by first")
                made = runs.due([Run(*row) for row in cursor.fetchall()], last, is_idle=is_idle)
                if made is not None:
                    _put_in_order(cursor, made)
            return made is not None
        finally:
            self._tidying.release()

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


def _put_in_order(cursor: duckdb.DuckDBPyConnection, run: Run) -> None:
    span = [run.first, run.last]
    cursor.execute("begin")
    try:
        copied = cursor.execute(INSERT, span).fetchone()
        deleted = cursor.execute(DELETE, span).fetchone()
        assert copied == deleted, f"{copied} events were copied, {deleted} deleted: {run}"
        cursor.execute("delete from runs where first >= ?", [run.first])
        cursor.execute("insert into runs values (?, ?)", span)
        cursor.execute("commit")
    except BaseException:
        cursor.execute("rollback")
        raise
    with suppress(duckdb.TransactionException):  # somebody writes: the next one will do
        cursor.execute("checkpoint")


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
