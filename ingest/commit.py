"""One commit: number the streams, find the duplicates, give out the sequence, and store."""

import logging
import time
from collections.abc import Callable, Sequence
from itertools import accumulate, pairwise

import polars as pl
from msgspec import Struct

from ingest import quick
from ingest.batch import EVENTS
from ingest.event import CorrectionKind
from ingest.group import Group, joined
from ingest.keys import Keys
from ingest.receptions import Receptions, kept, refusals, rejected
from ingest.streams import Streams
from ingest.verdicts import KEY, VerdictKind, compared, judge
from metering.measures import ids
from metering.measures.refusals import Unavailable
from sql.duck import identities
from sql.types import INSTANT
from sql.warehouse import Refused, Unanswered, Warehouse

log = logging.getLogger("invora.ingest")

NOT_STORABLE = "base:value_is_invalid"
"""The reason of a row that passed every check of ours, and that the engine would not take."""

ATTEMPTS = 4
"""How often rows are sent again whose first answer was lost, before the requests are told so."""

PAUSE_MS = 100

UNCOUNTED = 16
"""Commits whose counts are stored together, at most."""

NUMBERED = {
    "streams": "stream", "events": "sequence", "receptions": "reception", "corrections": "sequence",
}  # fmt: skip
"""Tables whose rows are numbered in the order in which they are stored."""

TYPES = pl.Schema({
    "kind": pl.String(), "event_sequence": pl.Int64(), "corrected_at": INSTANT,
})  # fmt: skip
"""What a correction says of itself, beside texts."""

OUTCOME = pl.Schema({
    "verdict": pl.String, "is_same": pl.Boolean, "reason": pl.String,
    "key_high": pl.UInt64, "key_low": pl.UInt64,
})  # fmt: skip
"""What became of the rows of one group, in its order.

`is_same` says of a duplicate whether it equals the row that counts; null where nobody asked.
"""


class Append(Struct, frozen=True, kw_only=True):
    """Rows that are sent to one table at once, under a token of their own.

    The token of numbered rows says after which number they come. A warehouse that is shared stores
    one append under a token: of two writers that both believe to be next, one is next.
    """

    table: str
    rows: pl.DataFrame
    token: str
    after: int = 0
    """The last number in the table before these rows."""

    @property
    def is_numbered(self) -> bool:
        """Whether its place is part of it: no other append can ever be stored there."""
        return self.table in NUMBERED

    @property
    def last(self) -> int:
        """Its last number."""
        return int(self.rows[NUMBERED[self.table]][-1])


class Overtaken(Exception):
    """Another writer has written where this one was about to: what it knew is no longer true."""


def _always() -> bool:
    return True


def _never() -> bool:
    return False


