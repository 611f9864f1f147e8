"""What one request asks to be written, and many such groups as one frame."""

from collections.abc import Sequence
from concurrent.futures import Future
from datetime import datetime
from itertools import chain, groupby

import polars as pl
from msgspec import Struct, field
from msgspec.structs import replace

from ingest import batch
from ingest.event import CorrectionKind
from sql.types import INSTANT

SMALL = 512
"""Bytes of a row without its properties, about."""

NONE = batch.REJECTED.to_frame()


class Correction(Struct, frozen=True, array_like=True):
    """What is put right: the row that counts no more, and why. Its group has the row after it."""

    kind: CorrectionKind
    event_sequence: int
    reason: str
    corrected_by: str
    corrected_at: datetime


class Group(Struct, kw_only=True):
    """What one request asks to be written, and where it waits for its answer."""

    organization: str
    received_at: datetime
    rows: pl.DataFrame | Sequence[tuple[object, ...]]
    """`batch.ROWS`."""
    is_whole: bool
    """All or nothing; else each row has its own verdict, and duplicates are compared."""
    rejected: pl.DataFrame = NONE
    """What could not be read, to be kept with its reason."""
    correction: Correction | None = None
    """What takes the place of events: a group with a correction has one row, and stores no event of
    its own."""
    is_handed: bool = False
    """Whether another process took it in, and handed it over to be written here or nowhere."""
    answer: "Future[pl.DataFrame]" = field(default_factory=Future)

    @property
    def size(self) -> int:
        """How many rows it has, read or not."""
        return len(self.rows) + len(self.rejected)

    @property
    def bytes(self) -> int:
        """How much room it takes, about."""
        if isinstance(self.rows, pl.DataFrame):
            return int(self.rows.estimated_size() + self.rejected.estimated_size())
        return sum(SMALL + len(str(properties)) for *_, properties, _ in self.rows)

    def half(self, which: int) -> "Group":
        """Return the first half, with what could not be read, or the second."""
        rows = self.rows if isinstance(self.rows, pl.DataFrame) else batch.of(self.rows)
        middle = len(rows) // 2
        if which == 0:
            return replace(self, rows=rows[:middle])
        return replace(self, rows=rows[middle:], rejected=NONE)


def joined(groups: Sequence[Group]) -> pl.DataFrame:
    """Return the rows of all groups in order, each with its group, organization and reception."""
    frames: list[pl.DataFrame] = []
    for is_frame, some in groupby(groups, lambda group: isinstance(group.rows, pl.DataFrame)):
        rows = (group.rows for group in some)
        frames += rows if is_frame else [batch.of(list(chain.from_iterable(rows)))]  # type: ignore[arg-type]
    sizes = pl.Series([len(group.rows) for group in groups], dtype=pl.UInt32)
    places = pl.select(pl.int_range(len(groups), dtype=pl.UInt32).repeat_by(sizes))
    of_group = places.to_series().explode(empty_as_null=False)
    organizations = pl.Series([group.organization for group in groups])
    receptions = pl.Series([group.received_at for group in groups], dtype=INSTANT)
    return pl.concat(frames).with_columns(
        group=of_group,
        organization_id=organizations.gather(of_group),
        received_at=receptions.gather(of_group),
    )
