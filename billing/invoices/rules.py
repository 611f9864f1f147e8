"""What can still be corrected on an invoice: pure."""

from collections.abc import Sequence
from fractions import Fraction

from billing.fees import Fee
from billing.invoices.model import Invoice, InvoicePaymentStatus, InvoiceStatus, InvoiceType


def correctable(invoice: Invoice, fees: Sequence[Fee]) -> dict[str, int]:
    """Return what credit notes can still credit, refund and offset of an invoice.

    Rounds:  what can be credited, to minor units, halves away from zero.
    Source:  spec/money.md B-21, B-22, B-23; N-2.
    """
    whole = _nearest(creditable(invoice, fees))
    paid = invoice.total_paid_amount_cents
    is_odd = (
        invoice.payment_status is not InvoicePaymentStatus.succeeded
        and 0 < paid == invoice.total_amount_cents
    )
    back = 0 if is_odd else min(paid - invoice.refunded_amount_cents, whole)
    return {
        "creditable_amount_cents": whole,
        "refundable_amount_cents": max(back, 0),
        "offsettable_amount_cents": max(min(invoice.due_cents, whole), 0),
    }


def creditable(invoice: Invoice, fees: Sequence[Fee]) -> Fraction:
    """Return what is left of an invoice's fees, less its discounts, with its taxes, unrounded.

    Rule:    with x what is left of a fee and T all of that: discount = (coupons + progressive
             credit) / fees * T; taxes = round(sum((x - discount * x / T) * rate / 100)).
    Source:  spec/money.md B-21.
    """
    left = sum(fee.amount_cents - fee.credited_amount_cents for fee in fees)
    is_final = invoice.status is InvoiceStatus.finalized
    if not is_final or invoice.invoice_type is InvoiceType.credit or left <= 0:
        return Fraction(0)
    off = invoice.coupons_amount_cents + invoice.progressive_billing_credit_amount_cents
    share = Fraction(off, invoice.fees_amount_cents)
    taxes = sum(
        (fee.amount_cents - fee.credited_amount_cents) * (1 - share) * Fraction(fee.taxes_rate)
        for fee in fees
    )
    return left * (1 - share) + _nearest(Fraction(taxes) / 100)


def _nearest(amount: Fraction) -> int:
    """Round what is not negative to a whole number, halves up."""
    return int((2 * amount + 1) // 2)
