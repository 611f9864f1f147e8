"""Which periods are due, and their bounds: pure, in columns, for the whole book at once.

A *book* frame here has one row per subscription with what decides its periods: subscription_id,
timezone, billing_time, subscription_at, started_at, created_at, interval, charge_interval,
plan_in_advance. The functions add to it:

    reason, billed_on            why, and for which local day
    fee_first, fee_last          the local days the base fee covers; null where there is none
    full_days                    how many days the whole period of that fee has
    subscription_from, _to       the same as instants
    charges_from, charges_to     the usage that is billed, both ends shown; null where there is none
    charges_stop                 the first instant that is no longer billed
"""

from datetime import datetime

import polars as pl

from metering import periods
from metering.measures.period import CALENDAR
from sql.types import INSTANT

BOUNDS = (
    "reason", "billed_on", "fee_first", "fee_last", "full_days", "subscription_from",
    "subscription_to", "charges_from", "charges_to", "charges_stop",
)  # fmt: skip

SECOND = pl.duration(seconds=1)
DAY = pl.duration(days=1)


def anchored(book: pl.DataFrame) -> pl.DataFrame:
    """Add `anchor`, the day periods are counted from, and `started_on`, both local."""
    local = periods.days_of(
        book, "timezone", began_on="subscription_at", started_on="started_at",
        created_on="created_at", ending_on="ending_at",
    )  # fmt: skip
    is_anniversary = pl.col("billing_time") == "anniversary"
    return local.with_columns(
        anchor=pl.when(is_anniversary).then("began_on").otherwise(pl.lit(CALENDAR))
    )


def due_on(book: pl.DataFrame) -> pl.DataFrame:
    """Keep what a billing run of each row's local `day` bills, with its bounds.

    Shape:   in, an anchored book with `day`; out, the rows due on it, with BOUNDS.
    Rule:    a base fee is due on the first day of its period, usage on the first day of its own
             (which is a month where the plan bills charges monthly), strictly after the local
             day of the start (P3). In arrears the fee covers the period that ended, in advance
             the one that begins; usage is always of the period that ended (P4, P5, P6).
    """
    day, advance = pl.col("day"), pl.col("plan_in_advance")
    fee = periods.containing(day, pl.col("interval"), pl.col("anchor"))
    usage = periods.containing(day, pl.col("charge_interval"), pl.col("anchor"))
    rows = (
        book.filter(day > pl.col("started_on"))
        .with_columns(_fee=fee, _usage=usage)
        .with_columns(
            _fee_due=pl.col("_fee").struct["first"] == day,
            _usage_due=pl.col("_usage").struct["first"] == day,
        )
        .filter(pl.col("_fee_due") | pl.col("_usage_due"))
    )
    ended = periods.containing(day - DAY, pl.col("interval"), pl.col("anchor"))
    used = periods.containing(day - DAY, pl.col("charge_interval"), pl.col("anchor"))
    rows = rows.with_columns(
        _billed=pl.when(pl.col("_fee_due"))
        .then(pl.when(advance).then(pl.col("_fee")).otherwise(ended))
        .otherwise(None),
        _charged=pl.when(pl.col("_usage_due")).then(used).otherwise(None),
    )
    return _bounded(
        rows.with_columns(
            reason=pl.lit("subscription_periodic"),
            billed_on=day,
            _until=pl.lit(None, INSTANT),
        )
    )


def starting(book: pl.DataFrame) -> pl.DataFrame:
    """Return what is billed when a subscription starts: the base fee in advance, no usage (BR5).

    Shape:   in, an anchored book with `day`, the local day of the start; out, with BOUNDS.
    """
    current = periods.containing(pl.col("day"), pl.col("interval"), pl.col("anchor"))
    return _bounded(
        book.filter(pl.col("plan_in_advance")).with_columns(
            reason=pl.lit("subscription_starting"),
            billed_on=pl.col("day"),
            _billed=current,
            _charged=pl.lit(None, pl.Struct({"first": pl.Date, "last": pl.Date})),
            _until=pl.lit(None, INSTANT),
        )
    )


