"""ClickHouse: the warehouse of many machines, or inside this process. Only here is its driver."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from queue import Empty, LifoQueue
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import clickhouse_connect
import polars as pl
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import DatabaseError, OperationalError

from sql.answers import Refused, Unanswered
from sql.cluster import FRAMES, PARTED, READING, WRITING, clustered, shard
from sql.statement import Statement, migrations, statement

log = logging.getLogger("invora.warehouse")

SETTINGS = {"join_use_nulls": 1}
"""What a missing side of a join is: null, as everywhere else."""

INSERTING = {
    "async_insert": 0,
    "max_execution_time": 8,
    "max_insert_block_size": 1 << 30,
    "min_insert_block_size_bytes": 0,
    "min_insert_block_size_rows": 0,
}
"""An insert is answered when its rows are stored, and is one part: all of it is stored, or none."""

ASKED = {
    "chdb": {"database", "retention_days"},
    "clickhouse": {"cluster", "retention_days", "secure", "ca_cert"},
}
"""What may stand behind the question mark of a URL."""

PASSING = frozenset({32, 159, 202, 209, 210, 241, 243, 252, 279, 319, 394, 425, 439, 999})
"""Codes of errors that are about the server: time, memory, network, or too much at once."""

TORN = frozenset({33, 40, 228, 271, 432})
"""Codes of errors that say that what was read from the disk is not what was written there."""

REFUSALS = frozenset({6, 26, 27, 38, 41, 53, 69, 70, 72, 117, 131, 321, 349, 407, 469})
"""Codes of errors that are about the rows: they cannot be parsed, cast, or admitted."""


class Click:
    """A ClickHouse database over HTTP, or the same engine in this process (`chdb:///folder`).

    A client is used by one call at a time: its session holds the frames of that call. One that
    failed is thrown away, for the engine in process answers the next question on a failed handle
    with the rest of the last error (chdb 26.9).
    """

    dialect = "clickhouse"

    def __init__(self, url: str) -> None:
        self._reach = _reach(url)
        self._asked = _asked(url)
        self._cluster = self._asked.get("cluster", "")
        self._shards = 1
        self.is_shared = self._reach.get("interface") != "chdb"
        self._idle: LifoQueue[Client] = LifoQueue()
        self._create()

    def _create(self) -> None:
        """Make the database if it is missing, and see that the engine answers."""
        database = self._reach["database"]
        client = clickhouse_connect.get_client(**{**self._reach, "database": None})
        try:
            on = f" on cluster {_name(self._cluster)}" if self._cluster else ""
            client.command(f"create database if not exists {_name(database)}{on}")
            if self._cluster:
                self._shards = self._count_shards(client)
        finally:
            client.close()

    def _count_shards(self, client: Client) -> int:
        asked = "select uniqExact(shard_num) from system.clusters where cluster = {name:String}"
        (shards,) = client.query(asked, parameters={"name": self._cluster}).result_rows[0]
        assert shards, f"ClickHouse knows no cluster {self._cluster}"
        return int(shards)

    def migrate(self) -> None:
        """Bring the tables up to their newest shape. Its statements can be repeated."""
        with self._client() as client:
            for text in self._on_cluster(
                "create table if not exists migrations (name String)\n"
                "engine = MergeTree order by name settings fsync_after_insert = 1"
            ):
                client.command(text)
            done = {name for (name,) in client.query("select name from migrations").result_rows}
            for name, texts in migrations(self.dialect):
                if name in done:
                    continue
                for text in texts:
                    for each in self._on_cluster(text):
                        client.command(each)
                client.insert("migrations", [[name]], column_names=["name"])
            self._retain(client)

    def _on_cluster(self, text: str) -> list[str]:
        return clustered(text, self._cluster) if self._cluster else [text]

    def _retain(self, client: Client) -> None:
        """Let events expire some days after they were received, if the URL says so.

        The newest that is known now stays, whatever its age: the writer goes on behind it.
        """
        days = self._asked.get("retention_days", "")
        local = "events_local" if self._cluster else "events"
        on = f" on cluster {_name(self._cluster)}" if self._cluster else ""
        is_set = "select engine_full like '% TTL %' from system.tables "
        found = client.query(f"{is_set} where database = currentDatabase() and name = '{local}'")
        if days:
            last = int(client.query("select max(sequence) from events").result_rows[0][0])
            log.warning("events expire %s days after reception; recurring metrics lose them", days)
            rule = f"toDateTime(received_at) + toIntervalDay({int(days)}) where sequence < {last}"
            quiet = {"materialize_ttl_after_modify": 0}
            client.command(f"alter table {local}{on} modify ttl {rule}", settings=quiet)
        elif found.result_rows[0][0]:
            client.command(f"alter table {local}{on} remove ttl")

    def query(
        self, name: str, /, *,
        frames: Mapping[str, pl.DataFrame] | None = None,
        slots: Mapping[str, str] | None = None,
        **params: Any,
    ) -> pl.DataFrame:  # fmt: skip
        """Run a statement and return its answer as columns.

        A projection is not synced as rows are: one that a power cut tore raises an error, and then
        the rows themselves are asked.
        """
        asked = statement(self.dialect, name)
        sent = dict(frames or {})
        asked.takes(sent, params)
        text = asked.fill(dict(slots or {}))
        try:
            answer = self._answer(text, sent, params, {})
        except DatabaseError as failed:
            if failed.code not in TORN:
                raise
            log.warning("a projection is torn: %s", failed)
            answer = self._answer(text, sent, params, {"optimize_use_projections": 0})
        return asked.checked(_frame(asked, answer))

    def _answer(
        self, text: str, sent: Mapping[str, pl.DataFrame], params: dict[str, Any],
        settings: dict[str, Any],
    ) -> Any:  # fmt: skip
        """Run a query and return its answer in Arrow.

        A frame is a temporary table of the session (5 ms for one row, 30 for 50,000): seen by
        this call alone, and gone with the session if the process dies.
        """
        if self._cluster and sent:
            settings = {**settings, **FRAMES}
        with self._client() as client:
            for table, frame in sent.items():
                client.command(f"create or replace temporary table {table} ({_columns(frame)})")
                if not frame.is_empty():
                    client.insert_arrow(table, frame.to_arrow())
            answer = client.query_arrow(text, parameters=params, settings=settings)
            for table in sent:
                client.command(f"drop temporary table {table}")
        return answer

    def append(self, tables: Mapping[str, pl.DataFrame], token: str) -> None:
        """Add rows to tables one after another, each insert synced to disk before it answers.

        Raises: Refused, Unanswered.
        """
        with self._client() as client:
            for table, frame in tables.items():
                settings = {**INSERTING, "insert_deduplication_token": f"{token}-{table}"}
                if self._cluster:
                    settings |= WRITING
                    if table in PARTED:
                        settings["insert_shard_id"] = shard(token, self._shards)
                try:
                    client.insert_arrow(table, frame.rechunk().to_arrow(), settings=settings)
                except DatabaseError as failed:
                    known = Refused if failed.code in REFUSALS else Unanswered
                    raise known(str(failed)) from failed

    def watermark(self) -> int:
        """Return the highest ingestion sequence, of events and voidings.

        An amendment is passed with the row that it makes.
        """
        asked = (
            "select greatest((select max(sequence) from events), "
            "(select max(sequence) from corrections where kind = 'void'))"
        )
        with self._client() as client:
            return int(client.query(asked).result_rows[0][0])

    def tidy(self) -> bool:
        """Do nothing: the engine merges its parts by itself."""
        return False

    def close(self) -> None:
        """Let go of every connection that is idle."""
        while True:
            try:
                self._idle.get_nowait().close()
            except Empty:
                return

    @contextmanager
    def _client(self) -> Iterator[Client]:
        client = None
        try:
            client = self._take()
            yield client
        except BaseException as failed:
            if client is not None:
                client.close()
            if isinstance(failed, OSError) or _is_passing(failed):
                raise Unanswered(failed) from failed
            raise
        self._idle.put(client)

    def _take(self) -> Client:
        """Take a client that is idle, or make one."""
        try:
            return self._idle.get_nowait()
        except Empty:
            settings = {**SETTINGS, **(READING if self._cluster else {})}
            return clickhouse_connect.get_client(**self._reach, settings=settings)


def _is_passing(failed: BaseException) -> bool:
    """Whether an error says nothing about what was asked: the same may succeed later."""
    return isinstance(failed, OperationalError) or (
        isinstance(failed, DatabaseError) and failed.code in PASSING
    )


def _asked(url: str) -> dict[str, str]:
    """Read what a URL says behind its question mark."""
    said = {name: values[-1] for name, values in parse_qs(urlsplit(url).query).items()}
    known = ASKED[urlsplit(url).scheme]
    assert set(said) <= known, f"a warehouse's URL may say {known}, not {set(said) - known}"
    return said


def _reach(url: str) -> dict[str, Any]:
    """Read a URL as the driver's arguments."""
    parts, asked = urlsplit(url), _asked(url)
    if parts.scheme == "chdb":
        folder = url.partition("?")[0].removeprefix("chdb:///")
        return {"interface": "chdb", "path": folder, "database": asked.get("database", "invora")}
    is_secure = asked.get("secure", "") in ("1", "true")
    more = {"ca_cert": asked["ca_cert"]} if "ca_cert" in asked else {}
    return {
        "host": parts.hostname,
        "port": parts.port or (8443 if is_secure else 8123),
        "username": unquote(parts.username or "default"),
        "password": unquote(parts.password or ""),
        "database": parts.path.strip("/") or "invora",
        "secure": is_secure,
        "compress": "lz4",
        "send_receive_timeout": 120,
        **more,
    }


