"""The identities of all events, as far as memory reaches: most of what is new is known to be new.

An identity has 128 bits; the lower 64 of each are kept here, sorted. Half an identity that is not
found is new for certain. One that is found is looked up in the warehouse, where both halves are.
"""

import polars as pl

from sql.warehouse import Warehouse

MOST = 1 << 25
"""Identities kept in memory: 33 million take 268 MB. Beyond, the warehouse is always asked."""

KNOWN = pl.Schema({
    "key_high": pl.UInt64(), "key_low": pl.UInt64(), "stream": pl.Int64(), "code": pl.String(),
    "at": pl.Datetime("us", "UTC"), "sequence": pl.Int64(),
})  # fmt: skip
"""What the warehouse says of an identity: the columns of ingest/known."""


FEW = 1 << 16
"""Identities that are too few for a run of their own."""


class Keys:
    """Which identities are taken.

    Few new ones are kept in a set, then sorted into a run. A run is at most half as long as the one
    before it: a lookup searches few of them, and an identity is merged only so often as the number
    of all doubles.
    """

    def __init__(self, warehouse: Warehouse, most: int = MOST) -> None:
        self._warehouse = warehouse
        self._most = most
        self._few: set[int] = set()
        self._runs: list[pl.Series] = []
        self._is_full = warehouse.watermark() > most
        if not self._is_full:
            self._sort(warehouse.query("ingest/keys")["key_low"])

    def known(self, keys: pl.DataFrame) -> pl.DataFrame:
        """Return which of the identities `key_high, key_low` are taken, and by which row.

        Of an event that was amended it is the row that counts now.
        """
        lows = keys["key_low"] if self._is_full else self._perhaps(keys["key_low"])
        if lows.is_empty():
            return KNOWN.to_frame()
        found = self._warehouse.query("ingest/known", frames={"asked": lows.to_frame()})
        taken = found.join(keys, on=["key_high", "key_low"], how="semi")
        return taken.sort("sequence").unique(["key_high", "key_low"], keep="last")

    def are_new(self, lows: pl.Series) -> bool:
        """Whether none of them is taken, for all that memory says."""
        return not self._is_full and self._perhaps(lows).is_empty()

    def add(self, lows: pl.Series) -> None:
        """Remember identities that are now stored."""
        if self._is_full:
            return
        self._few.update(lows.to_list() if len(lows) < FEW else ())
        if len(lows) >= FEW:
            self._sort(lows)
        if len(self._few) >= FEW:
            self._sort(pl.Series(list(self._few), dtype=pl.UInt64))
            self._few.clear()
        if len(self._few) + sum(map(len, self._runs)) > self._most:
            self._is_full, self._runs, self._few = True, [], set()

    def _sort(self, lows: pl.Series) -> None:
        run = lows.sort()
        while self._runs and len(self._runs[-1]) < 2 * len(run):
            run = _merged(self._runs.pop(), run)
        if len(run):
            self._runs.append(run)

    def _perhaps(self, lows: pl.Series) -> pl.Series:
        """Return those that are remembered."""
        found = [pl.Series(list(self._few.intersection(lows.to_list())), dtype=pl.UInt64)]
        ordered = lows.sort() if self._runs else lows
        for run in self._runs:
            places = run.search_sorted(ordered).clip(0, len(run) - 1)
            found.append(ordered.filter(run.gather(places) == ordered))
        return pl.concat(found).alias("key_low")


def _merged(one: pl.Series, other: pl.Series) -> pl.Series:
    name = "key_low"
    frames = (one.alias(name).to_frame(), other.alias(name).to_frame())
    return frames[0].merge_sorted(frames[1], key=name)[name].rechunk()
