"""BillingEntityService: who issues invoices."""

from api.rpc import Service, rpc
from billing import taxes


class BillingEntityService(Service):
    """Who issues invoices: each with an address, a numbering, and taxes of its own."""

    create = rpc("POST /billing_entities", taxes.create_entity)
    get = rpc("GET /billing_entities/{code}", taxes.find_entity)
    list_ = rpc("GET /billing_entities", taxes.browse_entities)
    update = rpc("PUT /billing_entities/{code}", taxes.update_entity)
