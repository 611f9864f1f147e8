"""What came through the door, counted as it was answered: the side of the books nobody recomputes.

A commit stores its events, then what was rejected, then its counts: one row for each organization
and instant of reception. Only then is anybody answered. A crash before the counts leaves events
that nobody was told of; the next writer counts them as accepted before it stores anything else. It
leaves rejected rows whose reception is nowhere: those count for nothing, and are not shown.
"""

from collections.abc import Iterable, Sequence

import polars as pl

from ingest import batch
from ingest.event import EPOCH
from ingest.group import Group
from ingest.verdicts import VerdictKind
from metering import columns
from sql.types import INSTANT
from sql.warehouse import Warehouse

OWNER = ("organization_id", "received_at")

COUNTS = ("accepted", "duplicates", "withheld", "rejected")

RECEPTIONS = pl.Schema({
    "reception": pl.Int64(), "organization_id": pl.String(), "received_at": INSTANT,
    **dict.fromkeys(COUNTS, pl.Int64()), "sequence": pl.Int64(),
})  # fmt: skip
"""Rows by their number; `sequence` is the last event that is counted with this row or before."""

COUNTED = {
    VerdictKind.accepted: "accepted", VerdictKind.duplicate: "duplicates",
    VerdictKind.withheld: "withheld", VerdictKind.rejected: "rejected",
}  # fmt: skip


class Receptions:
    """How far the door has counted. Only the writer adds to it."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        found = warehouse.query("ingest/counted").row(0, named=True)
        self._number: int = found["reception"]
        self._sequence: int = found["sequence"]

    def of(
        self, groups: Sequence[Group], outcomes: Sequence[pl.DataFrame], sequence: int
    ) -> pl.DataFrame:
        """Count what became of groups, now that events up to `sequence` are stored."""
        owners = pl.DataFrame(
            [(group.organization, group.received_at, len(group.rejected)) for group in groups],
            schema={"organization_id": pl.String, "received_at": INSTANT, "unread": pl.Int64},
            orient="row",
        )
        sizes = pl.Series([len(outcome) for outcome in outcomes], dtype=pl.UInt32)
        place = pl.select(pl.int_range(len(groups), dtype=pl.UInt32).repeat_by(sizes)).to_series()
        each = owners[place.explode(empty_as_null=False)].with_columns(
            unread=pl.lit(0, pl.Int64),
            verdict=pl.concat([outcome["verdict"] for outcome in outcomes]),
        )
        summed = (
            pl.concat([owners.with_columns(verdict=pl.lit(None, pl.String)), each])
            .group_by(OWNER, maintain_order=True)
            .agg(
                *((pl.col("verdict") == verdict.value).sum().cast(pl.Int64).alias(name)
                  for verdict, name in COUNTED.items()),
                unread=pl.col("unread").sum(),
            )
            .with_columns(rejected=pl.col("rejected") + pl.col("unread"))
        )  # fmt: skip
        return self._numbered(summed, sequence)

    def missing(self, sequence: int) -> pl.DataFrame:
        """Count the events up to `sequence` that were stored, and not counted: a crash came first.

        What an amendment stores is no event that came in. Where there are corrections only, a row
        of nobody says that they are passed.
        """
        if sequence <= self._sequence:
            return RECEPTIONS.to_frame()
        found = self._warehouse.query("ingest/uncounted", after=self._sequence, last=sequence)
        none = pl.lit(0, pl.Int64)
        if found.is_empty():
            found = pl.DataFrame({"organization_id": [""], "received_at": [EPOCH]})
            found = found.with_columns(accepted=none)
        counted = found.with_columns(duplicates=none, withheld=none, rejected=none)
        return self._numbered(counted, sequence)

    def learn(self, stored: pl.DataFrame) -> None:
        """Go on behind what is now stored."""
        self._number += len(stored)
        self._sequence = max(self._sequence, int(stored["sequence"][-1]))

    def _numbered(self, counted: pl.DataFrame, sequence: int) -> pl.DataFrame:
        numbers = pl.int_range(self._number + 1, self._number + 1 + len(counted), dtype=pl.Int64)
        numbered = counted.with_columns(reception=numbers, sequence=pl.lit(sequence, pl.Int64))
        return numbered.select(*RECEPTIONS).cast(RECEPTIONS)


def _sizes(verdicts: pl.Series) -> Iterable[tuple[str, int]]:
    """How often each verdict was given. Most groups are one event."""
    if len(verdicts) == 1:
        return [(verdicts[0], 1)]
    return verdicts.value_counts().rows()


def rejected(groups: Sequence[Group], receptions: pl.DataFrame) -> pl.DataFrame:
    """Return what could not be read, as the warehouse keeps it, with its receptions."""
    frames = [
        group.rejected.select(
            "transaction_id", "external_subscription_id", "code", "reason", "content",
            organization_id=pl.lit(group.organization),
            received_at=pl.lit(group.received_at).cast(INSTANT),
        )
        for group in groups
        if len(group.rejected)
    ]  # fmt: skip
    if not frames:
        return batch.KEPT.to_frame()
    return kept(pl.concat(frames), receptions)


def refusals(rows: pl.DataFrame, reason: str) -> pl.DataFrame:
    """Return rows that passed every check, and that the engine would not take, as `rejected` does.

    An instant that was not sent is that of the reception, also when they come again.
    """
    amount = columns.plain(pl.col("precise_total_amount_cents"))
    content = rows.with_columns(
        timestamp=batch.seconds(), precise_total_amount_cents=amount
    ).select(batch.SAID)
    return rows.select(
        "organization_id", "received_at", "transaction_id", "external_subscription_id", "code",
        reason=pl.lit(reason), content=content.to_struct().struct.json_encode(),
    )  # fmt: skip


def kept(rows: pl.DataFrame, receptions: pl.DataFrame) -> pl.DataFrame:
    """Give rejected rows an id, and the number of their reception."""
    numbers = receptions.select("reception", *OWNER)
    placed = rows.join(numbers, on=OWNER, how="left", maintain_order="left")
    return placed.with_columns(id=columns.ids(len(rows))).select(*batch.KEPT)
