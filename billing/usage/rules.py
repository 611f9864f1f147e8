"""Usage as columns: what is to be priced, and what it came to."""

import polars as pl

from metering import columns


def lines(periods: pl.DataFrame, charges: pl.DataFrame) -> pl.DataFrame:
    """Return one line per billed period and charge of its plan.

    Shape:   in, periods with period, plan_id, organization_id, external_id, charges_from and
             charges_stop (null: no usage is billed), and charges with charge_id and plan_id; out,
             metering.rating's LINES with the columns of both.
    """
    wanted = periods.filter(pl.col("charges_from").is_not_null())
    joined = wanted.join(
        charges.filter(~pl.col("pay_in_advance")).sort("plan_id", "position"),
        on="plan_id", maintain_order="left_right",
    )  # fmt: skip
    return joined.with_row_index("line").with_columns(
        external_subscription_id="external_id", start="charges_from", stop="charges_stop"
    )


def settled(priced: pl.DataFrame) -> pl.DataFrame:
    """Add `amount_cents` to priced lines that have `digits`; never less than nothing (I9)."""
    cents = columns.settle(pl.col("amount"), pl.col("digits"))
    return priced.with_columns(amount_cents=cents.clip(lower_bound=0))
