"""SubscriptionService: which customer is on which plan."""

from api.rpc import Service, rpc
from billing import cycle, entitlements, subscriptions, usage


class SubscriptionService(Service):
    """The commercial relationship between a customer and a plan, and its billing over time."""

    create = rpc("POST /subscriptions", cycle.subscribe)
    get = rpc("GET /subscriptions/{external_id}", entitlements.get_subscription)
    list_ = rpc("GET /subscriptions", subscriptions.browse)
    update = rpc("PUT /subscriptions/{external_id}", cycle.update_subscription)
    terminate = rpc("DELETE /subscriptions/{external_id}", cycle.terminate)
    update_subscription_charge = rpc(
        "PUT /subscriptions/{external_id}/charges/{charge_code}",
        cycle.update_subscription_charge, root="charge",
    )  # fmt: skip
    update_subscription_fixed_charge = rpc(
        "PUT /subscriptions/{external_id}/fixed_charges/{fixed_charge_code}",
        cycle.update_fixed_charge, root="fixed_charge",
    )  # fmt: skip
    get_subscription_fixed_charge = rpc(
        "GET /subscriptions/{external_id}/fixed_charges/{fixed_charge_code}",
        subscriptions.fixed_charge, root="fixed_charge",
    )  # fmt: skip
    list_subscription_fixed_charges = rpc(
        "GET /subscriptions/{external_id}/fixed_charges", subscriptions.fixed_charges,
        root="fixed_charges",
    )  # fmt: skip
    create_or_update_entitlement = rpc(
        "PATCH /subscriptions/{external_id}/entitlements", entitlements.merge, root="entitlements"
    )
    get_entitlement = rpc(
        "GET /subscriptions/{external_id}/entitlements/{feature_code}", entitlements.find,
        root="entitlement",
    )  # fmt: skip
    list_entitlements = rpc(
        "GET /subscriptions/{external_id}/entitlements", entitlements.of_subscription,
        root="entitlements",
    )  # fmt: skip
    remove_entitlement = rpc(
        "DELETE /subscriptions/{external_id}/entitlements/{feature_code}", entitlements.remove,
        root="entitlements",
    )  # fmt: skip
    remove_entitlement_privilege = rpc(
        "DELETE /subscriptions/{external_id}/entitlements/{feature_code}"
        "/privileges/{privilege_code}",
        entitlements.remove_privilege, root="entitlements",
    )  # fmt: skip
    get_lifetime_usage = rpc(
        "GET /subscriptions/{external_id}/lifetime_usage", usage.lifetime,
        resource="lifetime_usage",
    )  # fmt: skip
    update_lifetime_usage = rpc(
        "PUT /subscriptions/{external_id}/lifetime_usage", usage.update_lifetime,
        resource="lifetime_usage",
    )  # fmt: skip
    get_daily_usage = rpc(
        "GET /subscriptions/{external_id}/daily_usage", usage.daily, resource="customer_usage"
    )
