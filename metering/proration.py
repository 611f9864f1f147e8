"""Proration of what recurs: for how many days of a period units were held.

Days are local calendar days of the customer; what came before the line began is dated the day
before its first. Frames here have one row per event with `row` (whose price it is), `rank` (in
which order), `day`, and the line's `first` and `last` day.

A *move* is a change of the units held, and the days from there on for which it counts: what a
graduated price is worked out from.
"""

from decimal import Decimal

import polars as pl

from metering.charges import EVENTS
from metering.columns import COUNT, QUANTITY, total

BEFORE = pl.col("day") < pl.col("first")
"""What happened before the line began."""

ONE = pl.lit(Decimal(1), QUANTITY)


def sums(events: pl.DataFrame) -> pl.DataFrame:
    """Return the moves of sums.

    Shape:   in, events with `number`; out, EVENTS.
    Rule:    all that came before is one move, held all days; an event is held from its day to the
             last one, both included, and is no move if that is no day (PR1, CM9).
    """
    carried = pl.when(BEFORE).then(pl.lit(0, COUNT)).otherwise("rank")
    days = pl.col("last") - pl.max_horizontal("day", "first") + 1
    return (
        events.with_columns(order=carried, days=days)
        .filter(pl.col("days") > 0)
        .group_by("row", "order")
        .agg(value=total(pl.col("number")), days=pl.col("days").first())
        .select(**_named())
    )


def states(events: pl.DataFrame) -> pl.DataFrame:
    """Return the moves of unique values that come and go: 1 when one comes, -1 when it goes.

    Shape:   in, events with `value` and `is_added`; out, EVENTS.
    Rule:    a value is held from the day it came to the day it went, both included; one that went
             and came back on a day never went. What went before the line began, or came after its
             last day, is no move. A move away counts for no day (PR2, CM9).
    """
    own = ["row", "value"]
    was = pl.col("is_added").shift(1).over(own).fill_null(False)
    changes = events.sort(*own, "rank").filter(pl.col("is_added") != was)
    same_day = (pl.col("day") == pl.col("day").shift(1).over(own)) & ~BEFORE
    comes_back = (pl.col("is_added") & same_day).fill_null(False)
    goes_briefly = comes_back.shift(-1).over(own).fill_null(False)
    kept = changes.filter(~(comes_back | goes_briefly)).with_columns(
        left=pl.col("rank").shift(-1).over(own), left_on=pl.col("day").shift(-1).over(own)
    )
    came = pl.max_horizontal("day", "first")
    went = pl.min_horizontal(pl.col("left_on").fill_null(pl.col("last")), "last")
    held = (
        kept.filter(pl.col("is_added") & ~(pl.col("left_on") < pl.col("first")).fill_null(False))
        .with_columns(days=went - came + 1)
        .filter(pl.col("days") > 0)
    )
    comes = held.select(**_named(order="rank", value=ONE))
    gone = held.filter(pl.col("left").is_not_null())
    goes = gone.select(**_named(order="left", value=-ONE, days=pl.lit(0, pl.Int64)))
    return pl.concat([comes, goes])


def _named(**given: pl.Expr | str) -> dict[str, pl.Expr]:
    """Give columns the names and types of EVENTS; `row` is the line of a price."""
    named: dict[str, pl.Expr | str] = {"line": "row", **given}
    made = {}
    for name, kind in EVENTS.items():
        source = named.get(name, name)
        made[name] = (pl.col(source) if isinstance(source, str) else source).cast(kind)
    return made
