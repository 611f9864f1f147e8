"""How subscriptions are asked for."""

from typing import Any

from api.commands.census.world import Recipe, World, said

CREATE = "SubscriptionService.Create"

HISTORY = {"lifetime_usage": {"external_historical_usage_amount_cents": 4900}}
"""What was used elsewhere."""


def subscription(world: World, **more: Any) -> dict[str, Any]:
    """The census's customer on its plan."""
    made = {
        "external_customer_id": world.the("CustomerService.Create", "external_id"),
        "external_id": world.word("subscription"),
        "plan_code": world.the("PlanService.Create", "code"),
    }
    return {"subscription": {**made, **more}}


def fixed_charge(world: World, code: str = "") -> dict[str, Any]:
    """The fixed charge of the plan that the census's customer is on."""
    return {
        "external_id": world.the(CREATE, "external_id"),
        "fixed_charge_code": code or world.the("AddOnService.Create", "code"),
    }


def entitled(world: World, **more: Any) -> dict[str, Any]:
    """The census's subscription, and a feature that it has since just now."""
    feature = world.new("PlanService.CreateFeature", "code")
    external_id = world.the(CREATE, "external_id")
    said = {"external_id": external_id, "entitlements": {feature: {"max": 25}}}
    world.do("SubscriptionService.CreateOrUpdateEntitlement", said)
    return {"external_id": external_id, "feature_code": feature, **more}


def unentitled(world: World) -> dict[str, Any]:
    """A feature that the subscription has not got."""
    feature = world.new("PlanService.CreateFeature", "code")
    return {"external_id": world.the(CREATE, "external_id"), "feature_code": feature}


def charge(world: World, **more: Any) -> dict[str, Any]:
    """What a gigabyte is to cost one new subscription."""
    return {
        "external_id": world.new(CREATE, "external_id"),
        "charge_code": world.the("BillableMetricService.Create", "code"),
        "charge": {"properties": {"amount": "0.4"}},
        **more,
    }


RECIPES = {
    CREATE: Recipe(subscription, lambda w: subscription(w, plan_code="nothing"), "plan_not_found"),
    "SubscriptionService.Get": Recipe(
        lambda w: {"external_id": w.the(CREATE, "external_id")},
        said(external_id="nothing"),
        "subscription_not_found",
    ),
    "SubscriptionService.List": Recipe(
        lambda w: {"external_id": w.the(CREATE, "external_id"), "status": ["active"]},
        said(cursor="nowhere"),
        "validation_errors",
    ),
    "SubscriptionService.Update": Recipe(
        lambda w: {
            "external_id": w.the(CREATE, "external_id"),
            "subscription": {"name": "Renamed"},
        },
        said(external_id="nothing", subscription={"name": "Renamed"}),
        "subscription_not_found",
    ),
    "SubscriptionService.Terminate": Recipe(
        lambda w: {"external_id": w.new(CREATE, "external_id")},
        said(external_id="nothing"),
        "subscription_not_found",
    ),
    "SubscriptionService.CreateOrUpdateEntitlement": Recipe(
        lambda w: {
            "external_id": w.the(CREATE, "external_id"),
            "entitlements": {w.the("PlanService.CreateFeature", "code"): {"max": 25}},
        },
        lambda w: {"external_id": w.the(CREATE, "external_id"), "entitlements": {"nothing": {}}},
        "feature_not_found",
    ),
    "SubscriptionService.GetEntitlement": Recipe(entitled, unentitled, "entitlement_not_found"),
    "SubscriptionService.ListEntitlements": Recipe(
        lambda w: {"external_id": entitled(w)["external_id"]},
        said(external_id="nothing"),
        "subscription_not_found",
    ),
    "SubscriptionService.RemoveEntitlement": Recipe(entitled, unentitled, "entitlement_not_found"),
    "SubscriptionService.RemoveEntitlementPrivilege": Recipe(
        lambda w: entitled(w, privilege_code="max"),
        lambda w: entitled(w, privilege_code="region"),
        "privilege_not_found",
    ),
    "SubscriptionService.GetLifetimeUsage": Recipe(
        lambda w: {"external_id": w.the(CREATE, "external_id")},
        said(external_id="nothing"),
        "subscription_not_found",
    ),
    "SubscriptionService.UpdateLifetimeUsage": Recipe(
        lambda w: {"external_id": w.the(CREATE, "external_id"), **HISTORY},
        said(external_id="nothing", **HISTORY),
        "subscription_not_found",
    ),
    "SubscriptionService.ListSubscriptionFixedCharges": Recipe(
        lambda w: {"external_id": w.the(CREATE, "external_id")},
        said(external_id="nothing"),
        "subscription_not_found",
    ),
    "SubscriptionService.GetSubscriptionFixedCharge": Recipe(
        fixed_charge, lambda w: fixed_charge(w, "nothing"), "fixed_charge_not_found"
    ),
    "SubscriptionService.UpdateSubscriptionFixedCharge": Recipe(
        lambda w: {**fixed_charge(w), "fixed_charge": {"units": "3"}},
        lambda w: {**fixed_charge(w, "nothing"), "fixed_charge": {"units": "3"}},
        "fixed_charge_not_found",
    ),
    "SubscriptionService.UpdateSubscriptionCharge": Recipe(
        charge, lambda w: charge(w, charge_code="nothing"), "charge_not_found"
    ),
    "SubscriptionService.GetDailyUsage": Recipe(
        lambda w: {"external_id": w.the(CREATE, "external_id"), "from_date": "2026-01-01"},
        said(external_id="nothing"),
        "subscription_not_found",
    ),
}
