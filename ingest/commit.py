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
from ingest.streams import Streams
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
    """Rows that are sent to one table at once, under a token of their own."""

    table: str
    rows: pl.DataFrame
    token: str


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
                self._send(self._open, is_repeat=True)
            except Refused:
                log.warning("rows whose answer was lost have been refused")
        outcomes = self._try(groups)
        self._keep(rejected(groups))
        return outcomes

    def _try(self, groups: Sequence[Group]) -> list[pl.DataFrame]:
        """Store groups, or parts of them if the engine refuses the whole.

        New streams are stored before their events, and stay if those are refused: a number that
        was given once is never given to another.
        """
        try:
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
        return [outcome[start:end] for start, end in pairwise(ends)]

    # -- storing

    def _store(self, table: str, rows: pl.DataFrame) -> None:
        """Append rows, if there are any."""
        if len(rows):
            token = f"{self._fence}-{self._last + 1}-{ids.new()}"
            self._send(Append(table=table, rows=rows, token=token))

    def _send(self, asked: Append, *, is_repeat: bool = False) -> None:
        """Append rows; if the answer is lost, read them back, and send them again if need be.

        Raises: Refused; Unavailable `events_not_written`.
        """
        self._open = asked
        for attempt in range(ATTEMPTS):
            try:
                if not (is_repeat or attempt) or not self._has(asked):
                    self._warehouse.append({asked.table: asked.rows}, asked.token)
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
        if asked.table == "streams":
            self._streams.learn(asked.rows)
        if asked.table == "events":
            self._last += len(asked.rows)
            self._keys.add(asked.rows["key_low"])

    def _has(self, asked: Append) -> bool:
        """Whether the events of an append are stored. Of other rows, the token keeps one copy."""
        if asked.table != "events":
            return False
        first, last = asked.rows["sequence"][0], asked.rows["sequence"][-1]
        found = self._warehouse.query("ingest/size", first=first, last=last)
        return bool(found["events"][0] == len(asked.rows))

    def _keep(self, rows: pl.DataFrame) -> None:
        """Keep rows that cannot be events, with their reason."""
        try:
            self._store("rejected_events", rows)
        except Refused:
            log.exception("%d rejected rows could not be kept", len(rows))

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
        self._keep(
            rows.select(
                "organization_id",
                "received_at",
                reason=pl.lit(NOT_STORABLE),
                content=content.struct.json_encode(),
            )
        )
        outcome = rows.select(verdict=pl.repeat(VerdictKind.rejected.value, len(rows)))
        return outcome.with_columns(
            is_same=None, reason=pl.lit(NOT_STORABLE), key_high=None, key_low=None
        ).cast(OUTCOME)

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
