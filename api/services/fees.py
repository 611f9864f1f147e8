"""FeeService: the lines of invoices, and fees that stand alone."""

from api.rpc import Service, rpc
from billing import fees


class FeeService(Service):
    """What is owed line by line, on an invoice or, paid for at once, alone."""

    get = rpc("GET /fees/{id}", fees.find)
    list_ = rpc("GET /fees", fees.browse)
    update = rpc("PUT /fees/{id}", fees.update)
