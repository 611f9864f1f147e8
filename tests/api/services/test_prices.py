"""A price of the wrong kind is refused with the code of its field, wherever a price can be said."""

from typing import Any

import grpc
import pytest

from metering.charges import MODELS
from tests.api.wire import details_of

RANGE = {"from_value": 0, "to_value": None, "per_unit_amount": "1", "flat_amount": "0"}
SHARE = {"from_value": 0, "to_value": None, "rate": "1", "flat_amount": "0"}

RIGHT: dict[str, dict[str, Any]] = {
    "standard": {"amount": "1"},
    "package": {"amount": "1", "package_size": 10, "free_units": 0},
    "percentage": {"rate": "1"},
    "graduated": {"graduated_ranges": [RANGE]},
    "volume": {"volume_ranges": [RANGE]},
    "graduated_percentage": {"graduated_percentage_ranges": [SHARE]},
}

WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("standard", {"amount": 10}, "invalid_amount"),
    ("standard", {"amount": 0.5}, "invalid_amount"),
    ("standard", {"amount": ["1"]}, "invalid_amount"),
    ("standard", {"amount": "1\0"}, "invalid_amount"),
    ("standard", {"pricing_group_keys": "region"}, "invalid_type"),
    ("package", {"amount": 10}, "invalid_amount"),
    ("package", {"package_size": "many"}, "invalid_package_size"),
    ("package", {"free_units": 0.5}, "invalid_free_units"),
    ("percentage", {"rate": 1.5}, "invalid_rate"),
    ("percentage", {"fixed_amount": 5}, "invalid_fixed_amount"),
    ("percentage", {"free_units_per_events": "few"}, "invalid_free_units_per_events"),
    ("percentage", {"free_units_per_total_aggregation": 5},
     "invalid_free_units_per_total_aggregation"),
    ("percentage", {"per_transaction_min_amount": 5}, "invalid_amount"),
    ("percentage", {"per_transaction_max_amount": 5}, "invalid_amount"),
    ("graduated", {"graduated_ranges": "all"}, "invalid_graduated_ranges"),
    ("graduated", {"graduated_ranges": [{**RANGE, "from_value": "low"}]},
     "invalid_graduated_ranges"),
    ("graduated", {"graduated_ranges": [{**RANGE, "per_unit_amount": 1}]}, "invalid_amount"),
    ("graduated", {"graduated_ranges": [{**RANGE, "flat_amount": 1}]}, "invalid_amount"),
    ("volume", {"volume_ranges": {"a": 1}}, "invalid_volume_ranges"),
    ("volume", {"volume_ranges": [{"flat_amount": "1"}]}, "invalid_volume_ranges"),
    ("volume", {"volume_ranges": [{**RANGE, "per_unit_amount": 1.5}]}, "invalid_amount"),
    ("volume", {"volume_ranges": [{**RANGE, "flat_amount": 1.5}]}, "invalid_amount"),
    ("graduated_percentage", {"graduated_percentage_ranges": 1},
     "invalid_graduated_percentage_ranges"),
    ("graduated_percentage", {"graduated_percentage_ranges": [{**SHARE, "rate": 5}]},
     "invalid_rate"),
    ("graduated_percentage", {"graduated_percentage_ranges": [{**SHARE, "flat_amount": 5}]},
     "invalid_amount"),
]  # fmt: skip


@pytest.fixture(scope="module")
def shop(served):
    """An organization with a metric and a plan that charges for it; its key and their ids."""
    key = served.organization("2024-03-01T00:00:00Z")
    metric = served.rest("POST", "/billable_metrics", key, {"billable_metric": {
        "name": "Bytes", "code": "bytes", "aggregation_type": "sum_agg", "field_name": "n",
        "filters": [{"key": "region", "values": ["eu"]}],
    }}).json()["billable_metric"]  # fmt: skip
    add_on = served.rest("POST", "/add_ons", key, {"add_on": {
        "name": "Seat", "code": "seat", "amount_cents": 1, "amount_currency": "EUR",
    }}).json()["add_on"]  # fmt: skip
    return key, metric["id"], add_on["id"]


def plan(**more: Any) -> dict[str, Any]:
    """A new plan."""
    return {"plan": {
        "name": "Basic", "code": "basic", "interval": "monthly", "amount_cents": 0,
        "amount_currency": "EUR", "pay_in_advance": False, **more,
    }}  # fmt: skip


def details(answer: Any) -> Any:
    """What a refusal says is wrong."""
    assert answer.status_code == 422, answer.text
    return answer.json()["error_details"]


@pytest.mark.parametrize(("model", "wrong", "code"), WRONG)
def test_a_price_of_the_wrong_kind_has_its_own_code(served, shop, model, wrong, code):
    """In a charge, in one of its filters, in a fixed charge, and where a plan is changed."""
    key, metric, add_on = shop
    charge = {"billable_metric_id": metric, "charge_model": model}
    bad = {"properties": {**RIGHT[model], **wrong}}
    filters = [{"values": {"region": ["eu"]}, **bad}]
    asked: list[dict[str, Any]] = [
        {"charges": [{**charge, **bad}]},
        {"charges": [{**charge, "properties": RIGHT[model], "filters": filters}]},
    ]
    if model in ("standard", "graduated", "volume"):
        asked.append({"fixed_charges": [{"add_on_id": add_on, "charge_model": model, **bad}]})

    for more in asked:
        assert details(served.rest("POST", "/plans", key, plan(**more))) == {"properties": [code]}
    fresh = f"{model}-{WRONG.index((model, wrong, code))}"
    made = served.rest("POST", "/plans", key, plan(code=fresh))
    assert made.status_code == 200, made.text
    for more in asked:
        refused = served.rest("PUT", f"/plans/{fresh}", key, {"plan": more})
        assert details(refused) == {"properties": [code]}


def test_every_field_that_has_a_code_is_tried():
    """The table above leaves out no model and no field."""
    tried = {(model, name) for model, wrong, _ in WRONG for name in names(wrong)}
    wanted = {(kind, name) for kind, model in MODELS.items() for name in model.Properties.codes}

    assert wanted <= tried


def names(said: Any) -> set[str]:
    """The names of an object, and of the objects within it."""
    if isinstance(said, dict):
        return {*said}.union(*map(names, said.values()))
    return set().union(*map(names, said)) if isinstance(said, list) else set()


def test_what_else_is_wrong_is_said_with_it(served, shop):
    """Two charges with one wrong price each, and a name that is missing: all at once."""
    key, metric, _ = shop
    charges = [
        {"billable_metric_id": metric, "charge_model": "standard", "properties": {"amount": 1}},
        {"billable_metric_id": metric, "charge_model": "standard", "properties": {"amount": 2}},
        {"billable_metric_id": metric, "charge_model": "percentage", "properties": {"rate": 2}},
    ]

    refused = served.rest("POST", "/plans", key, plan(name="", charges=charges))

    assert details(refused) == {
        "name": ["value_is_mandatory"], "properties": ["invalid_amount", "invalid_rate"],
    }  # fmt: skip


def test_a_wrong_price_has_the_same_code_at_the_other_door(served, shop):
    """gRPC has texts only, so there it is a text that is no price."""
    key, metric, _ = shop
    charge = {"billable_metric_id": metric, "standard": {"properties": {"amount": "much"}}}

    with pytest.raises(grpc.RpcError) as refused:
        served.rpc("PlanService.Create", key, **plan(interval="INTERVAL_MONTHLY", charges=[charge]))

    (wrong,) = details_of(refused.value)["BadRequest"].field_violations
    assert (wrong.field, wrong.reason) == ("properties", "INVALID_AMOUNT")
