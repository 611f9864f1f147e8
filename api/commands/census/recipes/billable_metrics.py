"""How billable metrics are asked for."""

from typing import Any

from api.commands.census.world import Recipe, World, said

CREATE = "BillableMetricService.Create"

SAMPLE = {"code": "gb", "timestamp": 1_711_929_599, "properties": {"mb": "512"}}
"""An event that an expression is tried on."""


def metric(world: World, **more: Any) -> dict[str, Any]:
    """The sum of `size`, by region."""
    made = {"name": "Gigabytes", "code": world.word("gb"), "aggregation_type": "sum_agg"}
    filters = [{"key": "region", "values": ["eu", "us"]}]
    return {"billable_metric": {**made, "field_name": "size", "filters": filters, **more}}


RECIPES = {
    CREATE: Recipe(metric, lambda w: metric(w, code=w.the(CREATE, "code")), "validation_errors"),
    "BillableMetricService.Get": Recipe(
        lambda w: {"code": w.the(CREATE, "code")},
        said(code="nothing"),
        "billable_metric_not_found",
    ),
    "BillableMetricService.List": Recipe(
        lambda w: {"search_term": w.the(CREATE, "code"), "aggregation_types": ["sum_agg"]},
        said(cursor="nowhere"),
        "validation_errors",
    ),
    "BillableMetricService.EvaluateExpression": Recipe(
        lambda w: {"expression": "event.properties.mb / 1024", "event": SAMPLE},
        said(expression="event.properties.mb /", event=SAMPLE),
        "validation_errors",
    ),
    "BillableMetricService.Update": Recipe(
        lambda w: {"code": w.the(CREATE, "code"), "billable_metric": {"name": "Terabytes"}},
        said(code="nothing", billable_metric={"name": "Terabytes"}),
        "billable_metric_not_found",
    ),
    "BillableMetricService.Delete": Recipe(
        lambda w: {"code": w.new(CREATE, "code")},
        said(code="nothing"),
        "billable_metric_not_found",
    ),
}
