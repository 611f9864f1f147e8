"""Which periods are due, and their bounds: pure, in columns, for the whole book at once.

A *book* frame here has one row per subscription with what decides its periods: subscription_id,
timezone, billing_time, subscription_at, started_at, created_at, interval, charge_interval,
fixed_interval, plan_in_advance. The functions add to it:

    reason, billed_on            why, and for which local day
    fee_first, fee_last          the local days the base fee covers; null where there is none
    full_days                    how many days the whole period of that fee has
    subscription_from, _to       the same as instants
    charges_from, charges_to     the usage that is billed, both ends shown; null where there is none
    charges_stop                 the first instant that is no longer billed
    fixed_charges_from, _to      the period of fixed charges, likewise
"""

from datetime import datetime

import polars as pl

from metering import periods
from metering.measures.period import CALENDAR
from sql.types import INSTANT

BOUNDS = (
    "reason", "billed_on", "fee_first", "fee_last", "full_days", "subscription_from",
    "subscription_to", "charges_from", "charges_to", "charges_stop",
    "fixed_charges_from", "fixed_charges_to",
)  # fmt: skip

KINDS = {"_billed": "interval", "_charged": "charge_interval", "_fixed": "fixed_interval"}
"""What is billed, and the column that says how often: the base fee, usage, fixed charges."""

SHOWN = {"_charged": "charges", "_fixed": "fixed_charges"}
"""What bounds of a kind are called."""

PERIOD = pl.Struct({"first": pl.Date, "last": pl.Date})

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
    day = pl.col("day")
    rows = book.filter(day > pl.col("started_on"))
    for name, interval in KINDS.items():
        rows = _held(rows, name, day, interval)
    rows = rows.filter(pl.any_horizontal(pl.col(name).struct["first"] == day for name in KINDS))
    for name, interval in KINDS.items():
        rows = _held(rows, f"{name}_ended", day - DAY, interval)
    fee = pl.when("plan_in_advance").then(pl.col("_billed")).otherwise(pl.col("_billed_ended"))
    billed = {
        "_billed": fee,
        "_charged": pl.col("_charged_ended"),
        "_fixed": pl.col("_fixed_ended"),
    }
    due = {
        name: pl.when(pl.col(name).struct["first"] == day).then(period)
        for name, period in billed.items()
    }
    return _bounded(
        rows.with_columns(
            **due,
            reason=pl.lit("subscription_periodic"),
            billed_on=day,
            _until=pl.lit(None, INSTANT),
        )
    )


def starting(book: pl.DataFrame) -> pl.DataFrame:
    """Return what is billed when a subscription starts: the base fee in advance, no usage (BR5).

    Shape:   in, an anchored book with `day`, the local day of the start; out, with BOUNDS.
    """
    rows = _held(book.filter(pl.col("plan_in_advance")), "_billed", pl.col("day"), "interval")
    return _bounded(
        rows.with_columns(
            reason=pl.lit("subscription_starting"),
            billed_on=pl.col("day"),
            _charged=pl.lit(None, PERIOD),
            _fixed=pl.lit(None, PERIOD),
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
    is_late = ~pl.col("is_billed") & (day > pl.col("started_on"))
    rows = book
    for name, interval in KINDS.items():
        rows = _held(_held(rows, name, day, interval), f"{name}_ended", day - DAY, interval)
        is_old = is_late & (pl.col(name).struct["first"] == day)
        rows = rows.with_columns(
            pl.when(is_old).then(pl.col(f"{name}_ended")).otherwise(pl.col(name)).alias(name)
        )
    return _bounded(
        rows.with_columns(
            reason=pl.lit("subscription_terminating"),
            billed_on=day,
            _billed=pl.when(~pl.col("plan_in_advance")).then("_billed"),
            _until=pl.col("terminated_at"),
        )
    )


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
    for name, interval in KINDS.items():
        told = _held(told, name, pl.col("today"), interval)
    first = pl.min_horizontal(pl.col(name).struct["last"] for name in KINDS) + DAY
    days = told.with_columns(_next=first)
    return periods.starts(days, "timezone", _at="_next")["_at"].min()  # type: ignore[return-value]


def _held(rows: pl.DataFrame, into: str, day: pl.Expr, interval: str) -> pl.DataFrame:
    """Add, as `into`, the period of a day, of the length that a column says."""
    return periods.containing(rows, into, day, pl.col(interval), pl.col("anchor"))


def _bounded(rows: pl.DataFrame) -> pl.DataFrame:
    """Turn the periods `_billed`, `_charged` and `_fixed`, and `_until`, into BOUNDS.

    A fee starts no earlier than the local day of the start, and ends on the day of `_until`; usage
    starts no earlier than the exact start and stops with the second of `_until` (P4, P5).
    """
    billed = pl.col("_billed").struct
    edges = {
        f"{name}_{edge}": pl.col(name).struct[bound] + shift
        for name in KINDS
        for edge, bound, shift in (("from", "first", 0 * DAY), ("end", "last", DAY))
    }
    rows = periods.days_of(rows, "timezone", _until_on="_until").with_columns(
        **edges,
        fee_first=pl.max_horizontal(billed["first"], "started_on").pipe(_where, billed["first"]),
        fee_last=pl.min_horizontal(billed["last"], "_until_on").pipe(_where, billed["last"]),
        full_days=periods.days(billed["first"], billed["last"]),
    )
    rows = periods.starts(
        rows, "timezone", subscription_from="fee_first", **{name: name for name in edges}
    )
    exact = {
        f"{shown}_from": pl.max_horizontal(f"{name}_from", "started_at").pipe(
            _where, pl.col(f"{name}_from")
        )
        for name, shown in SHOWN.items()
    }
    closed = {
        f"{shown}_to": pl.min_horizontal(pl.col(f"{name}_end") - SECOND, "_until").pipe(
            _where, pl.col(f"{name}_from")
        )
        for name, shown in {**SHOWN, "_billed": "subscription"}.items()
    }
    rows = rows.with_columns(**exact, **closed)
    rows = rows.with_columns(charges_stop=pl.col("charges_to") + SECOND)
    return rows.drop(name for name in rows.columns if name.startswith("_"))


def _where(value: pl.Expr, present: pl.Expr) -> pl.Expr:
    """Keep a bound only where there is something to bound."""
    return pl.when(present.is_not_null()).then(value)
