"""The fees of usage, and what is missing to the minimum of a charge."""

import polars as pl

from billing.fees.rules.shape import FEES, ONE, share
from metering import columns


def charge_fees(priced: pl.DataFrame) -> pl.DataFrame:
    """Return the fees of priced lines and what is missing to the minimum of their charges.

    Those that are nothing at all are left out (I10), but for what a true-up refers to.

    Shape:   in, one row per line, bucket and group as metering.rating.rate returns them, joined
             with the period's digits and charges_* bounds and the charge's names and
             min_amount_cents; out, FEES.
    Rule:    true-up = minimum * days billed / days of the whole period - the charge's fees (MN1).
    Rounds:  each amount once, to minor units, halves away from zero (T5.3).
    """
    cents = columns.settle(pl.col("amount"), pl.col("digits")).clip(lower_bound=0)
    least = share(pl.col("min_amount_cents"), "charges")
    rows = priced.with_columns(
        id=columns.ids(priced.height), true_up_id=columns.ids(priced.height), amount_cents=cents
    ).with_columns(missing=least - pl.col("amount_cents").sum().over("line"))
    is_parent = pl.col("filter_id").is_null() & (
        pl.int_range(pl.len()).over("line", "filter_id") == 0
    )
    rows = rows.with_columns(is_parent=is_parent & (pl.col("missing") > 0))
    kept = rows.filter(
        (pl.col("units") != 0)
        | (pl.col("amount") != 0)
        | (pl.col("events_count") != 0)
        | pl.col("is_parent")
    )
    used = _of_charge(kept).with_columns(
        true_up_fee_id=pl.when("is_parent").then("true_up_id"),
        charge_filter_id=pl.col("filter_id"),
        precise_amount=pl.col("amount"),
        precise_unit_amount=pl.col("unit_amount"),
    )
    missing = columns.major(pl.col("missing"), pl.col("digits"))
    lifted = _of_charge(kept.filter("is_parent")).with_columns(
        id=pl.col("true_up_id"),
        true_up_parent_fee_id=pl.col("id"),
        amount_cents=pl.col("missing"),
        precise_amount=missing,
        precise_unit_amount=missing,
        units=ONE,
        events_count=pl.lit(0, pl.Int64),
        **{name: pl.lit(None) for name in OF_USAGE},
    )
    both = pl.concat([columns.shaped(used, FEES), columns.shaped(lifted, FEES)])
    return both.sort("period", maintain_order=True) if lifted.height else both


OF_USAGE = (
    "total_aggregated_units", "amount_details", "price_id", "watermark", "statement",
    "events_read", "events_sum", "events_digest", "grouped_by",
)  # fmt: skip
"""What a fee says of the events behind it; a true-up has none."""


def _of_charge(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(
        fee_type=pl.lit("charge"),
        item_id=pl.col("metric_id"),
        item_code=pl.col("metric_code"),
        item_name=pl.col("metric_name"),
        item_display_name=pl.col("invoice_display_name"),
        from_date=pl.col("charges_from"),
        to_date=pl.col("charges_to"),
        pay_in_advance=pl.lit(False),
    )