class Commit:
    """What the writer knows of the warehouse, and how it writes. Only one thread may use it.

    `is_busy` says whether another commit follows at once.
    `is_alone` says whether no other writer can have begun since this was made. The first append to
    a table is read back all the same: the last writer may have sent one that arrived since.
    """

    def __init__(
        self,
        warehouse: Warehouse,
        is_alone: Callable[[], bool] = _always,
        is_busy: Callable[[], bool] = _never,
    ) -> None:
        self._warehouse = warehouse
        self._is_alone = is_alone
        self._is_busy = is_busy
        self._uncounted: list[tuple[Sequence[Group], list[pl.DataFrame]]] = []
        self._streams = Streams(warehouse)
        self._keys = Keys(warehouse)
        self._receptions = Receptions(warehouse)
        self._last = warehouse.watermark()
        self._tails = warehouse.query("ingest/tails").row(0, named=True)
        """The last number in each table that has them."""
        self._open: Append | None = None
        self._is_finished = False
        self._unsure = set(NUMBERED) if warehouse.is_shared else set()
        """Tables in which the next place may be taken."""

    @property
    def is_open(self) -> bool:
        """Whether nobody knows if the last rows were stored."""
        return self._open is not None

    def write(self, groups: Sequence[Group]) -> list[pl.DataFrame]:
        """Store what is new in these groups for good, and return what became of each: OUTCOME.

        Raises: Unavailable `events_not_written`: nobody knows whether they were stored. The next
        commit finds out before it does anything else. Overtaken: none of the last append was.
        """
        if self._open is not None:
            self._is_finished = False
            self._uncounted.clear()  # they are counted anew, with what may be stored now
            try:
                self._send(self._open, is_repeat=True)
            except Refused:
                log.warning("rows whose answer was lost have been refused")
        self._finish()
        events = [group for group in groups if group.correction is None]
        outcomes = iter(self._try(events) if events else [])
        return [
            next(outcomes) if group.correction is None else self._correct(group) for group in groups
        ]

    def _try(self, groups: Sequence[Group]) -> list[pl.DataFrame]:
        """Store groups, or parts of them if the engine refuses the whole.

        New streams are stored before their events, and stay if those are refused: a number that
        was given once is never given to another.
        """
        try:
            if (outcomes := self._quickly(groups)) is not None:
                return self._counted(groups, outcomes)
            rows, streams = self._streams.number(joined(groups))
            self._store("streams", streams)
            rows = rows.hstack(identities(rows["stream"], rows["transaction_id"]))
            is_whole = pl.Series([group.is_whole for group in groups], dtype=pl.Boolean)
            stored = self._keys.known(rows.select(KEY))
            judged = judge(rows, is_whole, stored)
            outcome = self._compared(judged, is_whole, stored).select(*OUTCOME)
            events = judged.filter(verdict=VerdictKind.accepted.value).select(*EVENTS)
            sequence = pl.int_range(self._last + 1, self._last + 1 + len(events), dtype=pl.Int64)
            self._store("events", events.with_columns(sequence=sequence))
        except Refused as refused:
            return self._part(groups, refused)
        ends = accumulate((len(group.rows) for group in groups), initial=0)
        return self._counted(groups, [outcome[start:end] for start, end in pairwise(ends)])

    def _quickly(self, groups: Sequence[Group]) -> list[pl.DataFrame] | None:
        """Store few events that are plainly new; None if they are not, and nothing was done."""
        events = quick.numbered(groups, self._streams.known, self._last + 1)
        if events is None or not self._keys.are_new(events["key_low"]):
            return None
        self._store("events", events)
        outcome = events.select(
            verdict=pl.repeat(VerdictKind.accepted.value, len(events)),
            is_same=pl.lit(None, pl.Boolean), reason=pl.lit(None, pl.String),
            key_high="key_high", key_low="key_low",
        )  # fmt: skip
        ends = accumulate((len(group.rows) for group in groups), initial=0)
        return [outcome[start:end] for start, end in pairwise(ends)]

    def _counted(
        self, groups: Sequence[Group], outcomes: list[pl.DataFrame], *, at_once: bool = False
    ) -> list[pl.DataFrame]:
        """Keep what could not be read, then the counts of the door; return the outcomes.

        While more is waiting, the counts of events that all could be read are stored with those of
        the commits behind this one: after a crash they are counted anew.
        """
        self._uncounted.append((groups, outcomes))
        waits = self._is_busy() and not any(len(group.rejected) for group in groups)
        if at_once or not waits or len(self._uncounted) >= UNCOUNTED:
            self._count()
        return outcomes

    def _count(self) -> None:
        """Store the counts of all commits since the last ones."""
        groups = [group for some, _ in self._uncounted for group in some]
        outcomes = [outcome for _, some in self._uncounted for outcome in some]
        if groups:
            receptions = self._receptions.of(groups, outcomes, self._last)
            self._keep(rejected(groups, receptions))
            self._store("receptions", receptions)
        self._uncounted.clear()

    def _finish(self) -> None:
        """Store what a crash kept from following: the row of an amendment, the counts of a commit.

        After a commit that ended well there is nothing of the kind.
        """
        if self._is_finished:
            return
        rows = self._warehouse.query("ingest/unfinished")
        self._store("events", rows.select(*EVENTS, "sequence"))
        self._store("receptions", self._receptions.missing(self._last))
        self._is_finished = True

    def _correct(self, group: Group) -> pl.DataFrame:
        """Take a row out, and store the one that counts in its place; refuse what was corrected."""
        asked = group.correction
        assert asked is not None
        rows, _ = self._streams.number(joined([group]))
        rows = rows.hstack(identities(rows["stream"], rows["transaction_id"]))
        outcome = rows.select(
            verdict=pl.lit(VerdictKind.accepted.value), is_same=None, reason=None,
            key_high="key_high", key_low="key_low",
        ).cast(OUTCOME)  # fmt: skip
        found = pl.DataFrame({"sequence": [asked.event_sequence]}, schema={"sequence": pl.Int64})
        known = self._warehouse.query("ingest/corrections_of", frames={"found": found})
        if asked.event_sequence in known["event_sequence"]:
            return outcome.with_columns(verdict=pl.lit(VerdictKind.duplicate.value))
        row = rows.select(*EVENTS).with_columns(sequence=pl.lit(self._last + 1, pl.Int64))
        said = {name: pl.lit(getattr(asked, name)) for name in asked.__struct_fields__}
        try:
            self._store("corrections", row.with_columns(**said).cast(TYPES))
            if asked.kind == CorrectionKind.amend:
                self._store("events", row)
            self._store("receptions", self._receptions.missing(self._last))
        except Refused as refused:
            log.warning("the warehouse refused a correction: %s", refused)
            return outcome.with_columns(verdict=pl.lit(VerdictKind.rejected.value))
        return outcome

    # -- storing

    def _store(self, table: str, rows: pl.DataFrame) -> None:
        """Append rows, if there are any."""
        if rows.is_empty():
            return
        if table in NUMBERED:
            after = self._tails[table]
            self._send(Append(table=table, rows=rows, token=f"after {after}", after=after))
        else:
            self._send(Append(table=table, rows=rows, token=ids.new()))

    def _send(self, asked: Append, *, is_repeat: bool = False) -> None:
        """Append rows; if the answer is lost, read them back, and send them again if need be.

        Raises: Refused; Overtaken; Unavailable `events_not_written`.
        """
        self._open = asked
        for attempt in range(ATTEMPTS):
            try:
                is_first = not (is_repeat or attempt)
                if not self._has(asked, is_first=is_first):
                    self._warehouse.append({asked.table: asked.rows}, asked.token)
                if self._is_doubtful(asked) and not self._has(asked):
                    continue
                break
            except Refused:
                self._open = None
                if self._warehouse.is_shared and asked.is_numbered:
                    self._unsure.add(asked.table)
                raise
            except Unanswered as lost:
                log.warning("the warehouse did not answer: %s", lost)
                time.sleep(PAUSE_MS * 2**attempt / 1000)
        else:
            raise Unavailable("events_not_written", "The warehouse did not say what it stored.")
        self._open = None
        self._unsure.discard(asked.table)
        if asked.is_numbered:
            self._tails[asked.table] = asked.last
        if asked.table == "streams":
            self._streams.learn(asked.rows)
        if asked.table == "corrections":
            self._last += len(asked.rows.filter(kind=CorrectionKind.void.value))
        if asked.table == "receptions":
            self._receptions.learn(asked.rows)
        if asked.table == "events":
            self._last += len(asked.rows)
            self._keys.add(asked.rows["key_low"])

    def _is_doubtful(self, asked: Append) -> bool:
        """Whether another append may be stored in place of one that was answered."""
        return asked.is_numbered and (asked.table in self._unsure or not self._is_alone())

    def _has(self, asked: Append, *, is_first: bool = False) -> bool:
        """Whether an append is stored; of rows without a number, the token keeps one copy.

        Before it is sent for the first time, whatever is there is another's, though it look alike.

        Raises: Overtaken, when something else is.
        """
        if not asked.is_numbered or (is_first and not self._is_doubtful(asked)):
            return False
        found = self._warehouse.query(
            f"ingest/{asked.table}_between", first=asked.after + 1, last=asked.last
        )
        ours = asked.rows.select(found.columns).cast(found.schema)
        strange = found
        if not is_first:
            strange = found.join(ours, on=found.columns, how="anti", nulls_equal=True)
        if len(strange):
            self._open = None
            raise Overtaken(f"{asked.table} after {asked.after}: {len(strange)} rows of another")
        return len(found) == len(ours)

    def _keep(self, rows: pl.DataFrame) -> None:
        """Keep rows that cannot be events, with their reason."""
        try:
            self._store("rejected_events", rows)
        except Refused:
            log.exception("%d rejected rows could not be kept as they were sent", len(rows))
            self._store("rejected_events", rows.with_columns(content=pl.lit("")))

    # -- what the engine would not take

    def _part(self, groups: Sequence[Group], refused: Refused) -> list[pl.DataFrame]:
        """Store groups, then rows, apart from each other, until what is refused stands alone."""
        if len(groups) > 1:
            half = len(groups) // 2
            return self._try(groups[:half]) + self._try(groups[half:])
        (group,) = groups
        if group.is_whole or len(group.rows) < 2:
            return [self._reject(group, refused)]
        return [pl.concat([*self._try([group.half(0)]), *self._try([group.half(1)])])]

    def _reject(self, group: Group, refused: Refused) -> pl.DataFrame:
        """Keep what the engine would not take among the rejected rows."""
        log.warning("the warehouse refused %d rows: %s", len(group.rows), refused)
        rows = joined([group])
        outcome = rows.select(
            verdict=pl.repeat(VerdictKind.rejected.value, len(rows)), is_same=None,
            reason=pl.lit(NOT_STORABLE), key_high=None, key_low=None,
        ).cast(OUTCOME)  # fmt: skip
        self._count()
        self._keep(kept(refusals(rows, NOT_STORABLE), self._receptions.of([group], [outcome], 0)))
        return self._counted([group], [outcome], at_once=True)[0]

    # -- comparing

    def _compared(
        self, judged: pl.DataFrame, is_whole: pl.Series, stored: pl.DataFrame
    ) -> pl.DataFrame:
        """Say of the duplicates in groups that want to know whether they equal what counts."""
        judged = judged.with_columns(reason=pl.lit(None, pl.String))
        is_asked = (judged["verdict"] == VerdictKind.duplicate.value) & ~is_whole.gather(
            judged["group"]
        )
        if not is_asked.any():
            return judged.with_columns(is_same=pl.lit(None, pl.Boolean))
        found = stored.select("stream", "code", "at", "sequence")
        contents = self._warehouse.query("ingest/content", frames={"found": found})
        return compared(judged, is_asked, stored.join(contents, on="sequence"))
