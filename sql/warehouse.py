"""The warehouse: usage events and facts, all that is scanned. DuckDB or ClickHouse, by its URL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import polars as pl

from sql.answers import Refused, Unanswered

__all__ = ["Refused", "Unanswered", "Warehouse", "open_warehouse"]


class Warehouse(Protocol):
    """What both engines offer. Any thread may call it."""

    dialect: str
    """`duckdb` or `clickhouse`: the folder its statements are read from."""

    is_shared: bool
    """Whether other processes may write to it too."""

    def migrate(self) -> None:
        """Bring the tables up to their newest shape. Safe to repeat."""

    def query(
        self, name: str, /, *,
        frames: Mapping[str, pl.DataFrame] | None = None,
        slots: Mapping[str, str] | None = None,
        **params: Any,
    ) -> pl.DataFrame:  # fmt: skip
        """Run sql/<dialect>/<name>.sql and return its answer as columns.

        `frames` can be read by the statement as tables of their names; `params` are bound;
        `slots` are text written by our code. The answer has the column types of the header.
        """

    def append(self, tables: Mapping[str, pl.DataFrame], token: str) -> None:
        """Add rows to tables, in the order given, and return when they would survive power loss.

        DuckDB keeps all of it or nothing. ClickHouse writes table after table; one that was
        already written under the same token is not written again, so a repeat is harmless.

        Raises: Refused when the engine would not take the rows, none of which it kept; Unanswered
        when nobody can say whether it took them.
        """

    def watermark(self) -> int:
        """Return the highest ingestion sequence up to which every event is here for good."""

    def tidy(self) -> bool:
        """Put in order what has come, a bounded part at a time, and return whether there was any.

        What is read does not change. ClickHouse does this by itself.
        """

    def close(self) -> None:
        """Let go of every connection."""


def open_warehouse(url: str) -> Warehouse:
    """Open the warehouse at a URL.

    `duckdb:///file`, `chdb:///folder` (the ClickHouse engine in this process; its one database may
    be chosen by `?database=`), or `clickhouse://user:password@host:port/database`.
    """
    kind, _, _ = url.partition(":")
    if kind == "duckdb":
        from sql.duck import Duck

        return Duck(url)
    assert kind in ("chdb", "clickhouse"), f"no warehouse is kept at {kind}:"
    from sql.click import Click

    return Click(url)
