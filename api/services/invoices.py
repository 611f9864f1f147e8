"""InvoiceService: bills, from draft to final."""

from analytics import reconciliation
from api.rpc import Service, rpc
from billing import cycle, invoices


class InvoiceService(Service):
    """The bills a customer gets, made from subscriptions, and what becomes of them."""

    get = rpc("GET /invoices/{id}", invoices.find)
    list_ = rpc("GET /invoices", invoices.browse)
    customer_invoices = rpc("GET /customers/{external_id}/invoices", invoices.of_customer)
    finalize = rpc("PUT /invoices/{id}/finalize", cycle.finalize)
    refresh_invoice = rpc("PUT /invoices/{id}/refresh", cycle.refresh)
    finalize_all_invoices = rpc("POST /invoices/finalize_all", cycle.finalize_all)
    list_changes = rpc("GET /invoices/{id}/changes", reconciliation.changes)
