"""How plans are asked for."""

from typing import Any

from api.commands.census.world import Recipe, World, said

CREATE = "PlanService.Create"

FEATURE = "PlanService.CreateFeature"

SEATS = [
    {"code": "max", "value_type": "integer"},
    {"code": "region", "value_type": "select", "config": {"select_options": ["eu", "us"]}},
]
"""The privileges of the census's feature."""


def plan(world: World, **more: Any) -> dict[str, Any]:
    """10.00 a month in arrears, 0.50 for each gigabyte, and 5.00 for a seat."""
    charge = {
        "billable_metric_id": world.the("BillableMetricService.Create", "id"),
        "charge_model": "standard",
        "properties": {"amount": "0.5"},
    }
    seats = {
        "add_on_id": world.the("AddOnService.Create", "id"),
        "charge_model": "standard",
        "units": "1",
        "properties": {"amount": "5"},
    }
    made = {
        "name": "Basic",
        "code": world.word("plan"),
        "interval": "monthly",
        "amount_cents": 1_000,
        "amount_currency": "EUR",
        "pay_in_advance": False,
        "charges": [charge],
        "fixed_charges": [seats],
    }
    return {"plan": {**made, **more}}


def feature(world: World, **more: Any) -> dict[str, Any]:
    """So many seats, in a region."""
    return {"feature": {"code": world.word("seats"), "privileges": SEATS, **more}}


def granting(world: World, feature_code: str) -> dict[str, Any]:
    """Ten seats on the census's plan."""
    code = world.the(CREATE, "code")
    return {"code": code, "entitlements": {feature_code: {"max": 10, "region": "eu"}}}


def granted(world: World) -> dict[str, Any]:
    """A feature that the plan grants since just now."""
    found = granting(world, world.new(FEATURE, "code"))
    world.do("PlanService.UpdateEntitlements", found)
    return {"code": found["code"], "feature_code": next(iter(found["entitlements"]))}


def ungranted(world: World) -> dict[str, Any]:
    """A feature that no plan grants."""
    return {"code": world.the(CREATE, "code"), "feature_code": world.new(FEATURE, "code")}


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
    FEATURE: Recipe(
        feature, lambda w: feature(w, code=w.the(FEATURE, "code")), "validation_errors"
    ),
    "PlanService.GetFeature": Recipe(
        lambda w: {"code": w.the(FEATURE, "code")}, said(code="nothing"), "feature_not_found"
    ),
    "PlanService.ListFeatures": Recipe(
        lambda w: {"search_term": w.the(FEATURE, "code")},
        said(cursor="nowhere"),
        "validation_errors",
    ),
    "PlanService.UpdateFeature": Recipe(
        lambda w: {"code": w.the(FEATURE, "code"), "feature": {"name": "Seats"}},
        said(code="nothing", feature={"name": "Seats"}),
        "feature_not_found",
    ),
    "PlanService.DeleteFeature": Recipe(
        lambda w: {"code": w.new(FEATURE, "code")}, said(code="nothing"), "feature_not_found"
    ),
    "PlanService.DeleteFeaturePrivilege": Recipe(
        lambda w: {"code": w.new(FEATURE, "code"), "privilege_code": "max"},
        lambda w: {"code": w.the(FEATURE, "code"), "privilege_code": "nothing"},
        "privilege_not_found",
    ),
    "PlanService.ListEntitlements": Recipe(
        lambda w: {"code": granted(w)["code"]}, said(code="nothing"), "plan_not_found"
    ),
    "PlanService.GetEntitlement": Recipe(granted, ungranted, "entitlement_not_found"),
    "PlanService.ReplaceEntitlements": Recipe(
        lambda w: granting(w, w.the(FEATURE, "code")),
        lambda w: granting(w, "nothing"),
        "feature_not_found",
    ),
    "PlanService.UpdateEntitlements": Recipe(
        lambda w: granting(w, w.the(FEATURE, "code")),
        lambda w: granting(w, "nothing"),
        "feature_not_found",
    ),
    "PlanService.RemoveEntitlement": Recipe(granted, ungranted, "entitlement_not_found"),
    "PlanService.RemoveEntitlementPrivilege": Recipe(
        lambda w: {**granted(w), "privilege_code": "max"},
        lambda w: {**granted(w), "privilege_code": "nothing"},
        "privilege_not_found",
    ),
}
