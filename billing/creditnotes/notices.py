"""What webhooks are told about credit notes."""

from billing.creditnotes.model import CreditNoteView
from sql.work import Notice


class CreditNoteCreated(Notice, frozen=True, kw_only=True):
    """A credit note was issued, or has become final with its invoice."""

    type = "credit_note.created"
    credit_note: CreditNoteView


class CreditNoteUpdated(Notice, frozen=True, kw_only=True):
    """A credit note was changed or voided. No webhook carries it."""

    type = "credit_note.updated"
    is_sent = False
    credit_note: CreditNoteView
