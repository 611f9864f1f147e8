"""The catalogue through both doors: what is asked, shown and refused on the wire."""

import grpc
import pytest

METRIC = {
    "name": "Requests", "code": "api", "aggregation_type": "sum_agg", "field_name": "size",
    "filters": [{"key": "region", "values": ["us", "eu"]}],
}  # fmt: skip
PLAN = {
    "name": "Basic", "code": "basic", "interval": "monthly", "amount_cents": 1000,
    "amount_currency": "EUR", "pay_in_advance": False,
}  # fmt: skip


def metric(catalogue, **more):
    body = {"billable_metric": {**METRIC, **more}}
    return catalogue.rest("POST", "/billable_metrics", body)["billable_metric"]


def charge(metric, **more):
    return {
        "billable_metric_id": metric["id"], "charge_model": "standard",
        "properties": {"amount": "1.50"}, **more,
    }  # fmt: skip


def test_a_metric_is_shown_as_the_wire_wants_it(catalogue):
    """Every key of wire-format.md and two of ours, on every answer; filters sorted, zeros."""
    made = metric(catalogue)

    assert set(made) == {
        "id", "name", "code", "description", "aggregation_type", "weighted_interval", "recurring",
        "rounding_function", "rounding_precision", "created_at", "field_name", "expression",
        "active_subscriptions_count", "draft_invoices_count", "plans_count", "filters",
        "event_code", "percentile",
    }  # fmt: skip
    assert made["filters"] == [{"key": "region", "values": ["eu", "us"]}]
    assert catalogue.rest("GET", "/billable_metrics/api")["billable_metric"] == made
    listed = catalogue.rest("GET", "/billable_metrics?aggregation_types[]=sum_agg")
    assert (listed["billable_metrics"], listed["meta"]["total_count"]) == ([made], 1)
    none = catalogue.rest("GET", "/billable_metrics?aggregation_types[]=max_agg")
    assert none["billable_metrics"] == []
    changes = {"billable_metric": {"name": "Calls", "filters": []}}
    changed = catalogue.rest("PUT", "/billable_metrics/api", changes)["billable_metric"]
    assert (changed["name"], changed["filters"], changed["field_name"]) == ("Calls", [], "size")
    catalogue.rest("DELETE", "/billable_metrics/api")
    gone = catalogue.rest("GET", "/billable_metrics/api", status=404)
    assert gone["code"] == "billable_metric_not_found"


def test_what_a_metric_cannot_be_is_told_field_by_field(catalogue):
    """An unknown aggregation, missing fields, a scripted aggregation."""
    wrong = {"billable_metric": {"name": "x", "aggregation_type": "median_agg"}}
    assert catalogue.refused("POST", "/billable_metrics", wrong) == {
        "code": ["value_is_mandatory"], "aggregation_type": ["value_is_invalid"],
    }  # fmt: skip
    scripted = {"billable_metric": {**METRIC, "aggregation_type": "custom_agg"}}
    refused = catalogue.rest("POST", "/billable_metrics", scripted, status=403)
    assert refused["code"] == "feature_unavailable"


def test_an_add_on_and_a_tax_are_shown_as_the_wire_wants_them(catalogue):
    """The tax inside the add-on does not say where else it applies; its own answer does."""
    body = {"tax": {"name": "VAT", "code": "vat", "rate": 20, "applied_to_organization": True}}
    tax = catalogue.rest("POST", "/taxes", body)["tax"]
    fee = {"name": "Setup", "code": "set.up", "amount_cents": 0, "amount_currency": "EUR"}
    made = catalogue.rest("POST", "/add_ons", {"add_on": {**fee, "tax_codes": ["vat"]}})["add_on"]

    assert (tax["applied_to_billing_entities_codes"], tax["plans_count"]) == (["default"], 0)
    assert set(made) == {
        "id", "name", "invoice_display_name", "code", "amount_cents", "amount_currency",
        "created_at", "description", "taxes",
    }  # fmt: skip
    assert set(tax) - set(made["taxes"][0]) == {"applied_to_billing_entities_codes"}
    assert catalogue.rest("GET", "/add_ons/set.up")["add_on"] == made
    assert catalogue.refused("PUT", "/add_ons/set.up", {"add_on": {"amount_cents": -1}}) == {
        "amount_cents": ["value_is_out_of_range"]
    }


