"""The dictionary of streams: a number for each external subscription id of an organization.

A stream is all that was ever sent for one external subscription id, whether or not there is such a
subscription. Numbers are given at first sight and never again.
"""

import polars as pl

from sql.warehouse import Warehouse

PAIR = ("organization_id", "external_subscription_id")

STREAMS = pl.Schema({"stream": pl.Int64(), **dict.fromkeys(PAIR, pl.String())})
"""The columns of the dictionary."""

MOST = 1 << 20
"""Streams remembered; the warehouse knows them all."""


class Streams:
    """The numbers of streams. Only the writer gives new ones."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self.known: dict[tuple[str, ...], int] = {}
        """Some of them, all of which are stored."""
        self._last = int(warehouse.query("ingest/newest")["stream"][0])

    def number(self, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return rows with their `stream`, and the streams that are new.

        The new ones are known once `learn` is told that they are stored.
        """
        wanted = rows.select(PAIR).unique(maintain_order=True)
        pairs = wanted.rows()
        if len(self.known) + len(pairs) > MOST:
            self.known.clear()
        if unknown := [pair for pair in pairs if pair not in self.known]:
            asked = pl.DataFrame(unknown, schema=wanted.schema, orient="row")
            self._remember(self._warehouse.query("ingest/streams", frames={"wanted": asked}))
        fresh = [pair for pair in pairs if pair not in self.known]
        given = {pair: self._last + place for place, pair in enumerate(fresh, 1)}
        numbers = [self.known.get(pair) or given[pair] for pair in pairs]
        wanted = wanted.with_columns(stream=pl.Series(numbers, dtype=pl.Int64))
        numbered = rows.join(wanted, on=PAIR, how="left", maintain_order="left")
        return numbered, wanted.filter(pl.col("stream") > self._last).select(*STREAMS)

    def learn(self, fresh: pl.DataFrame) -> None:
        """Remember streams that are now stored."""
        self._remember(fresh)
        self._last += len(fresh)

    def _remember(self, streams: pl.DataFrame) -> None:
        self.known.update(zip(streams.select(PAIR).rows(), streams["stream"], strict=True))
