"""Credit notes: what is taken back of invoices, by hand or because a subscription ended."""

from billing.creditnotes.model import (
    LIFE,
    CreditNote,
    CreditNoteReason,
    CreditNoteStatus,
    CreditNoteView,
    EstimatedCreditNote,
    RefundStatus,
)
from billing.creditnotes.notices import CreditNoteCreated, CreditNoteUpdated
from billing.creditnotes.queries import awaited, browse, find, of_customer, of_invoice
from billing.creditnotes.requests import (
    CreditNoteEstimateInput,
    CreditNoteInput,
    CreditNoteItemInput,
    CreditNoteQuery,
    CreditNoteUpdate,
)
from billing.creditnotes.service import (
    create,
    delete_metadata,
    delete_metadata_key,
    estimate,
    finalize,
    give_back,
    merge_metadata,
    replace_metadata,
    update,
    void,
)
from billing.creditnotes.tables import credit_note_items, credit_note_taxes, credit_notes

__all__ = [
    "LIFE", "CreditNote", "CreditNoteCreated", "CreditNoteEstimateInput", "CreditNoteInput",
    "CreditNoteItemInput", "CreditNoteQuery", "CreditNoteReason", "CreditNoteStatus",
    "CreditNoteUpdate", "CreditNoteUpdated", "CreditNoteView", "EstimatedCreditNote",
    "RefundStatus", "awaited", "browse", "create", "credit_note_items", "credit_note_taxes",
    "credit_notes", "delete_metadata", "delete_metadata_key", "estimate", "finalize", "find",
    "give_back", "merge_metadata", "of_customer", "of_invoice", "replace_metadata", "update",
    "void",
]  # fmt: skip
