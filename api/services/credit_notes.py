"""CreditNoteService: what is taken back of invoices."""

from api.rpc import Service, rpc
from billing import creditnotes


class CreditNoteService(Service):
    """Financial corrections: credit for later invoices, refunds, and what is taken off a due."""

    get_estimate = rpc("POST /credit_notes/estimate", creditnotes.estimate)
    create = rpc("POST /credit_notes", creditnotes.create)
    get = rpc("GET /credit_notes/{id}", creditnotes.find)
    list_ = rpc("GET /credit_notes", creditnotes.browse)
    customer_credit_notes = rpc(
        "GET /customers/{external_id}/credit_notes", creditnotes.of_customer
    )
    invoice_credit_notes = rpc("GET /invoices/{id}/credit_notes", creditnotes.of_invoice)
    update = rpc("PUT /credit_notes/{id}", creditnotes.update)
    void_credit_note = rpc("PUT /credit_notes/{id}/void", creditnotes.void)
    replace_metadata = rpc(
        "POST /credit_notes/{id}/metadata", creditnotes.replace_metadata, root="metadata"
    )
    merge_metadata = rpc(
        "PATCH /credit_notes/{id}/metadata", creditnotes.merge_metadata, root="metadata"
    )
    delete_metadata = rpc(
        "DELETE /credit_notes/{id}/metadata", creditnotes.delete_metadata, root="metadata"
    )
    delete_metadata_key = rpc(
        "DELETE /credit_notes/{id}/metadata/{key}", creditnotes.delete_metadata_key, root="metadata"
    )
