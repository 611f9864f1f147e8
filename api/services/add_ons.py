"""AddOnService: what is sold once."""

from api.rpc import Service, rpc
from billing import addons


class AddOnService(Service):
    """What is sold once, or as a fixed part of a plan."""

    create = rpc("POST /add_ons", addons.create)
    get = rpc("GET /add_ons/{code}", addons.find)
    list_ = rpc("GET /add_ons", addons.browse)
    update = rpc("PUT /add_ons/{code}", addons.update)
    delete = rpc("DELETE /add_ons/{code}", addons.delete)
