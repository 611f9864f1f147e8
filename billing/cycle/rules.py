"""Which periods are due, and their bounds: pure, in columns, for the whole book at once.

A *book* frame here has one row per subscription with what decides its periods: subscription_id,
timezone, billing_time, subscription_at, started_at, created_at, trial_end, interval,
charge_interval, fixed_interval, plan_in_advance. The functions add BOUNDS to it: `reason` and
`billed_on`, why and for which local day; and for each of KINDS, null where nothing of it is billed,

    <kind>_first, _last          the local days that are billed
    <kind>_days                  how many days the whole period has
    <kind>_from, _to             the same as instants, both ends shown

and of usage also `charges_stop`, the first instant that is no longer billed, and `charges_seconds`,
the length of the whole period.
"""

from datetime import datetime

import polars as pl

from metering import periods
from metering.measures.period import CALENDAR
from sql.types import INSTANT

KINDS = {
    "subscription": "interval",
    "charges": "charge_interval",
    "fixed_charges": "fixed_interval",
    "fixed_ahead": "fixed_interval",
    "commitment": "interval",
}
"""What is billed, and the column that says how often: the base fee, usage, fixed charges in arrears
and in advance, and what is missing to a minimum commitment."""

EXACT = ("charges", "fixed_charges", "fixed_ahead")
"""What begins with the instant of the start, and not with its day."""

BOUNDS = (
    "reason", "billed_on", "charges_stop", "charges_seconds",
    *(f"{kind}_{edge}" for kind in KINDS for edge in ("first", "last", "days", "from", "to")),
)  # fmt: skip

PERIOD = pl.Struct({"first": pl.Date, "last": pl.Date})

SECOND = pl.duration(seconds=1)
DAY = pl.duration(days=1)


def anchored(book: pl.DataFrame) -> pl.DataFrame:
    """Add `anchor`, the day periods are counted from, and the local days of its instants."""
    local = periods.days_of(
        book, "timezone", began_on="subscription_at", started_on="started_at",
        created_on="created_at", ending_on="ending_at", trial_on="trial_end",
        terminated_on="terminated_at",
    )  # fmt: skip
    is_anniversary = pl.col("billing_time") == "anniversary"
    return local.with_columns(
        anchor=pl.when(is_anniversary).then("began_on").otherwise(pl.lit(CALENDAR))
    )


def due_on(book: pl.DataFrame) -> pl.DataFrame:
    """Keep what a billing run of each row's local `day` bills, with its bounds.

    Shape:   in, an anchored book with `day`; out, the rows due on it, with BOUNDS, which go no
             further than the end of a subscription.
    Rule:    a base fee is due on the first day of its period, usage on the first day of its own
             (which is a month where the plan bills charges monthly), strictly after the local
             day of the start (P3). In arrears the fee covers the period that ended, in advance
             the one that begins, unless that begins within the trial; fixed charges likewise, but
             for the trial; all else is of the period that ended (P4, P5, P6, MC1, FC4).
    """
    day = pl.col("day")
    rows = book.filter(day > pl.col("started_on"))
    for kind, interval in KINDS.items():
        rows = _held(rows, f"_{kind}", day, interval)
    rows = rows.filter(
        pl.any_horizontal(pl.col(f"_{kind}").struct["first"] == day for kind in KINDS)
    )
    is_due = {kind: pl.col(f"_{kind}").struct["first"] == day for kind in KINDS}
    for kind, interval in KINDS.items():
        rows = _held(rows, f"_{kind}_ended", day - DAY, interval)
    billed = {kind: pl.col(f"_{kind}_ended") for kind in KINDS}
    is_trial = (pl.col("trial_on") > day).fill_null(False)
    ahead = pl.when(~is_trial).then(pl.col("_subscription"))
    billed["fixed_ahead"] = pl.col("_fixed_ahead")
    billed["subscription"] = (
        pl.when("plan_in_advance").then(ahead).otherwise(billed["subscription"])
    )
    return _bounded(
        rows.with_columns(
            **{f"_{kind}": pl.when(is_due[kind]).then(period) for kind, period in billed.items()},
            reason=pl.lit("subscription_periodic"),
            billed_on=day,
            _until="terminated_at",
            _until_on="terminated_on",
            _given_up=0 * DAY,
        )
    )


def starting(book: pl.DataFrame) -> pl.DataFrame:
    """Return what is billed when a subscription starts: what is paid in advance, no usage (BR5).

    Shape:   in, an anchored book with `day`, the local day of the start, and `has_fixed_ahead`,
             whether the plan has fixed charges in advance; out, with BOUNDS. There is no base fee
             where the start is one of a trial.
    """
    is_trial = (pl.col("trial_end") > pl.col("started_at")).fill_null(False)
    has_fee = pl.col("plan_in_advance") & ~is_trial
    return _ahead(book, has_fee, pl.col("has_fixed_ahead"))


def past_trial(book: pl.DataFrame) -> pl.DataFrame:
    """Return what is billed when a trial ends: in advance, the rest of its period (TR3).

    Shape:   in, an anchored book of subscriptions whose trial is over; out, with BOUNDS.
    """
    return _ahead(book.with_columns(day="trial_on"), pl.col("plan_in_advance"), pl.lit(False))


