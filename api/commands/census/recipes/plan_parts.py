"""How the parts of plans are asked for: charges, their filters, fixed charges and metadata."""

from collections.abc import Callable
from typing import Any

from api.commands.census.recipes.plans import CREATE, plan
from api.commands.census.world import Build, Recipe, World, said

Fields = Callable[[World], dict[str, Any]]
"""Makes the fields of a request from what was made so far."""

CHARGE = {"charge_model": "standard", "properties": {"amount": "2"}}
FILTER = {"values": {"region": ["eu"]}, "properties": {"amount": "3"}}
PAIRS = {"metadata": {"owner": "Ada"}}


def at(part: str, noun: str, **more: Any) -> Fields:
    """Name a part of the census's plan by the code of what it is for: that of a new plan."""
    return lambda w: {
        "code": w.new(CREATE, "code"), part: w.the(f"{noun}.Create", "code"), **more
    }  # fmt: skip


def charge(world: World, **more: Any) -> dict[str, Any]:
    """A second charge for the same metric, on a new plan."""
    metric = world.the("BillableMetricService.Create", "id")
    made = {"billable_metric_id": metric, "code": world.word("charge"), **CHARGE, **more}
    return {"code": world.new(CREATE, "code"), "charge": made}


def seats(world: World, **more: Any) -> dict[str, Any]:
    """A second fixed charge for the same add-on, on a new plan."""
    add_on = world.the("AddOnService.Create", "code")
    made = {"add_on_code": add_on, "code": world.word("seats"), "units": "2", **CHARGE, **more}
    return {"code": world.new(CREATE, "code"), "fixed_charge": made}


def filtered(world: World, **more: Any) -> dict[str, Any]:
    """A charge that has a filter."""
    asked = of_charge(world)
    made = world.do("PlanService.CreateChargeFilter", {**asked, "filter": FILTER})
    return {**asked, **{name: made["filter"][key] for name, key in more.items()}}


def filter_of(world: World) -> dict[str, Any]:
    """A new filter of a charge, by its id."""
    return filtered(world, filter_id="id")


of_charge = at("charge_code", "BillableMetricService")
of_fixed = at("fixed_charge_code", "AddOnService")


def no_part(part: str, **more: Any) -> Build:
    """Name a part that the census's plan does not have."""
    return lambda w: {"code": w.the(CREATE, "code"), part: "nothing", **more}


def no_filter(**more: Any) -> Build:
    """Name a filter that a charge does not have."""
    return lambda w: {**of_charge(w), "filter_id": "nothing", **more}


def its(build: Fields, **more: Any) -> Build:
    """Ask with more beside."""
    return lambda w: {**build(w), **more}


MISSING = "charge_not_found", "fixed_charge_not_found", "charge_filter_not_found"

RECIPES = {
    "PlanService.ListCharges": Recipe(
        lambda w: {"code": w.the(CREATE, "code")}, said(code="nothing"), "plan_not_found"
    ),
    "PlanService.CreateCharge": Recipe(
        charge, lambda w: charge(w, billable_metric_id="nothing"), "billable_metrics_not_found"
    ),
    "PlanService.GetCharge": Recipe(of_charge, no_part("charge_code"), MISSING[0]),
    "PlanService.UpdateCharge": Recipe(
        its(of_charge, charge={"properties": {"amount": "4"}}),
        no_part("charge_code", charge={"properties": {"amount": "4"}}),
        MISSING[0],
    ),
    "PlanService.DeleteCharge": Recipe(of_charge, no_part("charge_code"), MISSING[0]),
    "PlanService.ListChargeFilters": Recipe(filtered, no_part("charge_code"), MISSING[0]),
    "PlanService.CreateChargeFilter": Recipe(
        its(of_charge, filter=FILTER),
        its(of_charge, filter={"values": {"region": ["mars"]}}),
        "validation_errors",
    ),
    "PlanService.GetChargeFilter": Recipe(filter_of, no_filter(), MISSING[2]),
    "PlanService.UpdateChargeFilter": Recipe(
        its(filter_of, filter={"invoice_display_name": "Europe"}),
        no_filter(filter={"invoice_display_name": "Europe"}),
        MISSING[2],
    ),
    "PlanService.DeleteChargeFilter": Recipe(filter_of, no_filter(), MISSING[2]),
    "PlanService.ListFixedCharges": Recipe(
        lambda w: {"code": w.the(CREATE, "code")}, said(code="nothing"), "plan_not_found"
    ),
    "PlanService.CreateFixedCharge": Recipe(
        seats, lambda w: seats(w, units="-1"), "validation_errors"
    ),
    "PlanService.GetFixedCharge": Recipe(of_fixed, no_part("fixed_charge_code"), MISSING[1]),
    "PlanService.UpdateFixedCharge": Recipe(
        its(of_fixed, fixed_charge={"units": "4"}),
        no_part("fixed_charge_code", fixed_charge={"units": "4"}),
        MISSING[1],
    ),
    "PlanService.DeleteFixedCharge": Recipe(of_fixed, no_part("fixed_charge_code"), MISSING[1]),
    "PlanService.ReplaceMetadata": Recipe(
        lambda w: {"code": w.the(CREATE, "code"), **PAIRS},
        said(code="nothing", **PAIRS),
        "plan_not_found",
    ),
    "PlanService.MergeMetadata": Recipe(
        lambda w: {"code": w.the(CREATE, "code"), **PAIRS},
        said(code="nothing", **PAIRS),
        "plan_not_found",
    ),
    "PlanService.DeleteMetadata": Recipe(
        lambda w: {"code": w.the(CREATE, "code")}, said(code="nothing"), "plan_not_found"
    ),
    "PlanService.DeleteMetadataKey": Recipe(
        lambda w: {
            "code": w.do(CREATE, plan(w, **PAIRS))["plan"]["code"], "key": "owner"
        },
        said(code="nothing", key="owner"),
        "plan_not_found",
    ),
}  # fmt: skip
