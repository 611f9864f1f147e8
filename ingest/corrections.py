"""Corrections: an accepted event is voided, or amended by a new row, and nothing is ever rewritten.

A correction names the row that it takes out, by its ingestion sequence, and has a sequence of its
own: what was known at some time is told for corrections as for events. A row is taken out once:
of two who correct the row that both of them saw, one is told that it is corrected already.

An amendment is stored before its row, and holds all of it. The watermark passes it with the row
only, so that nobody counts both rows, or neither; the next writer stores a row that is missing.
"""

from datetime import datetime
from typing import Any

import polars as pl
from msgspec import Raw, Struct

from ingest import expressions, writer
from ingest import properties as texts
from ingest.batch import ROWS, Checked
from ingest.event import CorrectionKind, Event, figures, instant_wrong, micros
from ingest.group import NONE, Correction, Group
from ingest.queries import newest, shown
from ingest.requests import CorrectionQuery
from ingest.service import answered
from ingest.verdicts import VerdictKind
from metering.measures.money import exact
from metering.measures.refusals import Checks, Conflict, Invalid
from metering.measures.shapes import Page
from sql.work import Notice, Shift, Work

LONGEST = 1_000
"""Characters that a reason may have."""


class EventAmendment(Struct, frozen=True, kw_only=True):
    """What an event should have said; what is absent stays as it was."""

    code: str | None = None
    timestamp: Raw | None = None
    properties: dict[str, Raw] | None = None
    """All of them: those that are not named are gone."""
    precise_total_amount_cents: Raw | None = None

    def __post_init__(self) -> None:
        checks = Checks()
        if self.code is not None:
            checks.that(self.code.strip(), code="value_is_mandatory")
            checks.that("\0" not in self.code, code="value_is_invalid")
        if wrong := instant_wrong(self.timestamp):
            checks.add("timestamp", wrong)
        if (amount := figures(self.precise_total_amount_cents)) is not None:
            is_exact = exact(amount) is not None
            checks.that(is_exact, precise_total_amount_cents="value_is_invalid")
        checks.done()


class EventCorrection(Struct, frozen=True, kw_only=True):
    """That an event was put right: by whom, when and why, and the event as it was since."""

    kind: CorrectionKind
    reason: str
    corrected_by: str
    """The id of the API key."""
    corrected_at: datetime
    sequence: int
    """When it was taken in, as events are counted."""
    event: Event


class EventVoided(Notice, frozen=True, kw_only=True):
    """An event counts no more."""

    type = "event.voided"
    is_sent = False
    event: Event


class EventAmended(Notice, frozen=True, kw_only=True):
    """Another row counts in place of an event."""

    type = "event.amended"
    is_sent = False
    event: Event


def void(
    work: Shift, transaction_id: str, external_subscription_id: str = "", reason: str = ""
) -> Event:
    """Take an accepted event out of all that is not invoiced yet, and say why.

    Its id stays taken: sent again, it is still a duplicate.

    Raises: Missing `event_not_found`; Conflict `event_already_voided`, `event_already_corrected`;
            Invalid `reason: value_is_mandatory`; Busy `too_many_events`; Unavailable.
    """
    seen = _seen(work, transaction_id, external_subscription_id, reason)
    before, after = _corrected(work, CorrectionKind.void, seen, reason)
    with work.begin() as done:
        done.tell(EventVoided(event=after), before=before)
    return after


def amend(
    work: Shift,
    transaction_id: str,
    event: EventAmendment,
    external_subscription_id: str = "",
    reason: str = "",
) -> Event:
    """Let an event count as it should have been sent, and say why.

    Raises: Missing `event_not_found`; Conflict `event_already_voided`, `event_already_corrected`;
            Invalid `reason: value_is_mandatory`; Busy `too_many_events`; Unavailable.
    """
    seen = _seen(work, transaction_id, external_subscription_id, reason)
    changed = _computed(work, seen.with_columns(**_said(event)))
    before, after = _corrected(work, CorrectionKind.amend, seen, reason, changed)
    with work.begin() as done:
        done.tell(EventAmended(event=after), before=before)
    return after