def raised(book: pl.DataFrame) -> pl.DataFrame:
    """Return what is billed when more units of a fixed charge are wanted at once (FC5).

    Shape:   in, an anchored book with `day`; out, with BOUNDS from that day on.
    """
    rows = _ahead(book, pl.lit(False), pl.lit(True)).with_columns(
        reason=pl.lit("in_advance_charge"), fixed_ahead_first=pl.max_horizontal("day", "started_on")
    )
    return periods.starts(rows, "timezone", _begin="fixed_ahead_first").with_columns(
        fixed_ahead_from=pl.max_horizontal("_begin", "started_at")
    ).drop("_begin")  # fmt: skip


def _ahead(book: pl.DataFrame, has_fee: pl.Expr, has_fixed: pl.Expr) -> pl.DataFrame:
    """Return what is billed in advance of the periods that hold `day`, if that is anything."""
    rows = book.with_columns(_has_fee=has_fee, _has_fixed=has_fixed).filter(
        pl.col("_has_fee") | pl.col("_has_fixed")
    )
    rows = _held(rows, "_subscription", pl.col("day"), "interval")
    rows = _held(rows, "_fixed_ahead", pl.col("day"), "fixed_interval")
    none = {f"_{kind}": pl.lit(None, PERIOD) for kind in KINDS}
    return _bounded(
        rows.with_columns(
            reason=pl.lit("subscription_starting"),
            billed_on=pl.col("day"),
            **none
            | {
                "_subscription": pl.when("_has_fee").then("_subscription"),
                "_fixed_ahead": pl.when("_has_fixed").then("_fixed_ahead"),
            },
        )
    )


def terminating(book: pl.DataFrame) -> pl.DataFrame:
    """Return what is billed when a subscription ends.

    Shape:   in, an anchored book with `day`, the local day of the end, `terminated_at`,
             `is_billed`, whether a run of that day has billed the subscription already, and
             `is_switch`, whether another plan follows at once; out, with BOUNDS.
    Rule:    in arrears the base fee of the current period up to and with the day of the end, and in
             both cases usage up to the instant. On a billing day that has not been billed, the
             whole previous period instead, and nothing for the day itself (TE2). The day of a
             switch belongs to the plan that follows (SF3, PR3), but for fixed charges (FC6).
    """
    day = pl.col("day")
    is_late = ~pl.col("is_billed") & (day > pl.col("started_on"))
    rows = book
    for kind, interval in KINDS.items():
        name = f"_{kind}"
        rows = _held(_held(rows, name, day, interval), f"{name}_ended", day - DAY, interval)
        is_old = is_late & (pl.col(name).struct["first"] == day)
        rows = rows.with_columns(
            pl.when(is_old).then(pl.col(f"{name}_ended")).otherwise(pl.col(name)).alias(name)
        )
    return _bounded(
        rows.with_columns(
            reason=pl.lit("subscription_terminating"),
            billed_on=day,
            _subscription=pl.when(~pl.col("plan_in_advance")).then("_subscription"),
            _fixed_ahead=pl.lit(None, PERIOD),
            _until=pl.col("terminated_at"),
            _until_on=day,
            _given_up=pl.when("is_switch").then(DAY).otherwise(0 * DAY),
        )
    )