def _columns(frame: pl.DataFrame) -> str:
    """Declare a table for a frame. Only what has nulls is nullable: a key must not be."""
    declared = (
        f"{_name(column.name)} "
        + (f"Nullable({_kind(column.dtype)})" if column.null_count() else _kind(column.dtype))
        for column in frame
    )
    return ", ".join(declared)


def _kind(dtype: pl.DataType) -> str:
    """Return the engine's word for a frame's column type. There is none for floats."""
    if isinstance(dtype, pl.Decimal):
        return f"Decimal({dtype.precision}, {dtype.scale})"
    if isinstance(dtype, pl.List):
        return f"Array({_kind(dtype.inner)})"  # type: ignore[arg-type]
    if isinstance(dtype, pl.Datetime):
        assert (dtype.time_unit, dtype.time_zone) == ("us", "UTC"), dtype
        return "DateTime64(6, 'UTC')"
    return _KINDS[type(dtype)]


_KINDS: dict[type[pl.DataType], str] = {
    pl.Int64: "Int64", pl.Int32: "Int32", pl.Int16: "Int16", pl.Int8: "Int8",
    pl.UInt64: "UInt64", pl.UInt32: "UInt32", pl.UInt16: "UInt16", pl.UInt8: "UInt8",
    pl.String: "String", pl.Boolean: "Bool", pl.Date: "Date32",
}  # fmt: skip


def _frame(asked: Statement, answer: Any) -> pl.DataFrame:
    """Give the answer the column types of the header: the zone and the unit of instants."""
    frame = pl.from_arrow(answer)
    assert isinstance(frame, pl.DataFrame)
    return frame.cast({n: k for n, k in asked.schema.items() if isinstance(k, pl.Datetime)})


def _name(word: str) -> str:
    """Quote a name."""
    return "`" + word.replace("\\", "\\\\").replace("`", "\\`") + "`"
