"""What may change of a credit note: its refund, its pairs, and that it is given up."""

from msgspec import UNSET
from msgspec.structs import replace

from billing import credits
from billing.creditnotes.model import CreditNote, CreditNoteStatus, CreditNoteView, RefundStatus
from billing.creditnotes.notices import CreditNoteUpdated
from billing.creditnotes.queries import bare, find
from billing.creditnotes.requests import CreditNoteUpdate, check_metadata
from billing.creditnotes.tables import credit_notes
from metering.measures.refusals import Checks, Conflict, Invalid, Missing
from sql.work import Work

Pairs = dict[str, str | None]


def update(work: Work, id: str, credit_note: CreditNoteUpdate) -> CreditNoteView:
    """Say what became of a refund, or add to the pairs kept with a note.

    Raises: Missing `credit_note_not_found`; Invalid `refund_status: value_is_invalid`, also where
            nothing is paid back.
    """
    before = bare(work, id)
    after = before
    if isinstance(credit_note.refund_status, str):
        if before.refund_status is None:
            raise Invalid(refund_status="value_is_invalid")
        after = replace(after, refund_status=RefundStatus(credit_note.refund_status))
    if credit_note.metadata is not UNSET:
        after = replace(after, metadata={**(before.metadata or {}), **(credit_note.metadata or {})})
    return _put(work, after)


def void(work: Work, id: str) -> CreditNoteView:
    """Take away what is left of the credit that a note gave; what it paid back or offset stays.

    Raises: Missing `credit_note_not_found`; Conflict `no_voidable_amount`.
    """
    note = bare(work, id)
    if note.status is not CreditNoteStatus.finalized:
        raise Conflict("no_voidable_amount", "The credit note waits for its invoice.")
    before = find(work, id)
    credits.void(work, id)
    return _tell(work, id, before)


def replace_metadata(work: Work, id: str, metadata: Pairs | None = None) -> Pairs | None:
    """Keep these pairs with a credit note, in place of those it had.

    Raises: Missing `credit_note_not_found`; Invalid `metadata: too_many_keys`, `key_too_long` or
            `value_too_long`.
    """
    return _keep(work, bare(work, id), metadata)


def merge_metadata(work: Work, id: str, metadata: Pairs | None = None) -> Pairs | None:
    """Add pairs to a credit note, or change those it has; the others stay.

    Raises: Missing `credit_note_not_found`; Invalid `metadata: too_many_keys`, `key_too_long` or
            `value_too_long`.
    """
    note = bare(work, id)
    return _keep(work, note, {**(note.metadata or {}), **(metadata or {})})


def delete_metadata(work: Work, id: str) -> Pairs | None:
    """Drop all pairs of a credit note.

    Raises: Missing `credit_note_not_found`.
    """
    return _keep(work, bare(work, id), None)


def delete_metadata_key(work: Work, id: str, key: str) -> Pairs | None:
    """Drop one pair of a credit note, and return the others.

    Raises: Missing `credit_note_not_found`, `metadata_not_found` if it has no pairs.
    """
    note = bare(work, id)
    if not note.metadata:
        raise Missing("metadata", id)
    return _keep(work, note, {name: v for name, v in note.metadata.items() if name != key})


def _keep(work: Work, note: CreditNote, pairs: Pairs | None) -> Pairs | None:
    checks = Checks()
    check_metadata(checks, pairs)
    checks.done()
    _put(work, replace(note, metadata=pairs or None))
    return pairs or None


def _put(work: Work, after: CreditNote) -> CreditNoteView:
    before = find(work, after.id)
    work.rows.put(credit_notes, replace(after, updated_at=work.now))
    return _tell(work, after.id, before)


def _tell(work: Work, id: str, before: CreditNoteView) -> CreditNoteView:
    shown = find(work, id)
    work.tell(CreditNoteUpdated(credit_note=shown), before=before)
    return shown