def unbilled(book: pl.DataFrame, billed: pl.DataFrame) -> pl.DataFrame:
    """Return every period start before today that was never billed, one row per start, as `day`.

    Shape:   in, an anchored book with `today`; `billed` has subscription_id and billed_on;
             out, the book's rows with `day`, oldest days first.
    Rule:    strictly after the local days of the start and of the creation (BR4, design), and
             before that of the end. Usage starts are enough: a plan's periods are made of whole
             usage periods.
    """
    interval, anchor = pl.col("charge_interval"), pl.col("anchor")
    floor = pl.max_horizontal("started_on", "created_on")
    last = pl.min_horizontal("today", "terminated_on") - DAY
    passed = pl.int_ranges(
        periods.index(floor, interval, anchor) + 1,
        periods.index(last, interval, anchor) + 1,
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


def next_due(book: pl.DataFrame, after: datetime) -> datetime | None:
    """Return the first instant after `after` at which a period starts or a trial ends."""
    if book.is_empty():
        return None
    told = periods.today(book, "timezone", after)
    for kind, interval in KINDS.items():
        told = _held(told, f"_{kind}", pl.col("today"), interval)
    first = pl.min_horizontal(pl.col(f"_{kind}").struct["last"] for kind in KINDS) + DAY
    days = told.with_columns(_next=first)
    starts = periods.starts(days, "timezone", _at="_next")["_at"]
    trials = book["trial_end"]
    return min(starts.min(), trials.filter(trials > after).min() or starts.min())  # type: ignore


def _held(rows: pl.DataFrame, into: str, day: pl.Expr, interval: str) -> pl.DataFrame:
    """Add, as `into`, the period of a day, of the length that a column says."""
    return periods.containing(rows, into, day, pl.col(interval), pl.col("anchor"))


def _bounded(rows: pl.DataFrame) -> pl.DataFrame:
    """Turn the periods `_<kind>` into BOUNDS.

    Nothing starts before the local day of the start, nor the base fee before that of the trial's
    end; days end with `_until_on` and instants with `_until`, if the rows have them (P4, P5, TR4).
    """
    if "_until" not in rows.columns:
        rows = rows.with_columns(
            _until=pl.lit(None, INSTANT),
            _until_on=pl.lit(None, pl.Date),
            _given_up=pl.lit(None, pl.Duration("us")),
        )
    whole = {kind: pl.col(f"_{kind}").struct for kind in KINDS}
    is_trial = (pl.col("trial_on") > whole["subscription"]["last"]).fill_null(False)
    rows = rows.with_columns(_subscription=pl.when(~is_trial).then("_subscription"))
    edges = {f"_{kind}_begin": whole[kind]["first"] for kind in KINDS}
    edges |= {f"_{kind}_end": whole[kind]["last"] + DAY for kind in KINDS}
    days = {}
    for kind, period in whole.items():
        begins = ["started_on", "trial_on"] if kind == "subscription" else ["started_on"]
        days[f"{kind}_first"] = _where(pl.max_horizontal(period["first"], *begins), kind)
        # A fixed charge has the day of a switch on both plans, as the field's cases have it (BL6).
        until = pl.col("_until_on") - (0 * DAY if kind == "fixed_charges" else pl.col("_given_up"))
        days[f"{kind}_last"] = _where(pl.min_horizontal(period["last"], until), kind)
        days[f"{kind}_days"] = periods.days(period["first"], period["last"])
    rows = rows.with_columns(**edges, **days)
    floored = {f"{kind}_from": f"{kind}_first" for kind in KINDS if kind not in EXACT}
    rows = periods.starts(rows, "timezone", **floored, **{name: name for name in edges})
    exact = {
        f"{kind}_from": _where(pl.max_horizontal(f"_{kind}_begin", "started_at"), kind)
        for kind in EXACT
    }
    closed = {
        f"{kind}_to": _where(pl.min_horizontal(pl.col(f"_{kind}_end") - SECOND, "_until"), kind)
        for kind in KINDS
    }
    rows = rows.with_columns(**exact, **closed).with_columns(
        charges_stop=pl.col("charges_to") + SECOND,
        charges_seconds=(pl.col("_charges_end") - pl.col("_charges_begin")).dt.total_seconds(),
    )
    return rows.drop(name for name in rows.columns if name.startswith("_"))


def _where(value: pl.Expr, kind: str) -> pl.Expr:
    """Keep a bound only where there is something to bound."""
    return pl.when(pl.col(f"_{kind}").is_not_null()).then(value)


def owned(events: pl.DataFrame, book: pl.DataFrame) -> pl.DataFrame:
    """Give each event the subscription that owns it (E6).

    Shape:   in, events with sequence, external_id and `at`, and an anchored book; out, one row per
             event that has an owner, with the book's columns.
    Rule:    the subscription that ran at its instant, in the second of an end the one that follows;
             of several, the one that started last.
    """
    ends = pl.col("terminated_at") + SECOND
    ran = (pl.col("started_at") <= pl.col("at")) & (pl.col("at") < ends).fill_null(True)
    return (
        events.join(book, on="external_id")
        .filter(ran)
        .sort("sequence", pl.col("terminated_at").is_null(), "started_at")
        .unique("sequence", keep="last", maintain_order=True)
    )


def adopted(events: pl.DataFrame, book: pl.DataFrame) -> pl.DataFrame:
    """Give each event the subscription of its external id that is active now.

    Shape:   as `owned`. It is for what recurs and happened when no subscription ran.
    """
    return events.join(book.filter(status="active"), on="external_id").sort("sequence")


def usage_periods(owned: pl.DataFrame) -> pl.DataFrame:
    """Add the usage period that each row's `at` is in: charges_first and so on, as BOUNDS.

    What happened before the subscription started counts from its start.
    """
    told = owned.with_columns(_at=pl.max_horizontal("at", "started_at"))
    told = periods.days_of(told, "timezone", _on="_at")
    held = _held(told, "_charges", pl.col("_on"), "charge_interval").with_columns(
        _first=pl.col("_charges").struct["first"],
        _next=pl.col("_charges").struct["last"] + DAY,
        charges_days=periods.days(
            pl.col("_charges").struct["first"], pl.col("_charges").struct["last"]
        ),
        charges_last=pl.col("_charges").struct["last"],
        charges_first=pl.max_horizontal(pl.col("_charges").struct["first"], "started_on"),
    )
    edges = periods.starts(held, "timezone", _begin="_first", _end="_next")
    bounded = edges.with_columns(
        charges_from=pl.max_horizontal("_begin", "started_at"),
        charges_to=pl.min_horizontal(pl.col("_end") - SECOND, "terminated_at"),
        charges_seconds=(pl.col("_end") - pl.col("_begin")).dt.total_seconds(),
    ).with_columns(charges_stop=pl.col("charges_to") + SECOND)
    return bounded.drop(name for name in bounded.columns if name.startswith("_"))
