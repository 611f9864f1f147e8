"""Invoices: assembled from periods and fees, numbered, dated and told."""

from billing.invoices.model import (
    LIFE,
    Invoice,
    InvoiceStatus,
    InvoiceTax,
    InvoiceView,
    InvoicingReason,
)
from billing.invoices.queries import (
    browse,
    draft,
    drafts,
    due_drafts,
    find,
    next_finalization,
    of_customer,
    periods,
    some,
    still_drafts,
    waiting,
)
from billing.invoices.requests import InvoiceQuery
from billing.invoices.service import issue, lock, withdraw
from billing.invoices.steps import Bill, assemble
from billing.invoices.tables import billing_periods, invoice_taxes, invoices

__all__ = [
    "LIFE", "Bill", "Invoice", "InvoiceQuery", "InvoiceStatus", "InvoiceTax", "InvoiceView",
    "InvoicingReason", "assemble", "billing_periods", "browse", "draft", "drafts", "due_drafts",
    "find", "invoice_taxes", "invoices", "issue", "lock", "next_finalization", "of_customer",
    "periods", "some", "still_drafts", "waiting", "withdraw",
]  # fmt: skip
