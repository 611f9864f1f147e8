"""SubscriptionService: which customer is on which plan."""

from api.rpc import Service, rpc
from billing import cycle, subscriptions


class SubscriptionService(Service):
    """The commercial relationship between a customer and a plan, and its billing over time."""

    create = rpc("POST /subscriptions", cycle.subscribe)
    get = rpc("GET /subscriptions/{external_id}", subscriptions.get)
    list_ = rpc("GET /subscriptions", subscriptions.browse)
    update = rpc("PUT /subscriptions/{external_id}", cycle.update_subscription)
    terminate = rpc("DELETE /subscriptions/{external_id}", cycle.terminate)
