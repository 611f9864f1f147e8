"""Runs: which events of a DuckDB file are to be put in order next, so that readers skip the others.

DuckDB keeps rows as they came, each subscription's among everybody's, and would read all of them to
find a few. A *run* is a stretch of ingestion sequences whose rows lie in order of code and stream.
Behind the last run is the tail: what came since. Runs follow each other without a gap, and small
ones are merged into larger ones, so that a row is moved a few times in its life and not more.
"""

from collections.abc import Sequence

from msgspec import Struct

FEW = 122_880
"""Rows of one group of the engine, the least it can skip: a smaller tail can wait."""

MANY = 1 << 20
"""Rows of a tail that is put in order although more events are coming."""

MOST = 1 << 21
"""Rows of one run: what one step takes of time and memory grows with them."""


class Run(Struct, frozen=True):
    """Events in order, by the first and the last of their sequences."""

    first: int
    last: int

    @property
    def size(self) -> int:
        """How many events it has."""
        return self.last - self.first + 1


def due(runs: Sequence[Run], watermark: int, *, is_idle: bool) -> Run | None:
    """Return the run to be made next, or None: the tail, and with it the small runs before it.

    While events are coming only the tail is put in order, once it is long.
    """
    first = runs[-1].last + 1 if runs else 1
    made = Run(first, min(watermark, first + MOST - 1))
    if made.size < (FEW if is_idle else MANY):
        return None
    for run in reversed(runs if is_idle else ()):
        if run.size >= 2 * made.size or run.size + made.size > MOST:
            break
        made = Run(run.first, made.last)
    return made
