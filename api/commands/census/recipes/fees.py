"""How fees are asked for."""

from typing import Any

from api.commands.census.recipes.billable_metrics import metric
from api.commands.census.recipes.customers import customer
from api.commands.census.recipes.plans import plan
from api.commands.census.recipes.subscriptions import subscription
from api.commands.census.world import Recipe, World, said


def alone(world: World) -> dict[str, Any]:
    """A fee on no invoice, of an event that is paid for at once."""
    counted = world.do("BillableMetricService.Create", metric(world))["billable_metric"]
    charge = {
        "billable_metric_id": counted["id"], "charge_model": "standard",
        "properties": {"amount": "2"}, "pay_in_advance": True, "invoiceable": False,
    }  # fmt: skip
    owner, terms = customer(world), plan(world, charges=[charge])
    world.do("CustomerService.Create", owner)
    world.do("PlanService.Create", terms)
    asked = subscription(
        world,
        external_customer_id=owner["customer"]["external_id"],
        plan_code=terms["plan"]["code"],
    )
    world.do("SubscriptionService.Create", asked)
    event = {
        "transaction_id": world.word("event"), "code": counted["code"],
        "external_subscription_id": asked["subscription"]["external_id"],
        "properties": {"size": "4"},
    }  # fmt: skip
    world.do("EventService.Create", {"event": event})
    wanted = {"event_transaction_id": event["transaction_id"]}
    found: dict[str, Any] = world.do("FeeService.List", wanted)["fees"][0]
    return found


PAID = {"payment_status": "succeeded"}

RECIPES = {
    "FeeService.Get": Recipe(lambda w: {"id": alone(w)["id"]}, said(id="nothing"), "fee_not_found"),
    "FeeService.List": Recipe(
        lambda w: {"event_transaction_id": alone(w)["event_transaction_id"]},
        said(external_customer_id="nobody"),
        "customer_not_found",
    ),
    "FeeService.Update": Recipe(
        lambda w: {"id": alone(w)["id"], "fee": PAID},
        said(id="nothing", fee=PAID),
        "fee_not_found",
    ),
}
