"""The fees of charges that are paid in advance: one for each event, and one for what recurs."""

import polars as pl

from billing.fees.rules.shape import FEES
from metering import columns
from metering.columns import AMOUNT


def advance_fees(paid: pl.DataFrame) -> pl.DataFrame:
    """Return the fee of each event.

    Shape:   in, one row per event and charge as metering.advance.rate returns them, joined with the
             `period` and its charges_from, charges_to and digits, the charge's names, invoiceable
             and the `watermark`; out, FEES, in the same order.
    Rounds:  each amount once, to minor units, halves away from zero (PA2).
    """
    return columns.shaped(
        _of_charge(paid).with_columns(
            precise_unit_amount=pl.col("unit_amount"),
            total_aggregated_units=pl.col("units"),
            events_count=pl.lit(1, pl.Int64),
            events_read=pl.lit(1, pl.Int64),
            event_sequence=pl.col("sequence"),
            event_transaction_id=pl.col("transaction_id"),
        ),
        FEES,
    )


def renewal_fees(carried: pl.DataFrame) -> pl.DataFrame:
    """Return the fees of what is carried into a new period, where it is paid for in advance (PA5).

    On an invoice, nothing carried is no fee; one that stands alone is there also for nothing.

    Shape:   in, rows as metering.rating.rate returns them, of the units when the period begins,
             joined with the bounds of that period and the names of `charge_fees`; out, FEES.
    Rounds:  each amount once, to minor units, halves away from zero.
    """
    is_carried = pl.col("units") > 0
    rows = carried.filter(is_carried | ~pl.col("invoiceable"))
    amount = pl.when(is_carried).then("amount").otherwise(0).cast(AMOUNT)
    return columns.shaped(
        _of_charge(rows.with_columns(amount=amount)).with_columns(
            precise_unit_amount=pl.col("unit_amount"),
        ),
        FEES,
    )


def _of_charge(rows: pl.DataFrame) -> pl.DataFrame:
    """What fees have in common that are paid in advance for usage."""
    return rows.with_columns(
        id=columns.ids(rows.height),
        fee_type=pl.lit("charge"),
        charge_filter_id=pl.col("filter_id"),
        item_id=pl.col("metric_id"),
        item_code=pl.col("metric_code"),
        item_name=pl.col("metric_name"),
        item_display_name=pl.col("invoice_display_name"),
        amount_cents=columns.settle(pl.col("amount"), pl.col("digits")),
        precise_amount=pl.col("amount"),
        from_date=pl.col("charges_from"),
        to_date=pl.col("charges_to"),
        pay_in_advance=pl.lit(True),
    )