def test_a_plan_is_shown_with_its_charges_flat(catalogue):
    """charge_model stands beside properties; filters and fixed charges have theirs."""
    api = metric(catalogue)
    seat = {"name": "Seat", "code": "seat", "amount_cents": 0, "amount_currency": "EUR"}
    catalogue.rest("POST", "/add_ons", {"add_on": seat})
    tiers = [
        {"from_value": 0, "to_value": 10, "per_unit_amount": "1", "flat_amount": "0"},
        {"from_value": 11, "to_value": None, "per_unit_amount": "0.5", "flat_amount": "3"},
    ]
    filters = [{"values": {"region": ["eu"]}, "properties": {"graduated_ranges": tiers}}]
    asked = charge(
        api, charge_model="graduated", properties={"graduated_ranges": tiers}, filters=filters
    )
    fixed = {
        "add_on_code": "seat", "charge_model": "standard", "units": "10",
        "properties": {"amount": "31"}, "prorated": True,
    }  # fmt: skip
    body = {"plan": {**PLAN, "charges": [asked], "fixed_charges": [fixed]}}

    made = catalogue.rest("POST", "/plans", body)["plan"]

    shown = made["charges"][0]
    assert set(shown) == {
        "id", "billable_metric_id", "code", "invoice_display_name", "billable_metric_code",
        "created_at", "charge_model", "invoiceable", "regroup_paid_fees", "pay_in_advance",
        "prorated", "min_amount_cents", "accepts_target_wallet", "properties",
        "applied_pricing_unit", "parent_id", "filters", "taxes",
    }  # fmt: skip
    assert (shown["charge_model"], shown["properties"]) == (
        "graduated",
        {"graduated_ranges": tiers},
    )
    assert shown["filters"][0]["properties"] == {"graduated_ranges": tiers}
    assert shown["filters"][0]["values"] == {"region": ["eu"]}
    (seats,) = made["fixed_charges"]
    assert (seats["units"], seats["properties"]) == ("10.0", {"amount": "31"})
    assert {"metadata", "minimum_commitment"}.isdisjoint(made)
    assert catalogue.rest("GET", "/plans/basic")["plan"] == made
    assert catalogue.rest("GET", "/plans")["plans"] == [made]
    gone = catalogue.rest("DELETE", "/plans/basic")["plan"]
    assert gone["pending_deletion"] is True
    assert catalogue.rest("GET", "/plans/basic", status=404)["code"] == "plan_not_found"


def test_a_plan_is_changed_as_scenarios_change_it(catalogue):
    """Units and price of a fixed charge by its id, a threshold beside it: the rest stays."""
    seat = {"name": "Seat", "code": "seat", "amount_cents": 0, "amount_currency": "EUR"}
    catalogue.rest("POST", "/add_ons", {"add_on": seat})
    fixed = {
        "add_on_code": "seat", "charge_model": "standard", "units": "10",
        "properties": {"amount": "31"}, "prorated": True,
    }  # fmt: skip
    asked = {"plan": {**PLAN, "fixed_charges": [fixed], "metadata": {"a": "b"}}}
    made = catalogue.rest("POST", "/plans", asked)["plan"]
    units = {
        "id": made["fixed_charges"][0]["id"], "units": "20", "properties": {"amount": "30"},
        "apply_units_immediately": True,
    }  # fmt: skip
    body = {"plan": {"fixed_charges": [units], "usage_thresholds": [{"amount_cents": 20000}]}}

    changed = catalogue.rest("PUT", "/plans/basic", body)["plan"]

    (seats,) = changed["fixed_charges"]
    assert (seats["units"], seats["properties"], seats["prorated"]) == (
        "20.0", {"amount": "30"}, True,
    )  # fmt: skip
    assert changed["applicable_usage_thresholds"] == [
        {"threshold_display_name": None, "amount_cents": 20000, "recurring": False}
    ]
    assert (changed["metadata"], changed["name"]) == ({"a": "b"}, "Basic")


def test_a_wrong_price_is_told_under_properties(catalogue):
    """However deep it lies; with whatever else is wrong with the charge; and nothing is left."""
    api = metric(catalogue)
    wrong = charge(api, properties={"amount": "x"}, invoiceable=False)
    assert catalogue.refused("POST", "/plans", {"plan": {**PLAN, "charges": [wrong]}}) == {
        "properties": ["invalid_amount"], "invoiceable": ["must_be_true_unless_pay_in_advance"],
    }  # fmt: skip
    unknown = {"plan": {**PLAN, "charges": [charge({"id": "x"})]}}
    missing = catalogue.rest("POST", "/plans", unknown, status=404)
    assert missing["code"] == "billable_metrics_not_found"
    assert catalogue.rest("GET", "/plans")["plans"] == []


