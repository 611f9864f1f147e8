"""Transactions: what a percentage takes of each event, after what is free.

Events go in the order of time. `free_events` of them, or as many as bring fewer than `free` units
together, cost nothing; where both are given, the fewer. The event that uses up the free units pays
for what it brought beyond them, and what is fixed. Where an event costs `least` to `most`, each is
held against that.
"""

import polars as pl

from metering.charges.model import ZERO
from metering.columns import QUANTITY, number, remainder, total

TERMS = ("line", "quantity", "events", "free", "free_events", "least", "most")

NONE = pl.lit(ZERO, QUANTITY)


def steps(lines: pl.LazyFrame, events: pl.LazyFrame) -> pl.LazyFrame:
    """Find how many units each step of a percentage has.

    Shape:   in, one row per (line, step) and EVENTS; out, the rows with `units`, `parts`, what was
             `free_of_charge` and how many `events_free_of_charge`.
    Rule:    without bounds, share = quantity - free units, at least 0; fixed = events - free
             events; nothing for no units. With bounds, share and fixed are those of the events that
             are not free, one by one; those of events that cost too little or too much are taken
             back, and the least or the most is paid for each.
    Source:  spec/billing.md CM5, CM6.
    """
    first = lines.filter(pl.col("step") == 1)
    fixed = lines.filter(pl.col("step") == 2).select("line", fixed="rate")
    terms = first.select(*TERMS, share="rate").join(fixed, on="line")
    found = terms.join(_facts(terms, events), on="line", how="left")
    is_bounded = pl.col("least").is_not_null() | pl.col("most").is_not_null()
    is_used = pl.col("quantity") > ZERO
    units = pl.when(is_used).then(pl.col("quantity") - pl.col("_free_units")).otherwise(ZERO)
    paid = pl.when(is_used).then(pl.col("events") - pl.col("_free_events")).otherwise(0)
    zero = found.with_columns(
        pl.col("_free_units", "_rated", "_bounded").fill_null(ZERO),
        pl.col("_free_events", "_paid", "_below", "_above").fill_null(0),
    )
    told = zero.select(
        "line",
        free_of_charge="_free_units",
        events_free_of_charge="_free_events",
        _1=pl.when(is_bounded).then("_rated").otherwise(units.clip(lower_bound=ZERO)),
        _2=pl.when(is_bounded).then("_paid").otherwise(paid.clip(lower_bound=0)).cast(QUANTITY),
        _3=pl.col("_below").cast(QUANTITY),
        _4=pl.col("_above").cast(QUANTITY),
        _5=-pl.col("_bounded"),
        _6=-(pl.col("_below") + pl.col("_above")).cast(QUANTITY),
    )
    of_step = pl.coalesce(pl.when(pl.col("step") == n).then(f"_{n}") for n in range(1, 7))
    return lines.join(told, on="line").with_columns(units=of_step, parts=pl.lit(1, pl.Int64))


def _facts(terms: pl.LazyFrame, events: pl.LazyFrame) -> pl.LazyFrame:
    """Add up, for each line, what its events are to a percentage."""
    value = pl.col("value")
    passed = value.to_physical().cum_sum().over("line")
    placed = (
        events.join(terms, on="line")
        .sort("line", "order")
        .with_columns(n=pl.int_range(1, pl.len() + 1).over("line"), passed=number(passed))
        .with_columns(most_passed=pl.col("passed").cum_max().over("line"))
    )
    limit, free = pl.col("free_events"), pl.col("free")
    has_units = free > ZERO
    leading = (pl.col("most_passed") < free).sum().over("line").cast(pl.Int64)
    by_units = pl.when(has_units).then(leading)
    counted = placed.with_columns(
        by_units=by_units, free_count=pl.min_horizontal(limit, by_units).fill_null(0)
    )
    is_last = has_units & (pl.col("n") == pl.col("by_units") + 1)
    is_split = is_last & (limit.is_null() | (pl.col("by_units") < limit))
    rated = (
        pl.when(pl.col("n") <= pl.col("free_count")).then(None)
        .when(is_split).then(pl.col("passed") - free)
        .otherwise("value")
    )  # fmt: skip
    costed = _costed(counted.with_columns(rated=rated))
    is_out = pl.col("is_below") | pl.col("is_above")
    first = total(value.filter(pl.col("n") <= limit))
    free_units = (
        pl.when(has_units.first() & limit.first().is_not_null())
        .then(pl.min_horizontal(first, free.first()))
        .when(has_units.first())
        .then(pl.min_horizontal(pl.col("quantity").first(), free.first()))
        .otherwise(first)
    )
    return costed.group_by("line").agg(
        _free_units=free_units,
        _free_events=pl.min_horizontal(pl.col("free_count").first(), pl.len().cast(pl.Int64)),
        _rated=total(pl.col("rated").fill_null(ZERO)),
        _paid=pl.col("rated").is_not_null().sum().cast(pl.Int64),
        _below=pl.col("is_below").sum().cast(pl.Int64),
        _above=pl.col("is_above").sum().cast(pl.Int64),
        _bounded=total(pl.col("rated").filter(is_out)),
    )


def _costed(rated: pl.LazyFrame) -> pl.LazyFrame:
    """Say which events cost less than the least or more than the most, exactly."""
    units, share = pl.col("rated"), pl.col("share")
    cost, rest = pl.col("_cost") + pl.col("fixed"), pl.col("_rest")
    least, most = pl.col("least"), pl.col("most")
    below = ((cost < least) | ((cost == least) & (rest < 0))).fill_null(False)
    above = ((cost > most) | ((cost == most) & (rest > 0))).fill_null(False)
    return (
        rated.with_columns(_cost=units * share)
        .with_columns(_rest=remainder(units, share, pl.col("_cost")))
        .with_columns(is_below=below, is_above=above)
    )
