"""How a customer asks for what is its own."""

from api.commands.census.recipes.invoices import billed
from api.commands.census.world import Recipe, World, said

SUBSCRIPTION = "SubscriptionService.Create"


def mine(world: World) -> dict[str, str]:
    """The subscription of the census's customer."""
    return {"external_subscription_id": world.the(SUBSCRIPTION, "external_id")}


def plans(world: World) -> dict[str, int]:
    """The plans there are: one at least."""
    world.made("PlanService.Create")
    return {"per_page": 10}


RECIPES = {
    "AccountService.GetMySubscription": Recipe(
        mine, said(external_subscription_id="nothing"), "subscription_not_found"
    ),
    "AccountService.GetMyUsage": Recipe(
        mine, said(external_subscription_id="nothing"), "subscription_not_found"
    ),
    "AccountService.ListMyInvoices": Recipe(
        lambda w: {"search_term": billed(w)["number"]},
        said(cursor="nowhere"),
        "validation_errors",
    ),
    "AccountService.GetMyInvoice": Recipe(
        lambda w: {"id": billed(w)["id"]}, said(id="nothing"), "invoice_not_found"
    ),
    "AccountService.ListAvailablePlans": Recipe(plans, said(cursor="nowhere"), "validation_errors"),
}
