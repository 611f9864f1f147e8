"""Usage as columns: what is to be priced, what it came to, and what it will come to."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

import polars as pl
from msgspec import Struct

from metering import charges as models
from metering import columns, periods
from metering.filters import Price
from metering.measures.money import plain
from metering.quantities import Metered

BY_UNITS = ("standard", "graduated", "package", "volume")
"""The charge models that price the units expected. Of others, what is priced is carried on."""

DECIMALS = 2
"""Of the units expected (CU2)."""


class Ratio(Struct, frozen=True, kw_only=True):
    """How much of a period has passed."""

    passed: int
    """Local days up to today, today among them."""
    whole: int
    """Local days of the period."""


def lines(spans: pl.DataFrame, charges: pl.DataFrame) -> pl.DataFrame:
    """Return one line per billed period and charge of its plan.

    What is paid in advance is prorated event by event, and not here.

    Shape:   in, periods with period, plan_id, organization_id, external_id, timezone, and of usage
             charges_from, _stop, _first, _last, _days and _seconds (null: no usage is billed), and
             charges with charge_id and plan_id; out, metering.rating's LINES with the columns of
             both.
    """
    wanted = spans.filter(pl.col("charges_from").is_not_null())
    joined = wanted.join(
        charges.sort("plan_id", "position"), on="plan_id", maintain_order="left_right"
    )
    return joined.with_row_index("line").with_columns(
        prorated=pl.col("prorated") & ~pl.col("pay_in_advance"),
        external_subscription_id="external_id", start="charges_from", stop="charges_stop",
        first_day="charges_first", last_day="charges_last",
        full_days=pl.col("charges_days").cast(pl.Int32), full_seconds="charges_seconds",
    )  # fmt: skip


def settled(priced: pl.DataFrame) -> pl.DataFrame:
    """Add `amount_cents` to priced lines that have `digits`; never less than nothing (I9)."""
    cents = columns.settle(pl.col("amount"), pl.col("digits"))
    return priced.with_columns(amount_cents=cents.clip(lower_bound=0))


def projected(
    settled: pl.DataFrame,
    prices: Sequence[Price],
    metrics: Mapping[str, Metered],
    ratio: Ratio,
    digits: int,
) -> pl.DataFrame:
    """Add what the lines of one subscription will have come to when the period ends.

    Shape:   in, settled lines; out, the same rows in their order, with `projected_units` and
             `projected_amount_cents`.
    Rule:    units * whole / passed, under the same price; of a price that is not one of units, the
             amount * whole / passed. What recurs stays, and so does all of it on the last day.
    Rounds:  units at 2 decimals, money to minor units, halves away from zero.
    Source:  spec/billing.md CU2.
    """
    recurring = [id for id, metric in metrics.items() if metric.recurring]
    is_open = ~pl.col("metric_id").is_in(recurring) & (ratio.passed < ratio.whole)
    is_by_units = pl.col("charge_model").is_in(BY_UNITS)
    rows = settled.with_row_index("row").with_columns(
        projected_units=pl.when(is_open)
        .then(columns.scaled(pl.col("units"), ratio.whole, ratio.passed, DECIMALS))
        .otherwise("units"),
        carried=columns.scaled(pl.col("amount"), ratio.whole, ratio.passed, digits),
    )
    anew = _priced(rows.filter(is_open & is_by_units), prices)
    amount = pl.when(is_open & is_by_units).then("expected").otherwise("carried")
    cents = columns.settle(pl.when(is_open).then(amount).otherwise("amount"), digits)
    return (
        rows.join(anew, on="row", how="left", maintain_order="left")
        .with_columns(projected_amount_cents=cents.clip(lower_bound=0))
        .drop("row", "carried", "expected")
    )


def _priced(rows: pl.DataFrame, prices: Sequence[Price]) -> pl.DataFrame:
    """Price the units expected: `row`, `expected`."""
    place = {price.id: number for number, price in enumerate(prices)}
    lines = rows.select(
        line="row",
        price=pl.col("price_id").replace_strict(place, return_dtype=pl.UInt32),
        quantity="projected_units",
        events="events_count",
    )
    made = models.price(lines, [(price.kind, price.properties) for price in prices])
    return made.select(row="line", expected="amount")


def days(calendar: pl.DataFrame, charges: pl.DataFrame) -> pl.DataFrame:
    """Return one line per day and charge.

    Shape:   in, days with usage_date, timezone, started_at, terminated_at, organization_id,
             external_id, and charges; out, metering.quantities' LINES with the columns of both.
    Rule:    a line is a local day, from the start of the subscription to its end; the whole period
             that it is a part of is the day itself.
    """
    next_day = pl.col("usage_date") + pl.duration(days=1)
    edges = periods.starts(
        calendar.with_columns(next_day=next_day), "timezone", begin="usage_date", end="next_day"
    )
    spans = edges.with_columns(
        charges_from=pl.max_horizontal("begin", "started_at"),
        charges_stop=pl.min_horizontal("end", "terminated_at"),
        charges_first="usage_date",
        charges_last="usage_date",
        charges_days=pl.lit(1),
        charges_seconds=(pl.col("end") - pl.col("begin")).dt.total_seconds(),
    )
    return lines(spans, charges)


def passed(standing: pl.DataFrame, thresholds: pl.DataFrame) -> pl.DataFrame:
    """Return the thresholds that the usage of subscriptions has passed since it was last billed.

    Shape:   in, `standing` with subscription_id, base_cents, what its usage was billed until now,
             and total_cents, what all of it has come to; `thresholds` with subscription_id,
             amount_cents and recurring; out, the rows of `thresholds` that were passed, with
             total_cents.
    Rule:    with T the largest amount that counts once: below T, those in (base, total], and the
             recurring one, R, once total - T >= R. From T on, R once what is not billed and what
             base is beyond its last multiple come to R.
    Source:  spec/billing.md PB2.
    """
    once = ~pl.col("recurring")
    rows = thresholds.join(standing, on="subscription_id", maintain_order="left").with_columns(
        most=pl.col("amount_cents").filter(once).max().over("subscription_id").fill_null(0)
    )
    base, total, amount = pl.col("base_cents"), pl.col("total_cents"), pl.col("amount_cents")
    is_early = base < pl.col("most")
    is_new = (base < amount) & (amount <= total)
    is_again = (
        pl.when(is_early)
        .then(total - pl.col("most") >= amount)
        .otherwise(total - base + base % amount >= amount)
    )
    is_more = total > base
    return rows.filter(
        is_more & pl.when(once).then(is_early & is_new).otherwise(is_again)
    ).drop("most", "base_cents")  # fmt: skip


def milestones(
    total: int, thresholds: Sequence[tuple[int, bool, datetime | None]]
) -> list[tuple[int, Decimal, datetime | None]]:
    """Return the amounts of thresholds, how far a total has come towards each, and since when.

    Shape:   in, amounts, whether they recur, and when each was passed last; out, from the lowest.
    Rule:    what recurs is counted from the largest amount that does not; of it, the last amount
             that was reached and the next are returned.
    Rounds:  to 4 decimals, down: nothing is 1 before it is reached.

    >>> milestones(330, [(200, False, None), (100, True, None)])
    [(200, Decimal('1.0'), None), (300, Decimal('1.0'), None), (400, Decimal('0.3'), None)]
    """
    found: list[tuple[int, Decimal, datetime | None]] = []
    last = 0
    for amount, recurs, at in sorted(thresholds, key=lambda each: (each[1], each[0])):
        if not recurs:
            found.append((amount, _come(total, last, amount), at))
            last = amount
            continue
        whole = last + max(total - last, 0) // amount * amount
        if whole > last:
            found.append((whole, _come(total, last, whole), at))
        found.append((whole + amount, _come(total, whole, whole + amount), None))
    return [(amount, ratio, at if ratio == 1 else None) for amount, ratio, at in found]


def _come(total: int, since: int, until: int) -> Decimal:
    """Return which part of the way from one amount to another has been gone."""
    gone = min(max(total - since, 0), until - since)
    return plain(Decimal(gone * 10_000 // (until - since)).scaleb(-4))
