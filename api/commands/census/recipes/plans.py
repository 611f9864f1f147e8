"""How plans are asked for."""

from typing import Any

from api.commands.census.world import Recipe, World, said

CREATE = "PlanService.Create"


def plan(world: World, **more: Any) -> dict[str, Any]:
    """10.00 a month in arrears, and 0.50 for each gigabyte."""
    charge = {
        "billable_metric_id": world.the("BillableMetricService.Create", "id"),
        "charge_model": "standard",
        "properties": {"amount": "0.5"},
    }
    made = {
        "name": "Basic",
        "code": world.word("plan"),
        "interval": "monthly",
        "amount_cents": 1_000,
        "amount_currency": "EUR",
        "pay_in_advance": False,
        "charges": [charge],
    }
    return {"plan": {**made, **more}}


RECIPES = {
    CREATE: Recipe(plan, lambda w: plan(w, tax_codes=["nothing"]), "tax_not_found"),
    "PlanService.Get": Recipe(
        lambda w: {"code": w.the(CREATE, "code")}, said(code="nothing"), "plan_not_found"
    ),
    "PlanService.List": Recipe(
        lambda w: {"search_term": w.the(CREATE, "code")},
        said(cursor="nowhere"),
        "validation_errors",
    ),
    "PlanService.Update": Recipe(
        lambda w: {"code": w.the(CREATE, "code"), "plan": {"description": "The least."}},
        said(code="nothing", plan={"description": "The least."}),
        "plan_not_found",
    ),
    "PlanService.Delete": Recipe(
        lambda w: {"code": w.new(CREATE, "code")}, said(code="nothing"), "plan_not_found"
    ),
}
