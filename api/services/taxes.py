"""TaxService: rates, and what they apply to."""

from api.rpc import Service, rpc
from billing import taxes


class TaxService(Service):
    """Tax rates, and what they apply to."""

    create = rpc("POST /taxes", taxes.create)
    get = rpc("GET /taxes/{code}", taxes.find)
    list_ = rpc("GET /taxes", taxes.browse)
    update = rpc("PUT /taxes/{code}", taxes.update)
    delete = rpc("DELETE /taxes/{code}", taxes.delete)
