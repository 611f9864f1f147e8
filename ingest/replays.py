"""Rejected rows: what waits, and sending it again through the same door once the cause is mended.

The identity of an event is what makes it count once. A row leaves the list by a row in `replays`,
after its event was accepted: a crash in between shows it once more, and the next replay finds the
event there already, equal to itself.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import msgspec
import polars as pl
from msgspec import Raw

from ingest import batch, expressions, writer
from ingest.formats import texts
from ingest.group import Group
from ingest.queries import EARLIEST, LATEST, held
from ingest.requests import (
    EventMending,
    EventReplays,
    RejectedEvent,
    RejectedEventFilter,
    RejectedEventQuery,
    ReplayVerdict,
)
from ingest.service import answered
from ingest.verdicts import VerdictKind
from metering.measures import ids
from metering.measures.refusals import Missing
from metering.measures.shapes import Page
from sql.types import INSTANT
from sql.warehouse import Warehouse
from sql.work import Shift, Work

MOST = 10_000
"""Rows that are sent again together."""

LISTED = 1_000
"""Verdicts that are told one by one."""

REPLAYS = pl.Schema({
    "rejected_id": pl.String(), "organization_id": pl.String(), "replayed_at": INSTANT,
    "verdict": pl.String(),
})  # fmt: skip
"""What the warehouse keeps of a row that left the list."""

AS_SENT = EventMending()
ALL = RejectedEventFilter()

_fields = msgspec.json.Decoder(dict[str, Raw]).decode
_text = msgspec.json.Decoder(str).decode
_events = texts.Events(texts.Sent, texts.columns)


def rejected(work: Work, query: RejectedEventQuery) -> Page[RejectedEvent]:
    """List rows that could not be events, as they were sent, the latest first."""
    asked = _asked(work.organization, query)
    total = int(work.warehouse.query("events/rejected_count", **asked)["events"][0])
    start = (query.page - 1) * query.per_page
    asked["before"], start = (query.cursor, 0) if query.cursor else ("", start)
    found = work.warehouse.query("events/rejected", **asked, start=start, size=query.per_page)
    more = found["id"][-1] if len(found) == query.per_page else None
    return Page([RejectedEvent(**row) for row in found.rows(named=True)], total, query, more)


def find_rejected(work: Work, id: str) -> RejectedEvent:
    """Return one rejected row, also one that was replayed.

    Raises: Missing `rejected_event_not_found`.
    """
    return RejectedEvent(**_one(work.warehouse, work.organization, id).row(0, named=True))


def replay(work: Shift, id: str, event: EventMending = AS_SENT) -> EventReplays:
    """Send one rejected row again; `event` says what is mended of it.

    If it is accepted, or equal to the event that counts, it leaves the list. If not, it stays as
    it is. A row that left the list is not sent again.

    Raises: Missing `rejected_event_not_found`; Busy `too_many_events`; Unavailable.
    """
    found = _one(work.warehouse, work.organization, id)
    return _replayed(work, [found.filter(pl.col("replayed_at").is_null())], event)


def replay_all(
    work: Shift,
    filter: RejectedEventFilter = ALL,
    event: EventMending = AS_SENT,
) -> EventReplays:
    """Send all rejected rows again that fit a filter; `event` says what is mended of each.

    Raises: Busy `too_many_events`; Unavailable.
    """
    return _replayed(work, _waiting(work, filter), event)


def _waiting(work: Shift, filter: RejectedEventFilter) -> Iterator[pl.DataFrame]:
    """Yield the rows that wait, the latest first, some thousands at a time."""
    asked = _asked(work.organization, filter)
    while True:
        found = work.warehouse.query("events/rejected", **asked, start=0, size=MOST)
        yield found
        if len(found) < MOST:
            return
        asked["before"] = found["id"][-1]


def _replayed(
    work: Shift, parts: "Iterator[pl.DataFrame] | list[pl.DataFrame]", event: EventMending
) -> EventReplays:
    counts = dict.fromkeys(VerdictKind, 0)
    listed: list[ReplayVerdict] = []
    for rows in parts:
        if rows.is_empty():
            continue
        told = _sent(work, rows, event)
        for verdict, size in told["verdict"].value_counts().rows():
            counts[VerdictKind(verdict)] += size
        some = told.filter(pl.col("verdict") != VerdictKind.accepted.value)
        shown = some.head(LISTED - len(listed)).select("id", "verdict", "is_same", "reason")
        listed += [ReplayVerdict(id, VerdictKind(said), *rest) for id, said, *rest in shown.rows()]
    return EventReplays(
        replayed=sum(counts.values()),
        accepted=counts[VerdictKind.accepted],
        duplicates=counts[VerdictKind.duplicate],
        rejected=counts[VerdictKind.rejected],
        verdicts=listed,
    )


def _sent(work: Shift, rows: pl.DataFrame, event: EventMending) -> pl.DataFrame:
    """Send rows through the door, and take those off the list that count now: id, verdict, …"""
    mended = [_mended(content, event) for content in rows["content"]]
    found = expressions.applied(work, batch.checked(_events.singly(mended), 0, work.now))
    came = rows["received_at"].gather(found.places)
    first = pl.when("is_dated").then("at").otherwise(came).alias("at")
    dated = batch.Checked(found.rows.with_columns(first), found.places, found.rejected)
    found = expressions.applied(work, dated)
    group = Group(
        organization=work.organization, received_at=work.now, rows=found.rows, is_whole=False,
    )  # fmt: skip
    outcome = found.rows.clear().select(verdict="code", is_same="is_dated", reason="code")
    if len(found.rows):
        outcome = answered(writer.of(work.warehouse).put(group)).select(outcome.columns)
    wrong = found.rejected.select(
        verdict=pl.lit(VerdictKind.rejected.value), is_same=pl.lit(None, pl.Boolean),
        reason="reason", place="row",
    )  # fmt: skip
    told = pl.concat([outcome.with_columns(place=found.places), wrong]).with_columns(
        id=rows["id"].gather(pl.concat([found.places, wrong["place"]]))
    )
    over = told.filter((pl.col("verdict") == VerdictKind.accepted.value) | pl.col("is_same"))
    if len(over):
        gone = over.select(
            rejected_id="id", organization_id=pl.lit(work.organization),
            replayed_at=pl.lit(work.now, INSTANT), verdict="verdict",
        )  # fmt: skip
        work.warehouse.append({"replays": gone.select(*REPLAYS)}, ids.new())
    return told.sort("place")


def _mended(content: str, event: EventMending) -> bytes:
    """Return what was sent as one JSON object, with what takes the place of its fields."""
    try:
        said = _fields(content)
    except (msgspec.DecodeError, RecursionError):
        said = {}
    fresh = {name: value for name in event.__struct_fields__
             if (value := getattr(event, name)) is not None}  # fmt: skip
    if not said and not fresh:
        return content.encode()
    kept = said.get("properties", Raw(b""))
    if bytes(kept).startswith(b'"'):  # as the platform stores them: an object in a text
        said["properties"] = Raw(_text(kept).encode())
    return msgspec.json.encode({**said, **fresh})


def _asked(
    organization: str, query: RejectedEventQuery | RejectedEventFilter, id: str = ""
) -> dict[str, Any]:
    first: datetime = held(query.received_from or EARLIEST)
    return {
        "organization": organization,
        "id": id,
        "reason": query.reason or "",
        "any_subscription": query.external_subscription_id is None,
        "subscription": query.external_subscription_id or "",
        "code": query.code or "",
        "earliest": first,
        "latest": held(query.received_to or LATEST),
        "replayed": getattr(query, "replayed", False),
        "before": "",
    }


def _one(warehouse: Warehouse, organization: str, id: str) -> pl.DataFrame:
    asked = _asked(organization, RejectedEventFilter(), id)
    found = warehouse.query("events/rejected", **asked, start=0, size=1)
    if found.is_empty() or not id:
        raise Missing("rejected_event", id)
    return found
