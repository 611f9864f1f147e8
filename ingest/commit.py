"""One commit: number the streams, find the duplicates, give out the sequence, and store."""

import logging
import time
from collections.abc import Sequence
from itertools import accumulate, pairwise

import polars as pl
from msgspec import Struct

from ingest.batch import EVENTS
from ingest.group import Group, joined, rejected
from ingest.keys import Keys
from ingest.streams import STREAMS, Streams
from ingest.verdicts import KEY, VerdictKind, compared, judge
from metering.measures import ids
from metering.measures.refusals import Unavailable
from sql.duck import identities
from sql.warehouse import Refused, Unanswered, Warehouse

log = logging.getLogger("invora.ingest")

NOT_STORABLE = "base:value_is_invalid"
"""The reason of a row that passed every check of ours, and that the engine would not take."""

ATTEMPTS = 4
"""How often rows are sent again whose first answer was lost, before the requests are told so."""

PAUSE_MS = 100

OUTCOME = pl.Schema({
    "verdict": pl.String, "is_same": pl.Boolean, "reason": pl.String,
    "key_high": pl.UInt64, "key_low": pl.UInt64,
})  # fmt: skip
"""What became of the rows of one group, in its order.

`is_same` says of a duplicate whether it equals the row that counts; null where nobody asked.
"""

class Append(Struct, frozen=True, kw_only=True):
    """What is sent to the warehouse at once, under a token of its own."""

    token: str
    first: int
    """The ingestion sequence of its first event."""
    events: pl.DataFrame
    streams: pl.DataFrame
    rejected: pl.DataFrame

    @property
    def last(self) -> int:
        """The ingestion sequence of its last event."""
        return self.first + len(self.events) - 1

    @property
    def tables(self) -> dict[str, pl.DataFrame]:
        """The rows of each table, in the order in which they are needed."""
        sequence = pl.int_range(self.first, self.last + 1, dtype=pl.Int64)
        tables = {
            "streams": self.streams,
            "rejected_events": self.rejected,
            "events": self.events.select(*EVENTS, sequence=sequence),
        }
        return {name: frame for name, frame in tables.items() if len(frame)}


class Commit:
    """What the writer knows of the warehouse, and how it writes. Only one thread may use it."""

    def __init__(self, warehouse: Warehouse, fence: int = 0) -> None:
        self._warehouse = warehouse
        self._fence = fence
        self._streams = Streams(warehouse)
        self._keys = Keys(warehouse)
        self._last = warehouse.watermark()
        self._open: Append | None = None

    @property
    def is_open(self) -> bool:
        """Whether nobody knows if the last rows were stored."""
        return self._open is not None

    def write(self, groups: Sequence[Group]) -> list[pl.DataFrame]:
        """Store what is new in these groups for good, and return what became of each: OUTCOME.

        Raises: Unavailable `events_not_written`: nobody knows whether they were stored. The next
        commit finds out before it does anything else.
        """
        if self._open is not None:
            try:
                self._store(self._open)
            except Refused:
                log.warning("rows whose answer was lost have been refused")
        return self._try(groups)

    def _try(self, groups: Sequence[Group]) -> list[pl.DataFrame]:
        rows, streams = self._streams.number(joined(groups))
        rows = rows.hstack(identities(rows["stream"], rows["transaction_id"]))
        is_whole = pl.Series([group.is_whole for group in groups], dtype=pl.Boolean)
        stored = self._keys.known(rows.select(KEY))
        judged = judge(rows, is_whole, stored)
        outcome = self._compared(judged, is_whole, stored).select(*OUTCOME)
        events = judged.filter(verdict=VerdictKind.accepted.value)
        asked = Append(
            token=f"{self._fence}-{self._last + 1}-{ids.new()}",
            first=self._last + 1,
            events=events,
            streams=streams,
            rejected=rejected(groups),
        )
        try:
            self._store(asked)
        except Refused as refused:
            return self._part(groups, refused)
        ends = list(accumulate(len(group.rows) for group in groups))
        return [outcome[start:end] for start, end in pairwise([0, *ends])]

    # -- storing

    def _store(self, asked: Append) -> None:
        """Append rows; if the answer is lost, read them back, and send them again if need be."""
        is_repeat, self._open = asked is self._open, asked
        for attempt in range(ATTEMPTS):
            try:
                if not (is_repeat or attempt) or not self._has(asked):
                    self._warehouse.append(asked.tables, asked.token)
                break
            except Refused:
                self._open = None
                raise
            except Unanswered as lost:
                log.warning("the warehouse did not answer: %s", lost)
                time.sleep(PAUSE_MS * 2**attempt / 1000)
        else:
            raise Unavailable("events_not_written", "The warehouse did not say what it stored.")
        self._open = None
        self._last = asked.last
        self._streams.learn(asked.streams)
        self._keys.add(asked.events["key_low"])

    def _has(self, asked: Append) -> bool:
        """Whether the events of an append are stored."""
        if asked.events.is_empty():
            return False
        found = self._warehouse.query("ingest/size", first=asked.first, last=asked.last)
        return bool(found["events"][0] == len(asked.events))

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
        content = pl.struct("external_subscription_id", "transaction_id", "code", "properties")
        poison = rows.select(
            "organization_id",
            "received_at",
            reason=pl.lit(NOT_STORABLE),
            content=content.struct.json_encode(),
        )
        asked = Append(
            token=f"{self._fence}-{ids.new()}",
            first=self._last + 1,
            events=EVENTS.to_frame(),
            streams=STREAMS.to_frame(),
            rejected=pl.concat([rejected([group]), poison]),
        )
        try:
            self._store(asked)
        except Refused:
            log.exception("rejected rows could not be kept")
        outcome = rows.select(
            verdict=pl.lit(VerdictKind.rejected.value),
            is_same=None,
            reason=pl.lit(NOT_STORABLE),
            key_high=None,
            key_low=None,
        )
        return outcome.cast(OUTCOME)

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
