"""The fees of fixed charges: so many units of an add-on, whatever was used."""

import polars as pl

from billing.fees.rules.shape import FEES, days, unit_share
from metering import charges, columns, periods
from metering.charges import Terms
from metering.columns import AMOUNT, QUANTITY

DAY = pl.duration(days=1)
NONE = pl.lit(0, QUANTITY)

TIMES = {"fixed_charges": False, "fixed_ahead": True}
"""The bounds of the time that is billed, and whether that is in advance."""


def fixed_fees(
    billed: pl.DataFrame, fixed: pl.DataFrame, terms: Terms, units: pl.DataFrame,
    ahead: pl.DataFrame,
) -> pl.DataFrame:  # fmt: skip
    """Return the fees of the fixed charges of each billed period.

    Shape:   in, one row per billed period with the bounds of both TIMES, plan_id, subscription_id,
             previous_id, created_at, started_at, timezone, fixed_interval, anchor, digits and
             `only`, the ids of the fixed charges that are billed, null for all; `fixed`, `terms`
             and `units` as plans.Book has them; `ahead`, the fees in advance that these
             subscriptions and their previous ones have: subscription_id, fixed_charge_id,
             add_on_id, units, amount_cents, prorated, from_date, to_date; out, FEES.
    Rule:    in arrears the units that were last in force, in full, or each for its days if
             prorated; the day of a change belongs to the new ones (FC3). In advance the units in
             force on the first day less those that are paid already, in full, or for the days to
             the end of the period if prorated (FC4, FC5), less what the previous plan was paid for
             those days of the same add-on if both are prorated (FC6).
    Rounds:  units of a share of days to 6 decimals; the amount once, to minor units, halves away
             from zero.
    Source:  spec/billing.md FC1 to FC7.
    """
    lines = pl.concat(
        [_lines(billed, fixed, kind, is_ahead) for kind, is_ahead in TIMES.items()]
    ).with_row_index("line")
    if lines.is_empty():
        return pl.DataFrame(schema=FEES)
    lines = lines.join(_counted(lines, units, ahead), on="line", maintain_order="left")
    quantity = lines.select("line", "price", quantity="priced", events=pl.lit(0, pl.Int64))
    rows = (
        lines.join(charges.price(quantity, terms), on="line", maintain_order="left")
        .join(_unused(lines, ahead), on="line", how="left", maintain_order="left")
        .with_columns(amount=_less(pl.col("unused")))
        .filter((pl.col("units") != 0) | (pl.col("amount") != 0) | pl.col("is_asked"))
    )
    is_used = pl.col("units") > 0
    per_unit = pl.col("amount") / pl.when(is_used).then("units").otherwise(1)
    return columns.shaped(
        rows.with_columns(
            id=columns.ids(rows.height),
            fee_type=pl.lit("fixed_charge"),
            item_id=pl.col("add_on_id"),
            item_code=pl.col("add_on_code"),
            item_name=pl.col("add_on_name"),
            item_display_name=pl.col("invoice_display_name"),
            amount_cents=columns.settle(pl.col("amount"), pl.col("digits")),
            precise_amount=pl.col("amount"),
            precise_unit_amount=pl.when(is_used).then(per_unit).otherwise(NONE),
            events_count=pl.lit(None, pl.Int64),
        ),
        FEES,
    )


def _lines(billed: pl.DataFrame, fixed: pl.DataFrame, kind: str, is_ahead: bool) -> pl.DataFrame:
    """One row per billed period and fixed charge of its plan, with the bounds of the time."""
    due = billed.filter(pl.col(f"{kind}_first").is_not_null()).select(
        "period", "plan_id", "subscription_id", "previous_id", "created_at", "started_at",
        "timezone", "fixed_interval", "anchor", "digits", "only",
        first=f"{kind}_first", last=f"{kind}_last", whole=f"{kind}_days", used=days(kind),
        from_date=f"{kind}_from", to_date=f"{kind}_to",
    )  # fmt: skip
    joined = due.join(
        fixed.filter(pay_in_advance=is_ahead), on="plan_id", maintain_order="left_right"
    )
    is_asked = pl.col("only").list.contains(pl.col("fixed_charge_id"))
    return joined.filter(is_asked.fill_null(True)).with_columns(is_asked=is_asked.fill_null(False))


