"""Invoices: assembled from periods and fees, numbered, dated and told."""

from billing.invoices.model import (
    LIFE,
    Credit,
    Invoice,
    InvoicePaymentStatus,
    InvoiceStatus,
    InvoiceTax,
    InvoiceView,
    InvoicingReason,
)
from billing.invoices.queries import (
    bare,
    browse,
    draft,
    drafts,
    due_drafts,
    find,
    hold,
    next_finalization,
    of_customer,
    periods,
    progressive_fees,
    progressive_invoices,
    progressive_left,
    progressive_numbers,
    some,
    still_drafts,
    waiting,
)
from billing.invoices.requests import InvoiceQuery
from billing.invoices.service import (
    correct,
    issue,
    issue_alone,
    lock,
    note_thresholds,
    regroup,
    withdraw,
)
from billing.invoices.steps import Bill, assemble
from billing.invoices.tables import (
    applied_usage_thresholds,
    billing_periods,
    invoice_settlements,
    invoice_taxes,
    invoices,
)

__all__ = [
    "LIFE", "Bill", "Credit", "Invoice", "InvoicePaymentStatus", "InvoiceQuery", "InvoiceStatus",
    "InvoiceTax", "InvoiceView", "InvoicingReason", "applied_usage_thresholds", "assemble",
    "bare", "billing_periods", "browse", "correct", "draft", "drafts", "due_drafts", "find",
    "hold", "invoice_settlements", "invoice_taxes", "invoices", "issue", "issue_alone", "lock",
    "next_finalization", "note_thresholds", "of_customer", "periods", "progressive_fees",
    "progressive_invoices", "progressive_left", "progressive_numbers", "regroup", "some",
    "still_drafts", "waiting", "withdraw",
]  # fmt: skip
