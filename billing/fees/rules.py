"""How periods and priced lines become fees: pure, in columns, for all invoices at once.

Both functions return frames of the same shape, FEES, which later steps tax and number.
"""

import polars as pl

from metering import columns, periods
from metering.columns import AMOUNT

FEES = {
    "id": pl.String, "period": pl.UInt32, "fee_type": pl.String,
    "charge_id": pl.String, "charge_filter_id": pl.String,
    "item_id": pl.String, "item_code": pl.String, "item_name": pl.String,
    "item_display_name": pl.String, "filters": pl.String, "filter_display_name": pl.String,
    "grouped_by": pl.String, "amount_cents": pl.Int64, "precise_amount": AMOUNT,
    "precise_unit_amount": AMOUNT, "units": AMOUNT, "total_aggregated_units": AMOUNT,
    "events_count": pl.Int64, "amount_details": pl.String,
    "from_date": pl.Datetime("us", "UTC"), "to_date": pl.Datetime("us", "UTC"),
    "pay_in_advance": pl.Boolean, "price_id": pl.String, "watermark": pl.Int64,
    "statement": pl.String, "events_read": pl.Int64, "events_sum": AMOUNT,
    "events_digest": pl.String,
}  # fmt: skip
"""One row per fee; `period` is the row of the billed period it belongs to."""

ONE = pl.lit(1, AMOUNT)


def subscription_fees(billed: pl.DataFrame) -> pl.DataFrame:
    """Return the base fee of each billed period that has one.

    Shape:   in, one row per billed period with fee_first, fee_last, full_days, plan_amount_cents,
             digits, plan_id, plan_code, plan_name, plan_display_name, plan_in_advance,
             subscription_from, subscription_to; out, FEES.
    Units:   plan_amount_cents in minor units.
    Rule:    amount = plan amount * days(fee_first, fee_last) / full_days; the full amount when
             they are the same days.
    Rounds:  once, to minor units, halves away from zero (T5.3, SF6).
    Source:  spec/billing.md SF1 to SF6.
    """
    used = periods.days(pl.col("fee_first"), pl.col("fee_last"))
    twice = 2 * pl.col("plan_amount_cents") * used + pl.col("full_days")
    cents = twice.floordiv(2 * pl.col("full_days"))
    exact = (pl.col("plan_amount_cents") * used).cast(AMOUNT) / pl.col("full_days").cast(AMOUNT)
    amount = columns.major(exact, pl.col("digits"))
    rows = billed.filter(pl.col("fee_first").is_not_null())
    return columns.shaped(
        rows.with_columns(
            id=columns.ids(rows.height),
            fee_type=pl.lit("subscription"),
            item_id=pl.col("subscription_id"),
            item_code=pl.col("plan_code"),
            item_name=pl.col("plan_name"),
            item_display_name=pl.col("plan_display_name"),
            amount_cents=cents,
            precise_amount=amount,
            precise_unit_amount=amount,
            units=ONE,
            amount_details=pl.struct("plan_amount_cents").struct.json_encode(),
            from_date=pl.col("subscription_from"),
            to_date=pl.col("subscription_to"),
            pay_in_advance=pl.col("plan_in_advance"),
        ),
        FEES,
    )


def charge_fees(priced: pl.DataFrame) -> pl.DataFrame:
    """Return the fees of priced lines, without those that are nothing at all (I10).

    Shape:   in, one row per line, bucket and group as metering.rating.rate returns them, joined
             with the period's digits, charges_from and charges_to and the charge's names;
             out, FEES.
    Rounds:  once, to minor units, halves away from zero (T5.3).
    """
    rows = priced.filter(
        (pl.col("units") != 0) | (pl.col("amount") != 0) | (pl.col("events_count") != 0)
    )
    return columns.shaped(
        rows.with_columns(
            id=columns.ids(rows.height),
            fee_type=pl.lit("charge"),
            charge_filter_id=pl.col("filter_id"),
            item_id=pl.col("metric_id"),
            item_code=pl.col("metric_code"),
            item_name=pl.col("metric_name"),
            item_display_name=pl.col("invoice_display_name"),
            amount_cents=columns.settle(pl.col("amount"), pl.col("digits")).clip(lower_bound=0),
            precise_amount=pl.col("amount"),
            precise_unit_amount=pl.col("unit_amount"),
            from_date=pl.col("charges_from"),
            to_date=pl.col("charges_to"),
            pay_in_advance=pl.lit(False),
        ),
        FEES,
    )
