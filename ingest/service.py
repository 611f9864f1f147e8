"""What can be done with events: send them, one, some or very many."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from itertools import islice

import polars as pl

from ingest import batch, expressions, formats, limits, positions, writer
from ingest.event import MOST, Event, EventInput, identity, row, shown
from ingest.group import NONE, Group
from ingest.requests import BulkQuery, EventVerdicts, Verdict
from ingest.verdicts import VerdictKind
from metering.measures.refusals import Invalid, Unavailable
from metering.measures.shapes import Upload
from sql.work import Shift

AHEAD = 2
"""Frames of one body that are read while the one before is written."""

STREAMED = 1_000
"""Events of a stream that are written together."""

LISTED_AT_MOST = 100_000
"""Verdicts that one answer lists: it is held in memory. The counts are of all."""

TAKEN = "value_already_exist"


def create(work: Shift, event: EventInput) -> Event:
    """Send one event. It is answered once it is stored for good.

    Raises: Invalid `transaction_id: value_already_exist`, `expression_evaluation_failed`; Busy
            `too_many_events`; Unavailable.
    """
    (kept,), answer = _written(work, [event], is_single=True)
    (outcome,) = answer.rows(named=True)
    if outcome["verdict"] == VerdictKind.duplicate:
        raise Invalid(transaction_id=TAKEN)
    if outcome["verdict"] == VerdictKind.rejected:
        raise Invalid(base="value_is_invalid")
    id = identity(outcome["key_high"], outcome["key_low"])
    return shown(kept, work.now, id)


def create_batch(work: Shift, events: list[EventInput]) -> list[Event]:
    """Send up to 10,000 events: all of them are stored, or none.

    Raises: Invalid `events: no_events`, `events: too_many_events`, or by position
    `transaction_id: value_already_exist`, `expression_evaluation_failed`; Busy `too_many_events`;
    Unavailable.
    """
    if not events:
        raise Invalid(events="no_events")
    if len(events) > MOST:
        raise Invalid(events="too_many_events")
    rows, outcome = _written(work, events)
    if (outcome["verdict"] == VerdictKind.rejected).any():
        raise Invalid(base="value_is_invalid")
    taken = outcome["verdict"].eq(VerdictKind.duplicate).arg_true()
    if len(taken):
        raise Invalid({str(place): {"transaction_id": [TAKEN]} for place in taken})
    keys = zip(rows, outcome["key_high"], outcome["key_low"], strict=True)
    return [shown(row, work.now, identity(high, low)) for row, high, low in keys]


def bulk(work: Shift, body: Upload, query: BulkQuery) -> EventVerdicts:
    """Send any number of events in one body; each has a verdict of its own.

    The Content-Type says how they are written: a JSON array, NDJSON, CSV, Arrow, Parquet or
    CloudEvents; gzip and zstd are unpacked. What was accepted before a body breaks off stays, and
    may be sent again. A body that names its `source` moves its `position` once all is answered.

    Raises: Malformed; TooLarge; Invalid; Busy `too_many_events`; Unavailable.
    """
    how = formats.Reading(columns=query.columns, limits=limits.of(work.warehouse))
    frames = formats.of(body.content_type).read(body, how)
    told = receive(work, frames, lists_all=query.verdicts == "all")
    if query.source is not None and query.position is not None:
        positions.keep(work, query.source, query.position, told.received)
    return told


def receive(
    work: Shift, frames: Iterable[pl.DataFrame], *, lists_all: bool = False
) -> EventVerdicts:
    """Write frames of `batch.SENT`, and return what became of each row once all are answered.

    Raises: Busy `too_many_events`; Unavailable.
    """
    tally = _Tally(lists_all)
    place = 0
    for sent in frames:
        found = batch.checked(sent, place, work.now)
        place += len(sent)
        tally.put(work, found)
    return tally.reply()


def stream(work: Shift, events: Iterator[EventInput]) -> EventVerdicts:
    """Send events one after another; each has a verdict of its own, told at the end.

    Raises: Invalid; Busy `too_many_events`; Unavailable.
    """
    tally = _Tally(lists_all=False)
    place = 0
    while some := list(islice(events, STREAMED)):
        rows = batch.of([row(event, work.now) for event in some])
        places = pl.int_range(place, place + len(rows), dtype=pl.Int64, eager=True)
        place += len(rows)
        tally.put(work, batch.Checked(rows, places, NONE))
    return tally.reply()


def _written(
    work: Shift, events: Sequence[EventInput], *, is_single: bool = False
) -> tuple[list[tuple[object, ...]], pl.DataFrame]:
    """Write events, all or nothing, and return them as they are kept, and what became of each."""
    rows = expressions.alone(work, [row(event, work.now) for event in events], is_single)
    group = Group(organization=work.organization, received_at=work.now, rows=rows, is_whole=True)
    return rows, answered(writer.of(work.warehouse).put(group))


def answered(answer: "Future[pl.DataFrame]") -> pl.DataFrame:
    """Wait until a commit is durable, or refused.

    Raises: Unavailable.
    """
    try:
        return answer.result(writer.SECONDS)
    except TimeoutError:
        raise Unavailable("events_not_written", "The warehouse takes too long.") from None


class _Tally:
    """The verdicts of one body, counted as they come."""

    def __init__(self, lists_all: bool) -> None:
        self._lists_all = lists_all
        self._waiting: deque[tuple[batch.Checked, Future[pl.DataFrame]]] = deque()
        self._counts = dict.fromkeys(VerdictKind, 0)
        self._listed: list[pl.DataFrame] = []
        self._room = LISTED_AT_MOST
        self._unlisted = 0
        self._is_begun = False

    def put(self, work: Shift, found: batch.Checked) -> None:
        """Let rows join the next commit; wait where the writer is not as fast as the reader."""
        found = expressions.applied(work, found)
        group = Group(
            organization=work.organization, received_at=work.now, rows=found.rows,
            is_whole=False, rejected=found.rejected,
        )  # fmt: skip
        answer = writer.of(work.warehouse).put(group, waits=self._is_begun)
        self._is_begun = True
        self._waiting.append((found, answer))
        while len(self._waiting) > AHEAD:
            self._count()

    def reply(self) -> EventVerdicts:
        """Wait for all, and return what became of them."""
        while self._waiting:
            self._count()
        listed = pl.concat([LISTED.to_frame(), *self._listed])
        return EventVerdicts(
            received=sum(self._counts.values()),
            accepted=self._counts[VerdictKind.accepted],
            duplicates=self._counts[VerdictKind.duplicate],
            rejected=self._counts[VerdictKind.rejected],
            verdicts=[
                Verdict(row, transaction, subscription, VerdictKind(verdict), is_same, reason)
                for row, transaction, subscription, verdict, is_same, reason in listed.rows()
            ],
            unlisted=self._unlisted,
        )

    def _count(self) -> None:
        found, answer = self._waiting.popleft()
        names = ("transaction_id", "external_subscription_id")
        read = found.rows.select(names).hstack(answered(answer)).with_columns(row=found.places)
        unread = found.rejected.with_columns(
            verdict=pl.lit(VerdictKind.rejected.value), is_same=pl.lit(None, pl.Boolean)
        )
        for verdict, size in read["verdict"].value_counts().rows():
            self._counts[VerdictKind(verdict)] += size
        self._counts[VerdictKind.rejected] += len(unread)
        if not self._lists_all:
            read = read.filter(pl.col("verdict") != VerdictKind.accepted.value)
        listed = pl.concat([read.select(*LISTED), unread.select(*LISTED)])
        shown = listed.sort("row").head(self._room)
        self._listed.append(shown.with_columns(pl.col(names).fill_null("")))
        self._room -= len(shown)
        self._unlisted += len(listed) - len(shown)


LISTED = pl.Schema({
    "row": pl.Int64(), "transaction_id": pl.String(), "external_subscription_id": pl.String(),
    "verdict": pl.String(), "is_same": pl.Boolean(), "reason": pl.String(),
})  # fmt: skip
"""The columns of a Verdict."""
