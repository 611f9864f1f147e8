"""Totals: what the fees, their discounts and their taxes add up to."""

import polars as pl

from billing.invoices.steps.bill import ZERO, Bill, replace
from metering import columns
from metering.columns import AMOUNT
from sql.work import Work

ORDER = 50


def apply(work: Work, bill: Bill) -> Bill:
    """Sum each invoice, in the exact order of the specification.

    Rule:    fees - progressive credit - coupons = sub-total excluding taxes; + taxes = sub-total
             including taxes; - credit notes - prepaid credits = total. taxes_rate is the rates'
             average, weighted by what each tax was applied to.
    Rounds:  the taxes of an invoice once, from its unrounded lines; taxes_rate to 5 decimals.
    Source:  spec/billing.md TX.
    """
    sums = bill.fees.group_by("invoice_id").agg(
        fees_amount_cents=pl.col("amount_cents").sum(), fees_count=pl.len()
    )
    taxed = bill.invoice_taxes.group_by("invoice_id").agg(
        taxes_amount_cents=columns.settle(columns.total(pl.col("exact")), 0)
    )
    invoices = (
        bill.invoices.join(
            sums, left_on="id", right_on="invoice_id", how="left", maintain_order="left"
        )
        .join(taxed, left_on="id", right_on="invoice_id", how="left", maintain_order="left")
        .join(_rates(bill), left_on="id", right_on="invoice_id", how="left", maintain_order="left")
        .with_columns(
            pl.col("fees_amount_cents", "taxes_amount_cents", "fees_count").fill_null(0),
            pl.col("taxes_rate").fill_null(ZERO),
            coupons_amount_cents=0,
            credit_notes_amount_cents=0,
            prepaid_credit_amount_cents=0,
            total_paid_amount_cents=0,
        )
    )
    net = pl.col("fees_amount_cents") - (
        pl.col("progressive_billing_credit_amount_cents") + pl.col("coupons_amount_cents")
    )
    gross = net + pl.col("taxes_amount_cents")
    credit = pl.col("credit_notes_amount_cents") + pl.col("prepaid_credit_amount_cents")
    return replace(
        bill,
        invoices=invoices.with_columns(
            sub_total_excluding_taxes_amount_cents=net,
            sub_total_including_taxes_amount_cents=gross,
            total_amount_cents=gross - credit,
        ),
    )


def _rates(bill: Bill) -> pl.DataFrame:
    """The average tax rate of each invoice, by base, or by number of fees where all are zero."""
    lines = bill.fee_taxes.join(
        bill.fees.select("taxable_cents", fee_id="id"), on="fee_id", maintain_order="left"
    )
    whole = bill.fees.group_by("invoice_id").agg(
        base=columns.total(pl.col("taxable_cents").cast(AMOUNT)), count=pl.len().cast(AMOUNT)
    )
    return (
        lines.group_by("invoice_id", "tax_id", "tax_rate")
        .agg(part=columns.total(pl.col("taxable_cents").cast(AMOUNT)), parts=pl.len().cast(AMOUNT))
        .join(whole, on="invoice_id")
        .with_columns(
            weighed=pl.when(pl.col("base") == ZERO)
            .then(pl.col("tax_rate") * pl.col("parts") / pl.col("count"))
            .otherwise(pl.col("tax_rate") * pl.col("part") / pl.col("base"))
        )
        .group_by("invoice_id")
        .agg(taxes_rate=columns.total(pl.col("weighed")).round(5, mode="half_away_from_zero"))
    )
