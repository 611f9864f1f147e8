"""What one request asks to be written, and many such groups as one frame."""

from collections.abc import Sequence
from concurrent.futures import Future
from datetime import datetime
from itertools import chain, groupby

import polars as pl
from msgspec import Struct, field
from msgspec.structs import replace

from ingest import batch
from sql.types import INSTANT

SMALL = 512
"""Bytes of a row without its properties, about."""

NONE = batch.REJECTED.to_frame()


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
        """Return the first or the second half of the rows."""
        rows = self.rows if isinstance(self.rows, pl.DataFrame) else batch.of(self.rows)
        middle = len(rows) // 2
        return replace(self, rows=rows[:middle] if which == 0 else rows[middle:])


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


def rejected(groups: Sequence[Group]) -> pl.DataFrame:
    """Return what could not be read, as the warehouse keeps it."""
    frames = [
        group.rejected.select(
            organization_id=pl.lit(group.organization),
            received_at=pl.lit(group.received_at).cast(INSTANT),
            reason="reason",
            content="content",
        )
        for group in groups
        if len(group.rejected)
    ]
    return pl.concat(frames) if frames else batch.KEPT.to_frame()
