"""The fees of a plan as such: its base fee, and what is missing to its commitment."""

import polars as pl

from billing.fees.rules.shape import FEES, ONE, exact_share, share
from metering import columns


def subscription_fees(billed: pl.DataFrame) -> pl.DataFrame:
    """Return the base fee of each billed period that has one.

    Shape:   in, one row per billed period with subscription_first, _last, _days, _from and _to,
             plan_amount_cents, digits, plan_id, plan_code, plan_name, plan_display_name and
             plan_in_advance; out, FEES.
    Units:   plan_amount_cents in minor units.
    Rule:    amount = plan amount * days billed / days of the whole period; the full amount when
             they are the same.
    Rounds:  once, to minor units, halves away from zero (T5.3, SF6).
    Source:  spec/billing.md SF1 to SF6.
    """
    rows = billed.filter(pl.col("subscription_first").is_not_null())
    exact = exact_share(pl.col("plan_amount_cents"), "subscription")
    amount = columns.major(exact, pl.col("digits"))
    return columns.shaped(
        _of_plan(rows, "subscription").with_columns(
            amount_cents=share(pl.col("plan_amount_cents"), "subscription"),
            precise_amount=amount,
            precise_unit_amount=amount,
            item_display_name=pl.col("plan_display_name"),
            amount_details=pl.struct("plan_amount_cents").struct.json_encode(),
            pay_in_advance=pl.col("plan_in_advance"),
        ),
        FEES,
    )


def commitment_fees(billed: pl.DataFrame, paid: pl.DataFrame) -> pl.DataFrame:
    """Return what is missing to the minimum commitment of each period that has one.

    Shape:   in, one row per billed period with commitment_first, _last, _days, _from and _to,
             commitment_cents, digits and the plan's names; `paid` has, by period, the
             `paid_cents` of all fees of the time that the commitment is for, and `has_fee`, whether
             a base fee is among them; out, FEES.
    Rule:    missing = commitment * days billed / days of the whole period - paid. A period without
             base fee, which was a trial from end to end, has no commitment.
    Rounds:  what is due, once, to minor units, halves away from zero.
    Source:  spec/billing.md MC1, MC2.
    """
    due = share(pl.col("commitment_cents"), "commitment")
    rows = (
        billed.filter(pl.col("commitment_cents").is_not_null())
        .join(paid.filter("has_fee"), on="period", maintain_order="left")
        .with_columns(amount_cents=due - pl.col("paid_cents"))
        .filter(pl.col("amount_cents") > 0)
    )
    amount = columns.major(pl.col("amount_cents"), pl.col("digits"))
    return columns.shaped(
        _of_plan(rows, "commitment").with_columns(
            precise_amount=amount,
            precise_unit_amount=amount,
            item_display_name=pl.col("commitment_display_name"),
            pay_in_advance=pl.lit(False),
        ),
        FEES,
    )


def _of_plan(rows: pl.DataFrame, kind: str) -> pl.DataFrame:
    """What fees have in common that are for a plan as such, and not for usage."""
    return rows.with_columns(
        id=columns.ids(rows.height),
        fee_type=pl.lit(kind),
        item_id=pl.col("subscription_id"),
        item_code=pl.col("plan_code"),
        item_name=pl.col("plan_name"),
        units=ONE,
        from_date=pl.col(f"{kind}_from"),
        to_date=pl.col(f"{kind}_to"),
    )
