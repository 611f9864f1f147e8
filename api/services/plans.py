"""PlanService: what can be subscribed to."""

from api.rpc import Service, rpc
from billing import cycle, plans


class PlanService(Service):
    """What can be subscribed to: a base price, how often it is billed, and charges for usage."""

    create = rpc("POST /plans", plans.create)
    get = rpc("GET /plans/{code}", plans.find)
    update = rpc("PUT /plans/{code}", cycle.update_plan)
    list_ = rpc("GET /plans", plans.browse)
    delete = rpc("DELETE /plans/{code}", plans.delete)
