"""What can be asked about invoices."""

from billing.invoices.queries.invoice import (
    bare,
    browse,
    draft,
    drafts,
    due_drafts,
    find,
    highest,
    hold,
    next_finalization,
    of_customer,
    periods,
    some,
    still_drafts,
    waiting,
)
from billing.invoices.queries.progressive import (
    progressive,
    progressive_fees,
    progressive_invoices,
    progressive_left,
    progressive_numbers,
)

__all__ = [
    "bare", "browse", "draft", "drafts", "due_drafts", "find", "highest", "hold",
    "next_finalization", "of_customer", "periods", "progressive", "progressive_fees",
    "progressive_invoices", "progressive_left", "progressive_numbers", "some", "still_drafts",
    "waiting",
]  # fmt: skip
