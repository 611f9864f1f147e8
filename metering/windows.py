"""Which events of a line an engine is to look at: windows, and how time runs within them.

A window is a part of a line in which the customer's zone is equally far ahead of UTC, so that an
engine finds the local day of an event by adding a number. A line on the day of a clock change has
two. Where time does not matter, a line is one window, and nothing is said of time.
"""

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import polars as pl

from sql.types import INSTANT

EVER = datetime(1900, 1, 1, tzinfo=UTC)
"""Where the window of a recurring metric begins: its state survives the period."""

TIMED = frozenset({"quantities_held", "quantities_events"})
"""The statements for which it matters when an event was."""

DAY = 86_400_000_000
"""Microseconds."""

CHANGES = {
    "timezone": pl.String(), "since": INSTANT, "before": INSTANT, "ahead": pl.Int64(),
}  # fmt: skip

PLAIN = ("line", "stream", "start", "stop")


@lru_cache
def _ever() -> pl.Expr:
    """Make the literal at its first use: making it starts the threads of polars.

    A process that is forked, as some servers are, must not have them yet.
    """
    return pl.lit(EVER, dtype=INSTANT)


def windows(
    lines: pl.DataFrame, statement: str, is_recurring: bool, is_by_day: bool
) -> pl.DataFrame:
    """Return the windows of lines, as a statement wants them.

    Shape:   in, LINES with `stream`; out, PLAIN, and for a statement of TIMED also
             begin   where the line begins, even if the window reaches back for ever
             ahead   microseconds that the zone is ahead of UTC
             first   the line's first day, counted from 1970-01-01
             until   to where what an event brought is held, a day or a microsecond
             whole   for how long, at most: the whole line
    """
    if statement not in TIMED:
        start = _ever() if is_recurring else pl.col("start")
        return lines.select("line", "stream", start.alias("start"), "stop")
    first, last = (pl.col(day).cast(pl.Int32).cast(pl.Int64) for day in ("first_day", "last_day"))
    begin, stop = (pl.col(edge).dt.epoch("us") for edge in ("start", "stop"))
    until = last + 1 if is_by_day else stop
    whole = until - (first if is_by_day else begin)
    timed = lines.with_columns(begin="start", first=first, until=until, whole=whole)
    split = _split(timed) if is_by_day else timed.with_columns(ahead=pl.lit(0, pl.Int64))
    is_first = pl.col("start") == pl.col("begin")
    if is_recurring:
        split = split.with_columns(start=pl.when(is_first).then(_ever()).otherwise("start"))
    return split.select(*PLAIN, "begin", "ahead", "first", "until", "whole")


def _split(lines: pl.DataFrame) -> pl.DataFrame:
    """Part lines where the clocks of their zone change."""
    spans = lines.group_by("timezone").agg(pl.col("start").min(), pl.col("stop").max())
    changes = [
        (zone, since, before, ahead)
        for zone, start, stop in spans.rows()
        for since, before, ahead in _changes(zone, start, stop)
    ]
    return (
        lines.join(pl.DataFrame(changes, schema=CHANGES, orient="row"), on="timezone")
        .filter((pl.col("since") < pl.col("stop")) & (pl.col("before") > pl.col("start")))
        .with_columns(
            start=pl.max_horizontal("start", "since"), stop=pl.min_horizontal("stop", "before")
        )
    )


def _changes(zone: str, start: datetime, stop: datetime) -> list[tuple[datetime, datetime, int]]:
    """Return how far a zone is ahead of UTC: since when, before when, and by how many microseconds.

    The first reaches back to `start` at least, and the last to `stop`.
    """
    first, last = start.replace(hour=0, minute=0, second=0, microsecond=0), stop + timedelta(1)
    known = _offsets(zone, first, last.replace(hour=0, minute=0, second=0, microsecond=0))
    ends = [*(since for since, _ in known[1:]), max(stop, last)]
    return [(since, end, ahead) for (since, ahead), end in zip(known, ends, strict=True)]


@lru_cache(maxsize=4096)
def _offsets(zone: str, first: datetime, last: datetime) -> list[tuple[datetime, int]]:
    """Return since when a zone is how far ahead, to the second. No zone changes twice in a day."""
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    known = [(first, _ahead(zone, first))]
    for day in days[1:]:
        if _ahead(zone, day) != known[-1][1]:
            before = day - timedelta(days=1)
            seconds = range(86_401)
            at = bisect_right(
                seconds, 0,
                key=lambda n: _ahead(zone, before + timedelta(seconds=n)) != known[-1][1],
            )  # fmt: skip
            known.append((before + timedelta(seconds=at), _ahead(zone, day)))
    return known


def _ahead(zone: str, instant: datetime) -> int:
    offset = instant.astimezone(ZoneInfo(zone)).utcoffset()
    assert offset is not None, zone
    return offset // timedelta(microseconds=1)
