"""Credit notes: what a customer has to its credit pays what is left, taxes included."""

import polars as pl

from billing import credits
from billing.invoices.steps.bill import IS_DRAFT, ZERO, Bill, replace
from metering import columns
from metering.columns import AMOUNT
from sql.work import Work

ORDER = 52

PAYABLE = ("subscription", "progressive_billing")
"""Types of invoices that earlier credit pays; a one-off, or the price of prepaid credit, is not."""


def apply(work: Work, bill: Bill) -> Bill:
    """Pay what becomes final with the customer's credit, the oldest credit first.

    Rule:    the smaller of a credit's balance and what remains, one credit after another; invoices
             of one customer in their order. Of each fee it pays the same share of what the fee
             comes to with its tax. Drafts spend nothing (I3).
    Rounds:  the part of a fee to 5 decimals of a minor unit, halves away from zero.
    Source:  spec/money.md B-50, B-51.
    """
    owing = bill.invoices.filter(
        ~IS_DRAFT & pl.col("invoice_type").is_in(PAYABLE) & (pl.col("total_amount_cents") > 0)
    ).select("id", "customer_id", "currency", owed_cents="total_amount_cents")
    if owing.is_empty():
        return bill
    spent = credits.matched(
        owing, credits.available(work, owing["customer_id"].unique().to_list())
    )  # fmt: skip
    sums = spent.group_by(id="invoice_id").agg(paid_cents=pl.col("amount_cents").sum())
    paid = pl.col("paid_cents").fill_null(0)
    invoices = bill.invoices.join(sums, on="id", how="left", maintain_order="left").with_columns(
        credit_notes_amount_cents=pl.col("credit_notes_amount_cents") + paid,
        total_amount_cents=pl.col("total_amount_cents") - paid,
    )
    shares = sums.join(owing, on="id").select("owed_cents", "paid_cents", invoice_id="id")
    fees = bill.fees.join(shares, on="invoice_id", how="left", maintain_order="left")
    return replace(
        bill,
        invoices=invoices.drop("paid_cents"),
        fees=fees.with_columns(precise_credit_notes_amount_cents=_part()).drop(shares.columns[:2]),
        credits=spent,
    )


def _part() -> pl.Expr:
    """What credit pays of a fee, in minor units."""
    gross = pl.col("amount_cents").cast(AMOUNT) - pl.col("precise_coupons_amount_cents")
    gross += columns.minor(pl.col("taxes_precise_amount"), pl.col("digits"))
    whole = pl.col("owed_cents").cast(AMOUNT)
    part = (gross * pl.col("paid_cents").cast(AMOUNT) / whole).round(5, mode="half_away_from_zero")
    return pl.min_horizontal(part.fill_null(ZERO), gross)
