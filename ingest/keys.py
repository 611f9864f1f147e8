"""The identities of all events, as far as memory reaches: most of what is new is known to be new.

An identity has 128 bits; the lower 64 of each are kept here, sorted. Half an identity that is not
found is new for certain. One that is found is looked up in the warehouse, where both halves are.
"""

import polars as pl

from sql.warehouse import Warehouse

MOST = 1 << 25
"""Identities kept in memory: 33 million take 268 MB. Beyond, the warehouse is always asked."""

KNOWN = pl.Schema({
    "key_high": pl.UInt64, "key_low": pl.UInt64, "stream": pl.Int64, "code": pl.String,
    "at": pl.Datetime("us", "UTC"), "sequence": pl.Int64,
})  # fmt: skip
"""What the warehouse says of an identity: the columns of ingest/known."""


class Keys:
    """Which identities are taken.

    Runs are sorted, each at most half as long as the one before it: a lookup searches few of them,
    and an identity is merged only so often as the number of all doubles.
    """

    def __init__(self, warehouse: Warehouse, most: int = MOST) -> None:
        self._warehouse = warehouse
        self._most = most
        self._runs: list[pl.Series] | None = None
        if warehouse.watermark() <= most:
            lows = warehouse.query("ingest/keys")["key_low"]
            self._runs = [lows.sort()] if len(lows) else []

    def known(self, keys: pl.DataFrame) -> pl.DataFrame:
        """Return which of the identities `key_high, key_low` are taken, and by which row."""
        lows = keys["key_low"] if self._runs is None else self._perhaps(keys["key_low"])
        if lows.is_empty():
            return KNOWN.to_frame()
        found = self._warehouse.query("ingest/known", frames={"asked": lows.to_frame()})
        return found.join(keys, on=["key_high", "key_low"], how="semi")

    def add(self, lows: pl.Series) -> None:
        """Remember identities that are now stored."""
        if self._runs is None or lows.is_empty():
            return
        run = lows.sort()
        while self._runs and len(self._runs[-1]) < 2 * len(run):
            run = _merged(self._runs.pop(), run)
        self._runs.append(run)
        if sum(map(len, self._runs)) > self._most:
            self._runs = None

    def _perhaps(self, lows: pl.Series) -> pl.Series:
        """Return those that stand in a run."""
        lows = lows.sort()
        found = pl.repeat(False, len(lows), eager=True)
        for run in self._runs or ():
            places = run.search_sorted(lows).clip(0, len(run) - 1)
            found |= run.gather(places) == lows
        return lows.filter(found)


def _merged(one: pl.Series, other: pl.Series) -> pl.Series:
    name = "key_low"
    frames = (one.alias(name).to_frame(), other.alias(name).to_frame())
    return frames[0].merge_sorted(frames[1], key=name)[name].rechunk()
