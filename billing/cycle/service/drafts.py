"""Drafts: computed anew from the same periods, until they become final."""

from billing import invoices
from billing.cycle.service.bill import rebill
from sql.work import Work


def finalize(work: Work, id: str) -> invoices.InvoiceView:
    """Make a draft final: computed once more, numbered, and told.

    Raises: Missing `invoice_not_found`, also for an invoice that is no draft.
    """
    invoices.draft(work, id)
    rebill(work, [id], is_gracious=False)
    return invoices.find(work, id)


def refresh(work: Work, id: str) -> invoices.InvoiceView:
    """Compute a draft again with what is known now; an invoice that is no draft stays as it is.

    Raises: Missing `invoice_not_found`.
    """
    if invoices.find(work, id).status is invoices.InvoiceStatus.draft:
        rebill(work, [id], is_gracious=True)
    return invoices.find(work, id)


def finalize_all(work: Work) -> list[invoices.InvoiceView]:
    """Make every draft final, and return them."""
    ids = invoices.waiting(work)
    rebill(work, ids, is_gracious=False)
    return invoices.some(work, ids)
