"""What can be asked of the books: where everything is, and what has changed since."""

from datetime import UTC, datetime
from typing import Any

import polars as pl

import ingest
from analytics.reconciliation import books, queries
from analytics.reconciliation.books import END, Books
from analytics.reconciliation.model import (
    ChangeReason,
    EventReason,
    InvoiceChange,
    Reconciliation,
    ReconciliationDifference,
    ReconciliationLine,
    UnbilledEvent,
    UnbilledReason,
)
from analytics.reconciliation.requests import (
    InvoiceChangeQuery,
    ReconciliationQuery,
    UnbilledEventQuery,
)
from billing import invoices
from metering.columns import COUNT
from metering.measures.shapes import Page
from metering.quantities import NUMBER
from metering.windows import EVER
from sql.work import Work

EVENTS = 2_000_000
"""Events whose reasons are worked out at once, about: it bounds the memory that takes."""

ALL = 2**40
"""More groups than there are."""

LINE = ["invoice_id", "external_subscription_id", "charge_id"]


def reconcile(work: Work, query: ReconciliationQuery) -> Reconciliation:
    """Report what came in during some time: what is billed, and why the rest is not.

    Each event counts once, also where several metrics count it: it is billed if one of them is.
    What came in is what the counters of the door say, not the table of events; what is billed is
    held against what the fees say that they counted. So an event that is lost or doubled shows.
    """
    first, stop = _zoned(query.received_from, EVER), _zoned(query.received_to, END)
    received: dict[str, Any] = {"organization": work.organization, "start": first, "stop": stop}
    (door,) = work.warehouse.query("reconciliation/received", **received).to_dicts()
    until = door.pop("until")
    stored = work.warehouse.query("reconciliation/stored", **received, until=until)
    rows, earliest, latest = stored.row(0)
    read = books.books(work, earliest or EVER, latest or END)
    parts = -(-max(rows, 1) // EVENTS)
    told = _reasons(work, read, parts, **received, until=until)
    rejected = work.warehouse.query("reconciliation/rejected", **received)
    lines = _lines(door, rejected, told)
    differences = _differences(work, read, parts)
    events = int(told["events"].sum())
    billed = int(told.filter(reason=EventReason.billed.value)["events"].sum())
    is_whole = not any(line.reason is UnbilledReason.lost for line in lines)
    return Reconciliation(
        received_from=query.received_from,
        received_to=query.received_to,
        received_events_count=sum(door.values()),
        accepted_events_count=door["accepted"],
        billed_events_count=billed,
        unbilled_events_count=sum(line.events_count for line in lines),
        doubled_events_count=rows - events,
        is_closed=is_whole and rows == events and not differences,
        unbilled=lines,
        differences=differences,
    )


def browse_unbilled(work: Work, query: UnbilledEventQuery) -> Page[UnbilledEvent]:
    """List accepted events that are not billed, the latest taken in first, and why they are not."""
    asked: dict[str, Any] = {
        "organization": work.organization,
        "start": _zoned(query.received_from, EVER),
        "stop": _zoned(query.received_to, END),
        "until": work.warehouse.watermark(),
        "any_subscription": query.external_subscription_id is None,
        "subscription": query.external_subscription_id or "",
        "code": query.code or "",
        "reason": query.reason or "unbilled",
    }
    read = books.books(work)
    total = int(_reasons(work, read, 1, **asked)["events"].sum())
    skipped = (query.page - 1) * query.per_page
    found = _reasons(work, read, 1, **asked, place="sequence", size=query.per_page, skipped=skipped)
    shown = _events(work, found["place"])
    items = [
        UnbilledEvent(reason=EventReason(reason), event=shown[place])
        for reason, place in found.select("reason", "place").rows()
    ]
    return Page(items, total, query)


def changes(work: Work, id: str, query: InvoiceChangeQuery) -> Page[InvoiceChange]:
    """List what changed since an invoice was computed, line by line: late events and corrections.

    A line of a recurring metric is changed by what came in for any time before its end.

    Raises: Missing `invoice_not_found`.
    """
    invoices.find(work, id)
    read = books.of_invoice(work, id)
    found = work.warehouse.query(
        "reconciliation/changes", frames=read.lines, slots={"number": NUMBER},
        until=work.warehouse.watermark(),
    )  # fmt: skip
    if query.charge_id is not None:
        found = found.filter(charge_id=query.charge_id)
    page = found.slice((query.page - 1) * query.per_page, query.per_page)
    shown = _events(work, page["event_sequence"])
    names = ("external_subscription_id", "charge_id", "reason", "sequence", "event_sequence")
    items = [
        InvoiceChange(
            external_subscription_id=subscription, charge_id=charge, reason=ChangeReason(reason),
            sequence=sequence, event=shown[place],
        )
        for subscription, charge, reason, sequence, place in page.select(names).rows()
    ]  # fmt: skip
    return Page(items, len(found), query)


# -- how


def _zoned(instant: datetime | None, default: datetime) -> datetime:
    found = instant or default
    return min(max(found if found.tzinfo else found.replace(tzinfo=UTC), EVER), END)


def _reasons(
    work: Work, read: Books, parts: int, *, place: str = "0", size: int = ALL, skipped: int = 0,
    **asked: Any,
) -> pl.DataFrame:  # fmt: skip
    """Return how many events there are for each reason and code; told apart by `place`."""
    all_ = {"any_subscription": True, "subscription": "", "code": "", "reason": ""}
    found = pl.concat(
        work.warehouse.query(
            "reconciliation/reasons",
            frames=read.frames,
            slots={"place": f"cast({place} as bigint)", "number": NUMBER},
            parts=parts, part=part, size=size, skipped=skipped, **{**all_, **asked},
        )
        for part in range(parts)
    )  # fmt: skip
    if parts == 1:
        return found
    return found.group_by("reason", "code", "place").agg(pl.col("events").sum())


def _lines(
    door: dict[str, int], rejected: pl.DataFrame, told: pl.DataFrame
) -> list[ReconciliationLine]:
    """Return what is not billed, by reason; what is nowhere is lost."""
    lost = door["accepted"] - told["events"].sum()
    unkept = door["rejected"] - rejected["events"].sum()
    rows = [
        (UnbilledReason.duplicate, "", door["duplicates"]),
        (UnbilledReason.withheld, "", door["withheld"]),
        *(
            (UnbilledReason.rejected, reason, events - replayed)
            for reason, events, replayed in rejected.rows()
        ),
        *((UnbilledReason.replayed, reason, replayed) for reason, _, replayed in rejected.rows()),
        *(
            (UnbilledReason(reason), code, events)
            for reason, code, events in told.filter(pl.col("reason") != EventReason.billed.value)
            .sort("reason", "code")
            .select("reason", "code", "events")
            .rows()
        ),
        (UnbilledReason.lost, "accepted", lost),
        (UnbilledReason.lost, "rejected", unkept),
    ]
    return [
        ReconciliationLine(reason=reason, detail=detail, events_count=int(events))
        for reason, detail, events in rows
        if events
    ]


def _differences(work: Work, read: Books, parts: int) -> list[ReconciliationDifference]:
    """Return the lines of invoices whose fees counted other events than are stored.

    Rule:    the sums over a line's fees of events and of their keys, against the same sums over the
             table. A unique count that comes to nothing may have left no fee: more is stored then.
    """
    final = read.windows.filter(pl.col("is_final"))
    said = queries.counted(work, final["invoice_id"].unique().to_list())
    billed = said.group_by(LINE).agg(
        billed=pl.col("events_read").sum(),
        billed_digest=pl.col("events_digest").cast(COUNT).sum(),
    )
    frames = {**read.lines, "windows": final}
    found = pl.concat(
        work.warehouse.query(
            "reconciliation/lines", frames=frames, slots={"number": NUMBER}, parts=parts, part=part
        )
        for part in range(parts)
    )
    held = billed.join(found, on=LINE, how="full", coalesce=True).with_columns(
        pl.col("billed", "events", "billed_digest", "digest").fill_null(0)
    )
    dropping = read.terms.filter(pl.col("needs") == "text")["charge_id"].unique()
    is_dropped = pl.col("charge_id").is_in(dropping.implode()) & (
        pl.col("events") > pl.col("billed")
    )
    is_other = (pl.col("events") != pl.col("billed")) | (
        pl.col("digest") != pl.col("billed_digest")
    )
    wrong = held.filter(is_other & ~is_dropped).sort(LINE)
    return [
        ReconciliationDifference(
            invoice_id=invoice, external_subscription_id=subscription, charge_id=charge,
            billed_events_count=billed, stored_events_count=events,
        )
        for invoice, subscription, charge, billed, events in wrong.select(
            *LINE, "billed", "events"
        ).rows()
    ]  # fmt: skip


def _events(work: Work, sequences: pl.Series) -> dict[int, ingest.Event]:
    """Return events as they are shown, by their sequences."""
    wanted = sequences.unique().alias("sequence").to_frame()
    found = work.warehouse.query(
        "reconciliation/found", frames={"wanted": wanted}, organization=work.organization
    )
    return dict(zip(found["sequence"], ingest.shown(found), strict=True))
