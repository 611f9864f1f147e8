"""How customers are asked for."""

from typing import Any

from api.commands.census.world import Recipe, World, said

CREATE = "CustomerService.Create"


def customer(world: World, **more: Any) -> dict[str, Any]:
    """A customer that pays in euros."""
    made = {"external_id": world.word("customer"), "name": "Acme", "currency": "EUR"}
    return {"customer": {**made, **more}}


def usage(world: World) -> dict[str, Any]:
    """What the customer uses under its subscription."""
    return {
        "external_id": world.the(CREATE, "external_id"),
        "external_subscription_id": world.the("SubscriptionService.Create", "external_id"),
    }


RECIPES = {
    CREATE: Recipe(customer, lambda w: customer(w, tax_codes=["nothing"]), "tax_not_found"),
    "CustomerService.Get": Recipe(
        lambda w: {"external_id": w.the(CREATE, "external_id")},
        said(external_id="nobody"),
        "customer_not_found",
    ),
    "CustomerService.List": Recipe(
        lambda w: {"external_id": w.the(CREATE, "external_id"), "currencies": ["EUR"]},
        said(cursor="nowhere"),
        "validation_errors",
    ),
    "CustomerService.Update": Recipe(
        lambda w: {"external_id": w.the(CREATE, "external_id"), "customer": {"city": "Lyon"}},
        said(external_id="nobody", customer={"city": "Lyon"}),
        "customer_not_found",
    ),
    "CustomerService.UpdateCustomerInvoiceGracePeriod": Recipe(
        lambda w: {
            "external_id": w.new(CREATE, "external_id"),
            "customer": {"invoice_grace_period": 3},
        },
        said(external_id="nobody", customer={"invoice_grace_period": 3}),
        "customer_not_found",
    ),
    "CustomerService.Delete": Recipe(
        lambda w: {"external_id": w.new(CREATE, "external_id")},
        said(external_id="nobody"),
        "customer_not_found",
    ),
    "CustomerService.GetUsage": Recipe(
        usage, said(external_id="nobody", external_subscription_id="nothing"), "customer_not_found"
    ),
    "CustomerService.GetProjectedUsage": Recipe(
        usage, said(external_id="nobody", external_subscription_id="nothing"), "customer_not_found"
    ),
    "CustomerService.GetPastUsage": Recipe(
        usage, said(external_id="nobody", external_subscription_id="nothing"), "customer_not_found"
    ),
}