def browse_corrections(work: Work, query: CorrectionQuery) -> Page[EventCorrection]:
    """List corrections of events, the latest first."""
    asked: dict[str, Any] = {
        "organization": work.organization,
        "any_subscription": query.external_subscription_id is None,
        "subscription": query.external_subscription_id or "",
        "transaction": query.transaction_id or "",
    }
    total = int(work.warehouse.query("events/corrections_count", **asked)["events"][0])
    start = (query.page - 1) * query.per_page
    found = work.warehouse.query("events/corrections", **asked, start=start, size=query.per_page)
    said = found.select("corrected", "reason", "corrected_by", "corrected_at", "sequence").rows()
    items = [
        EventCorrection(
            kind=CorrectionKind(kind), reason=reason, corrected_by=by, corrected_at=at,
            sequence=sequence, event=event,
        )
        for (kind, reason, by, at, sequence), event in zip(said, shown(found), strict=True)
    ]  # fmt: skip
    return Page(items, total, query)


def _seen(work: Shift, transaction: str, subscription: str, reason: str) -> pl.DataFrame:
    """Return the row of an event as it is before it is put right.

    Raises: Missing `event_not_found`; Invalid `reason: value_is_mandatory`.
    """
    checks = Checks()
    checks.that(reason.strip(), reason="value_is_mandatory")
    checks.that(len(reason) <= LONGEST, reason="value_is_too_long")
    checks.that("\0" not in reason, reason="value_is_invalid")
    checks.done()
    return newest(work, transaction, subscription)


def _said(event: EventAmendment) -> dict[str, pl.Expr]:
    """Return the columns that an amendment changes."""
    changes: dict[str, pl.Expr] = {}
    if event.code is not None:
        changes["code"] = pl.lit(event.code)
    if (seconds := figures(event.timestamp)) is not None:
        changes["at"] = pl.lit(micros(seconds), pl.Int64).cast(pl.Datetime("us", "UTC"))
    if event.properties is not None:
        changes["properties"] = pl.lit(texts.stored(event.properties))
    if (amount := figures(event.precise_total_amount_cents)) is not None:
        changes["precise_total_amount_cents"] = pl.lit(exact(amount), pl.Decimal(38, 12))
    return changes


def _computed(work: Shift, changed: pl.DataFrame) -> pl.DataFrame:
    """Compute what metrics want of an event from what it says now.

    Raises: Invalid `expression_evaluation_failed`.
    """
    place = pl.Series([0], dtype=pl.Int64)
    rows = changed.with_columns(is_dated=True).select(*ROWS)
    found = expressions.applied(work, Checked(rows, place, NONE))
    if found.rows.is_empty():
        raise expressions.Unfit(found.rejected["reason"][0].removeprefix("properties:"))
    return changed.with_columns(found.rows["properties"])


def _corrected(
    work: Shift, kind: CorrectionKind, seen: pl.DataFrame, reason: str,
    changed: pl.DataFrame | None = None,
) -> tuple[Event, Event]:  # fmt: skip
    """Let the writer put a row right, and return the event before and after.

    Raises: Conflict `event_already_voided`, `event_already_corrected`; Invalid; Unavailable.
    """
    if seen["corrected"][0] == CorrectionKind.void:
        raise Conflict("event_already_voided", "The event was voided before.")
    after = (seen if changed is None else changed).with_columns(corrected=pl.lit(kind.value))
    rows = after.with_columns(is_dated=True).select(*ROWS)
    group = Group(
        organization=work.organization,
        received_at=seen["received_at"][0],
        rows=rows,
        is_whole=True,
        correction=Correction(
            kind=kind, event_sequence=seen["sequence"][0], reason=reason,
            corrected_by=work.principal.id, corrected_at=work.now,
        ),
    )  # fmt: skip
    (verdict,) = answered(writer.of(work.warehouse).put(group))["verdict"]
    if verdict == VerdictKind.duplicate:
        raise Conflict("event_already_corrected", "Somebody else corrected the event just now.")
    if verdict == VerdictKind.rejected:
        raise Invalid(base="value_is_invalid")
    return shown(seen)[0], shown(after)[0]
