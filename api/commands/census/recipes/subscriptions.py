"""How subscriptions are asked for."""

from typing import Any

from api.commands.census.world import Recipe, World, said

CREATE = "SubscriptionService.Create"


def subscription(world: World, **more: Any) -> dict[str, Any]:
    """The census's customer on its plan."""
    made = {
        "external_customer_id": world.the("CustomerService.Create", "external_id"),
        "external_id": world.word("subscription"),
        "plan_code": world.the("PlanService.Create", "code"),
    }
    return {"subscription": {**made, **more}}


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
}
