"""Fees: the settled lines of invoices."""

from billing.fees.model import Fee, FeeTax, FeeType, FeeView
from billing.fees.queries import of_invoices, taxes_of_invoices, view
from billing.fees.rules import FEES, charge_fees, subscription_fees
from billing.fees.tables import fee_taxes, fees

__all__ = [
    "FEES", "Fee", "FeeTax", "FeeType", "FeeView", "charge_fees", "fee_taxes", "fees",
    "of_invoices", "subscription_fees", "taxes_of_invoices", "view",
]  # fmt: skip
