"""Invoices are issued, and what progressive invoices billed too much is given back."""

from fractions import Fraction
from math import ceil

import polars as pl

from billing import creditnotes, invoices
from billing.creditnotes import CreditNoteEstimateInput, CreditNoteInput, CreditNoteItemInput
from billing.invoices import Bill
from sql.work import Work


def issue(work: Work, bill: Bill) -> pl.DataFrame:
    """Issue a bill; where it closes a period that was billed too much, credit the rest (B-41)."""
    issued = invoices.issue(work, bill)
    if bill.progressive.is_empty():
        return issued
    final = issued.filter(status="finalized").select(invoice_id="id")
    over = bill.progressive.filter(pl.col("excess_cents") > 0).join(
        final, on="invoice_id", how="semi"
    )
    for period in over.iter_slices(1):
        _give_back(work, period, period["excess_cents"].item())
    return issued


def _give_back(work: Work, period: pl.DataFrame, cents: int) -> None:
    """Credit so many cents, before taxes, of a period's progressive invoices, the last first."""
    standing = invoices.progressive_left(work, period).reverse()
    for id, left in standing.select("progressive_invoice_id", "left_cents").rows():
        taken = min(left, cents)
        if taken > 0:
            _credit(work, id, taken)
            cents -= taken


def _credit(work: Work, invoice_id: str, cents: int) -> None:
    """Credit so much of what an invoice billed, of its largest fees first.

    What a fee billed is less than the fee by what was taken off it, so that more of it is taken
    back than comes of it.
    """
    items = []
    for fee in invoices.progressive_fees(work, [invoice_id]).rows(named=True):
        whole, left = fee["was_cents"], fee["was_cents"] - fee["credited_cents"]
        net = Fraction(whole) - Fraction(fee["off_cents"])
        if net > 0 and left > 0 and cents > 0:
            gross = min(left, ceil(Fraction(cents * whole) / net))
            items.append(CreditNoteItemInput(fee_id=fee["id"], amount_cents=gross))
            cents -= int(gross * net / whole)
    worth = creditnotes.estimate(
        work, CreditNoteEstimateInput(invoice_id=invoice_id, items=items)
    ).max_creditable_amount_cents
    if worth > 0:
        note = CreditNoteInput(
            invoice_id=invoice_id, items=items, reason="other", credit_amount_cents=worth
        )
        creditnotes.create(work, note)
