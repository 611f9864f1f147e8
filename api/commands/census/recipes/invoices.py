"""How invoices are asked for."""

from typing import Any

from api.commands.census.recipes.customers import customer
from api.commands.census.recipes.plans import plan
from api.commands.census.recipes.subscriptions import subscription
from api.commands.census.world import Recipe, World, powerless, said


def billed(world: World) -> Any:
    """The final invoice of the census's customer, for a month in which it used something."""
    world.made("EventService.Create")
    world.made("TestClockService.Advance")
    asked = {"external_customer_id": world.the("CustomerService.Create", "external_id")}
    return world.do("InvoiceService.List", asked)["invoices"][0]


def draft(world: World) -> str:
    """A new invoice that is still a draft: paid in advance, by a customer that has days of grace.

    Returns its id.
    """
    owner = customer(world, billing_configuration={"invoice_grace_period": 3})
    terms = plan(world, pay_in_advance=True)
    debtor = owner["customer"]["external_id"]
    world.do("CustomerService.Create", owner)
    world.do("PlanService.Create", terms)
    asked = subscription(world, external_customer_id=debtor, plan_code=terms["plan"]["code"])
    world.do("SubscriptionService.Create", asked)
    found = world.do("InvoiceService.List", {"external_customer_id": debtor, "status": ["draft"]})
    return str(found["invoices"][0]["id"])


def all_drafts(world: World) -> dict[str, Any]:
    """Nothing is said, but there is a draft."""
    draft(world)
    return {}


RECIPES = {
    "InvoiceService.Get": Recipe(
        lambda w: {"id": billed(w)["id"]}, said(id="nothing"), "invoice_not_found"
    ),
    "InvoiceService.List": Recipe(
        lambda w: {"search_term": billed(w)["number"], "statuses": ["finalized"]},
        said(external_customer_id="nobody"),
        "customer_not_found",
    ),
    "InvoiceService.CustomerInvoices": Recipe(
        lambda w: {"external_id": billed(w)["customer"]["external_id"]},
        said(external_id="nobody"),
        "customer_not_found",
    ),
    "InvoiceService.Finalize": Recipe(
        lambda w: {"id": draft(w)}, said(id="nothing"), "invoice_not_found"
    ),
    "InvoiceService.RefreshInvoice": Recipe(
        lambda w: {"id": draft(w)}, said(id="nothing"), "invoice_not_found"
    ),
    "InvoiceService.FinalizeAllInvoices": Recipe(
        all_drafts, powerless(said()), "write_action_not_allowed_for_invoice"
    ),
    "InvoiceService.ListChanges": Recipe(
        lambda w: {"id": billed(w)["id"]}, said(id="nothing"), "invoice_not_found"
    ),
}
