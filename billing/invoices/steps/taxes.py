"""Taxes: on each fee for display, on each invoice for money."""

import polars as pl

from billing import taxes
from billing.invoices.steps.bill import Bill, replace
from metering import columns
from metering.columns import AMOUNT
from sql.work import Work

ORDER = 40


def apply(work: Work, bill: Bill) -> Bill:
    """Tax every fee by the first level that has any tax, and every invoice by the sum.

    Rule:    a fee's taxes are the rounded sum of its unrounded lines, an invoice's the rounded sum
             of all its unrounded lines (TX4, TX6).
    Rounds:  each fee line, each fee's sum, each invoice line and each invoice's sum on its own,
             to minor units, halves away from zero.
    Source:  spec/billing.md TX.
    """
    owned = bill.fees.select("invoice_id", "currency", fee_id="id")
    lines = taxes.tax(work, bill.fees).join(owned, on="fee_id", maintain_order="left")
    per_fee = lines.group_by("fee_id").agg(
        taxes_amount_cents=columns.settle(columns.total(pl.col("exact")), 0),
        taxes_exact=columns.total(pl.col("exact")),
        taxes_rate=columns.total(pl.col("tax_rate")),
    )
    fees = bill.fees.join(
        per_fee, left_on="id", right_on="fee_id", how="left", maintain_order="left"
    ).with_columns(
        pl.col("taxes_amount_cents").fill_null(0),
        pl.col("taxes_rate").fill_null(pl.lit(0, AMOUNT)),
        taxes_precise_amount=columns.major(
            pl.col("taxes_exact").fill_null(pl.lit(0, AMOUNT)), pl.col("digits")
        ),
    )
    return replace(
        bill,
        fees=fees.drop("taxes_exact"),
        fee_taxes=_fee_taxes(lines),
        invoice_taxes=_invoice_taxes(lines),
    )


def _fee_taxes(lines: pl.DataFrame) -> pl.DataFrame:
    return lines.select(
        "invoice_id", "fee_id", "tax_id", "tax_code", "tax_name", "tax_rate", "tax_description",
        id=columns.ids(lines.height),
        amount_cents=columns.settle(pl.col("exact"), 0),
        amount_currency="currency",
    )  # fmt: skip


def _invoice_taxes(lines: pl.DataFrame) -> pl.DataFrame:
    """One row per invoice and tax; `exact` is kept for the invoice's own sum."""
    whole = lines.group_by(
        "invoice_id", "tax_id", "tax_code", "tax_name", "tax_rate", "tax_description",
        pl.col("currency").alias("amount_currency"), maintain_order=True,
    ).agg(
        exact=columns.total(pl.col("exact")), base=columns.total(pl.col("taxable_cents"))
    )  # fmt: skip
    return whole.with_columns(
        id=columns.ids(whole.height),
        amount_cents=columns.settle(pl.col("exact"), 0),
        fees_amount_cents=columns.settle(pl.col("base"), 0),
    )