def _counted(lines: pl.DataFrame, units: pl.DataFrame, ahead: pl.DataFrame) -> pl.DataFrame:
    """Return the `units` of each line, and the part of them that is `priced`."""
    held = _in_force(lines, units)
    part = unit_share(pl.col("held"), pl.col("held_days"), pl.col("whole"))
    counted = held.group_by("line").agg(
        in_force=pl.col("held").last(),
        begun=pl.col("held").filter(pl.col("since") <= pl.col("first")).last(),
        parts=columns.total(part),
    )
    had = (
        ahead.group_by("subscription_id", "fixed_charge_id", "to_date")
        .agg(had=columns.total(pl.col("units")))
    )  # fmt: skip
    more = (pl.col("begun") - pl.col("had")).clip(lower_bound=0)
    rest = pl.when("prorated").then(unit_share(more, pl.col("used"), pl.col("whole")))
    behind = pl.when("prorated").then("parts").otherwise("in_force")
    return (
        lines.join(counted, on="line", how="left", maintain_order="left")
        .join(
            had, on=["subscription_id", "fixed_charge_id", "to_date"], how="left",
            maintain_order="left",
        )
        .with_columns(pl.col("in_force", "begun", "parts", "had").fill_null(NONE))
        .select(
            "line",
            units=pl.when("pay_in_advance").then(more).otherwise("in_force"),
            priced=pl.when("pay_in_advance").then(rest.otherwise(more)).otherwise(behind),
        )
    )  # fmt: skip


def _in_force(lines: pl.DataFrame, units: pl.DataFrame) -> pl.DataFrame:
    """Return which units were in force when, of the time of each line, oldest first.

    Shape:   line, held, since, first, held_days, whole. What was said before the subscription was
             made or started holds from its start; what was said of the subscription itself holds
             against what is said of the plan later (FC2, FC7).
    """
    said = lines.join(units, on="fixed_charge_id").filter(
        pl.col("of_subscription_id").is_null()
        | (pl.col("of_subscription_id") == pl.col("subscription_id"))
    )
    is_own = pl.col("of_subscription_id").is_not_null()
    own = pl.col("said_at").filter(is_own).min().over("line")
    said = said.filter(is_own | own.is_null() | (pl.col("said_at") < own))
    said = periods.days_of(said, "timezone", said_on="said_at", started_on="started_at")
    said = periods.containing(
        said, "_held", pl.col("said_on"), pl.col("fixed_interval"), pl.col("anchor")
    )
    since = (
        pl.when(pl.col("said_at") <= pl.max_horizontal("created_at", "started_at"))
        .then(pl.min_horizontal("said_on", "started_on"))
        .when("is_immediate")
        .then("said_on")
        .otherwise(pl.col("_held").struct["last"] + DAY)
    )
    ordered = said.with_columns(since=since).sort("line", "since", "said_at", maintain_order=True)
    until = pl.col("since").shift(-1).over("line") - DAY
    begins = pl.max_horizontal("since", "first")
    ends = pl.min_horizontal("until", "last")
    return (
        ordered.with_columns(until=until)
        .with_columns(held_days=periods.days(begins, ends))
        .filter(pl.col("held_days") > 0)
        .select("line", "since", "first", "held_days", "whole", held="said_units")
    )


def _unused(lines: pl.DataFrame, ahead: pl.DataFrame) -> pl.DataFrame:
    """Return what of the previous plan's fee is for days that the new one bills: line, unused."""
    old = ahead.filter("prorated").select(
        "add_on_id", "amount_cents", old_from="from_date", old_to="to_date",
        previous_id="subscription_id",
    )  # fmt: skip
    new = lines.filter(pl.col("pay_in_advance") & pl.col("prorated"))
    both = new.join(old, on=["previous_id", "add_on_id"]).filter(
        pl.col("from_date").is_between("old_from", "old_to")
        & (pl.col("from_date") == pl.col("started_at"))
    )
    both = periods.days_of(both, "timezone", old_first="old_from", old_last="old_to")
    left = periods.days(pl.col("first"), pl.col("old_last"))
    covered = periods.days(pl.col("old_first"), pl.col("old_last"))
    exact = (pl.col("amount_cents") * left).cast(AMOUNT) / covered.cast(AMOUNT)
    unused = columns.major(exact, pl.col("digits"))
    return both.group_by("line").agg(unused=columns.total(unused))


def _less(unused: pl.Expr) -> pl.Expr:
    return (pl.col("amount") - unused.fill_null(NONE)).clip(lower_bound=0)