def terminating(book: pl.DataFrame) -> pl.DataFrame:
    """Return what is billed when a subscription ends.

    Shape:   in, an anchored book with `day`, the local day of the end, `terminated_at`, and
             `is_billed`, whether a run of that day has billed the subscription already; out, with
             BOUNDS.
    Rule:    in arrears the base fee of the current period up to and with the day of the end, and in
             both cases usage up to the instant. On a billing day that has not been billed, the
             whole previous period instead, and nothing for the day itself (TE2).
    """
    day = pl.col("day")
    fee = periods.containing(day, pl.col("interval"), pl.col("anchor"))
    usage = periods.containing(day, pl.col("charge_interval"), pl.col("anchor"))
    is_old = ~pl.col("is_billed") & (day > pl.col("started_on"))
    rows = book.with_columns(_fee=fee, _usage=usage).with_columns(
        _late_fee=is_old & (pl.col("_fee").struct["first"] == day),
        _late_usage=is_old & (pl.col("_usage").struct["first"] == day),
    )
    ended = periods.containing(day - DAY, pl.col("interval"), pl.col("anchor"))
    used = periods.containing(day - DAY, pl.col("charge_interval"), pl.col("anchor"))
    rows = rows.with_columns(
        reason=pl.lit("subscription_terminating"),
        billed_on=day,
        _until=pl.col("terminated_at"),
        _billed=pl.when(pl.col("plan_in_advance"))
        .then(None)
        .otherwise(pl.when(pl.col("_late_fee")).then(ended).otherwise(pl.col("_fee"))),
        _charged=pl.when(pl.col("_late_usage")).then(used).otherwise(pl.col("_usage")),
    )
    return _bounded(rows)


def unbilled(book: pl.DataFrame, billed: pl.DataFrame) -> pl.DataFrame:
    """Return every period start before today that was never billed, one row per start, as `day`.

    Shape:   in, an anchored book with `today`; `billed` has subscription_id and billed_on;
             out, the book's rows with `day`, oldest days first.
    Rule:    strictly after the local days of the start and of the creation (BR4, design). Usage
             starts are enough: a plan's periods are made of whole usage periods.
    """
    interval, anchor = pl.col("charge_interval"), pl.col("anchor")
    floor = pl.max_horizontal("started_on", "created_on")
    passed = pl.int_ranges(
        periods.index(floor, interval, anchor) + 1,
        periods.index(pl.col("today") - DAY, interval, anchor) + 1,
        dtype=pl.Int32,
    )
    starts = (
        book.with_columns(_k=passed)
        .explode("_k", empty_as_null=False)
        .with_columns(day=periods.nth(pl.col("_k"), interval, anchor))
        .drop("_k")
    )
    return starts.join(
        billed, left_on=["subscription_id", "day"], right_on=["subscription_id", "billed_on"],
        how="anti",
    ).sort("day", maintain_order=True)  # fmt: skip


def next_start(book: pl.DataFrame, after: datetime) -> datetime | None:
    """Return the first instant after `after` at which a period of the book starts."""
    if book.is_empty():
        return None
    told = periods.today(book, "timezone", after)
    first = [
        periods.containing(pl.col("today"), pl.col(name), pl.col("anchor")).struct["last"] + DAY
        for name in ("interval", "charge_interval")
    ]
    days = told.with_columns(_next=pl.min_horizontal(*first))
    return periods.starts(days, "timezone", _at="_next")["_at"].min()  # type: ignore[return-value]


def _bounded(rows: pl.DataFrame) -> pl.DataFrame:
    """Turn `_billed`, `_charged` and `_until` into BOUNDS.

    A fee starts no earlier than the local day of the start, and ends on the day of `_until`; usage
    starts no earlier than the exact start and stops with the second of `_until` (P4, P5).
    """
    billed, charged = pl.col("_billed").struct, pl.col("_charged").struct
    rows = periods.days_of(rows, "timezone", _until_on="_until").with_columns(
        fee_first=pl.max_horizontal(billed["first"], "started_on").pipe(_where, billed["first"]),
        fee_last=pl.min_horizontal(billed["last"], "_until_on").pipe(_where, billed["last"]),
        full_days=periods.days(billed["first"], billed["last"]),
        _fee_stop=billed["last"] + DAY,
        _used_first=charged["first"],
        _used_stop=charged["last"] + DAY,
    )
    rows = periods.starts(
        rows, "timezone", subscription_from="fee_first", _fee_end="_fee_stop",
        _used_from="_used_first", _used_end="_used_stop",
    )  # fmt: skip
    rows = rows.with_columns(
        subscription_to=pl.min_horizontal(pl.col("_fee_end") - SECOND, "_until").pipe(
            _where, pl.col("fee_first")
        ),
        charges_from=pl.max_horizontal("_used_from", "started_at").pipe(
            _where, pl.col("_used_from")
        ),
        charges_to=pl.min_horizontal(pl.col("_used_end") - SECOND, "_until").pipe(
            _where, pl.col("_used_from")
        ),
    ).with_columns(charges_stop=pl.col("charges_to") + SECOND)
    return rows.drop(name for name in rows.columns if name.startswith("_"))


def _where(value: pl.Expr, present: pl.Expr) -> pl.Expr:
    """Keep a bound only where there is something to bound."""
    return pl.when(present.is_not_null()).then(value)