def test_a_customer_is_created_and_changed_by_one_post(catalogue):
    """Twice the same external id, with a dot in it; found by path, by our id, and in lists."""
    made = catalogue.rest("POST", "/customers", {"customer": {"external_id": "acme.io"}})
    body = {
        "customer": {
            "external_id": "acme.io", "name": "Acme", "timezone": "Europe/Paris",
            "metadata": [{"key": "tier", "value": "gold", "display_in_invoice": True}],
            "billing_configuration": {"invoice_grace_period": 3},
        }
    }  # fmt: skip
    changed = catalogue.rest("POST", "/customers", body)["customer"]

    assert changed["id"] == made["customer"]["id"]
    assert changed["slug"].endswith("-001")
    assert changed["applicable_timezone"] == "Europe/Paris"
    assert changed["billing_configuration"]["invoice_grace_period"] == 3
    assert "provider_customer_id" not in changed["billing_configuration"]
    for path in ("acme.io", changed["id"]):
        assert catalogue.rest("GET", f"/customers/{path}")["customer"] == changed
    for query in ("metadata[tier]=gold", "search_term=acm", "account_type[]=customer"):
        assert catalogue.rest("GET", f"/customers?{query}")["customers"] == [changed], query
    assert catalogue.rest("GET", "/customers?metadata[tier]=")["customers"] == []
    assert catalogue.refused("GET", "/customers?countries[]=FR&countries[]=XX") == {
        "countries": {"1": catalogue.refused("GET", "/customers?countries[]=XX")["countries"]["0"]}
    }
    grace = {"customer": {"invoice_grace_period": None}}
    after = catalogue.rest("PUT", "/customers/acme.io/invoice_grace_period", grace)["customer"]
    assert after["billing_configuration"]["invoice_grace_period"] is None
    catalogue.rest("PUT", "/customers/acme.io", {"customer": {"name": None}})
    assert catalogue.rest("DELETE", "/customers/acme.io")["customer"]["name"] is None
    assert catalogue.rest("GET", "/customers/acme.io", status=404)["code"] == "customer_not_found"


def test_an_entity_is_changed_as_scenarios_change_it(catalogue):
    """Numbering, prefix, zone and grace period of the default entity, and a second one."""
    body = {
        "billing_entity": {
            "document_numbering": "per_billing_entity", "document_number_prefix": "BENT-1",
            "timezone": "Europe/Paris", "net_payment_term": 10, "country": "US",
            "billing_configuration": {"invoice_grace_period": 5},
        }
    }  # fmt: skip
    changed = catalogue.rest("PUT", "/billing_entities/default", body)["billing_entity"]
    second = {"billing_entity": {"code": "second", "name": "Second"}}
    catalogue.rest("POST", "/billing_entities", second)

    assert (changed["document_number_prefix"], changed["invoice_grace_period"]) == ("BENT-1", 5)
    assert (changed["is_default"], changed["taxes"]) == (True, [])
    listed = catalogue.rest("GET", "/billing_entities")
    assert [each["code"] for each in listed["billing_entities"]] == ["second", "default"]
    assert "meta" not in listed
    assert catalogue.rest("GET", "/billing_entities/default")["billing_entity"] == changed
    assert catalogue.refused("PUT", "/billing_entities/default", {
        "billing_entity": {"timezone": "Mars", "document_number_prefix": "x" * 11}
    }) == {
        "timezone": ["invalid_timezone"], "document_number_prefix": ["value_is_too_long"],
    }  # fmt: skip


def test_the_other_door_says_the_same(catalogue):
    """A plan with a filtered charge made over gRPC is read over REST, and refused alike."""
    made = catalogue.rpc(
        "BillableMetricService.Create",
        billable_metric={**METRIC, "aggregation_type": "AGGREGATION_TYPE_SUM_AGG"},
    )["billable_metric"]
    price = {"amount": "2"}
    asked = {
        **PLAN, "interval": "INTERVAL_MONTHLY",
        "charges": [
            {
                "billable_metric_id": made["id"],
                "standard": {"properties": {"amount": "1.50"}},
                "filters": [
                    {"values": {"region": {"values": ["eu"]}}, "properties": price}
                ],
            }
        ],
    }  # fmt: skip
    shown = catalogue.rpc("PlanService.Create", plan=asked)["plan"]
    seen = catalogue.rest("GET", "/plans/basic")["plan"]

    (there,), (here,) = shown["charges"], seen["charges"]
    assert there["standard"]["properties"] == here["properties"] == {"amount": "1.50"}
    assert there["filters"][0]["properties"] == here["filters"][0]["properties"] == price
    assert here["filters"][0]["values"] == {"region": ["eu"]}
    customer = catalogue.rpc("CustomerService.Create", customer={"external_id": "c1"})["customer"]
    assert customer["id"] == catalogue.rest("GET", "/customers/c1")["customer"]["id"]
    with pytest.raises(grpc.RpcError) as refused:
        catalogue.rpc("PlanService.Create", plan={**asked, "code": "other", "amount_cents": -1})
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
