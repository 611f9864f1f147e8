"""How reports are asked for."""

from api.commands.census.recipes.invoices import billed
from api.commands.census.world import Recipe, World, powerless, said


def earned(world: World) -> dict[str, str]:
    """What the census's customer was billed."""
    return {"external_customer_id": billed(world)["customer"]["external_id"], "currency": "EUR"}


RECIPES = {
    f"ObservabilityService.{name}": Recipe(
        earned, said(external_customer_id="nobody"), "customer_not_found"
    )
    for name in ("GrossRevenues", "InvoicedUsages")
} | {
    "ObservabilityService.Reconciliation": Recipe(
        said(received_from="2026-01-01T00:00:00Z"),
        powerless(said()),
        "read_action_not_allowed_for_analytic",
    )
}
