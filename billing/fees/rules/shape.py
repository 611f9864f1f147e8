"""What every fee has before it is taxed, and the share of a period that it is for."""

from typing import Any

import polars as pl

from metering import periods
from metering.columns import AMOUNT, QUANTITY

FEES: dict[str, Any] = {
    "id": pl.String, "period": pl.UInt32, "fee_type": pl.String,
    "charge_id": pl.String, "charge_filter_id": pl.String,
    "item_id": pl.String, "item_code": pl.String, "item_name": pl.String,
    "item_display_name": pl.String, "filters": pl.String, "filter_display_name": pl.String,
    "grouped_by": pl.String, "amount_cents": pl.Int64, "precise_amount": AMOUNT,
    "precise_unit_amount": AMOUNT, "units": AMOUNT, "total_aggregated_units": AMOUNT,
    "events_count": pl.Int64, "amount_details": pl.String,
    "from_date": pl.Datetime("us", "UTC"), "to_date": pl.Datetime("us", "UTC"),
    "pay_in_advance": pl.Boolean, "fixed_charge_id": pl.String, "price_id": pl.String,
    "watermark": pl.Int64,
    "statement": pl.String, "events_read": pl.Int64, "events_sum": AMOUNT,
    "events_digest": pl.String, "true_up_fee_id": pl.String, "true_up_parent_fee_id": pl.String,
    "invoiceable": pl.Boolean, "event_sequence": pl.Int64, "event_transaction_id": pl.String,
    "paid_level": AMOUNT,
}  # fmt: skip
"""One row per fee; `period` is the row of the billed period it belongs to."""

ONE = pl.lit(1, AMOUNT)


def days(kind: str) -> pl.Expr:
    """Return how many days of a period are billed."""
    return periods.days(pl.col(f"{kind}_first"), pl.col(f"{kind}_last"))


def share(cents: pl.Expr, kind: str) -> pl.Expr:
    """Return the share of the days that are billed in those of the whole period.

    Rounds:  once, to minor units, halves away from zero.
    """
    whole = pl.col(f"{kind}_days")
    return (2 * cents * days(kind) + whole).floordiv(2 * whole)


def exact_share(cents: pl.Expr, kind: str) -> pl.Expr:
    """Return the same share, to 12 decimals of a minor unit."""
    return (cents * days(kind)).cast(AMOUNT) / pl.col(f"{kind}_days").cast(AMOUNT)


def unit_share(units: pl.Expr, days: pl.Expr, whole: pl.Expr) -> pl.Expr:
    """Return what units come to that were there for some days of a period.

    Rounds:  to 6 decimals, halves away from zero (FC3).
    """
    part = units * days.cast(QUANTITY) / whole.cast(QUANTITY)
    return part.round(6, mode="half_away_from_zero")
