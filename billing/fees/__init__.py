"""Fees: the settled lines of invoices, and those that stand alone."""

from billing.fees.model import Fee, FeePaymentStatus, FeeTax, FeeType, FeeView
from billing.fees.notices import FeeUpdated
from billing.fees.queries import browse, find, of_invoices, some, tax_lines, taxes_of_invoices, view
from billing.fees.requests import FeeQuery, FeeUpdate
from billing.fees.rules import (
    FEES,
    advance_fees,
    charge_fees,
    commitment_fees,
    fixed_fees,
    renewal_fees,
    subscription_fees,
)
from billing.fees.service import credit, update
from billing.fees.tables import fee_taxes, fees

__all__ = [
    "FEES", "Fee", "FeePaymentStatus", "FeeQuery", "FeeTax", "FeeType", "FeeUpdate", "FeeUpdated",
    "FeeView", "advance_fees", "browse", "charge_fees", "commitment_fees", "credit", "fee_taxes",
    "fees", "find", "fixed_fees", "of_invoices", "renewal_fees", "some", "subscription_fees",
    "tax_lines", "taxes_of_invoices", "update", "view",
]  # fmt: skip
