"""What a metric computes of its events is computed when they come in, and is what is billed."""

import pytest

from tests.stories.world import OTHER, World

EXPRESSION = "round(event.properties.mb * event.properties.calls / 1024, 2)"
FAILED = "expression_evaluation_failed: event.properties.mb is missing"


def metric(world: World, expression: str = EXPRESSION, **more):
    """A sum of gigabytes, computed from megabytes."""
    said = {
        "name": "GB", "code": world.word("gb"), "aggregation_type": "sum_agg", "field_name": "gb",
        "expression": expression, **more,
    }  # fmt: skip
    return world.ask("BillableMetricService.Create", billable_metric=said)["billable_metric"]


def event(world: World, metric, properties, **more):
    """An event of that metric."""
    said = {"transaction_id": world.word("use"), "code": metric["code"], "properties": properties}
    return {**said, "external_subscription_id": "s", **more}


@pytest.mark.parametrize("door", OTHER)
def test_what_is_computed_is_billed(world, door):
    """512 MB 3 times are 1.5 GB and 100 MB once are 0.10: 1.60 GB at €0.50 are €0.80."""
    world.door = door
    made = metric(world)
    subscription = world.subscribe(world.customer(), world.plan(made))

    for mb, calls in (("512", "3"), ("100", "1")):
        sent = {"mb": mb, "calls": calls, "gb": "7"}
        sent = event(world, made, sent, external_subscription_id=subscription)
        kept = world.ask("EventService.Create", event=sent)["event"]
    world.turns_to("2026-02-01T00:00:00Z")

    found = world.both("BillableMetricService.Get", code=made["code"])["billable_metric"]
    assert found["expression"] == EXPRESSION
    assert kept["properties"] == {"mb": "100", "calls": "1", "gb": "0.1"}
    (fee,) = [fee for fee in world.last_invoice()["fees"] if fee["item"]["type"] == "charge"]
    assert (fee["units"], int(fee["amount_cents"])) == ("1.6", 80)


def test_an_event_that_cannot_be_computed_is_refused_at_both_doors(world):
    """A sentence for one event, by position in a batch; a row of a body has it as its reason."""
    made = metric(world)
    good = {"mb": "1", "calls": "1"}
    for door in OTHER:
        refused = {"event": event(world, made, {})}
        code, status = ("validation_errors", "INVALID_ARGUMENT" if door == "gRPC" else "422")
        assert world.refusal("EventService.Create", door, **refused) == (status, code)
        refused = {"events": [event(world, made, good), event(world, made, {})]}
        assert world.refusal("EventService.CreateBatch", door, **refused) == (status, code)

    one = world.rest("POST", "/events", {"event": event(world, made, {})})
    some = world.rest(
        "POST", "/events/batch", {"events": [event(world, made, each) for each in (good, {})]}
    )
    told = world.rest("POST", "/events/bulk", [event(world, made, each) for each in (good, {})])

    assert one.json()["error_details"] == FAILED
    assert some.json()["error_details"] == {"1": FAILED}
    assert told.json()["accepted"] == 1
    assert told.json()["verdicts"][0]["reason"] == f"properties:{FAILED}"


def test_an_expression_changes_for_the_events_that_follow(world):
    """Exact with each answer: before the metric, with it, changed, and deleted again."""
    code = {"code": world.word("gb")}
    seen = []

    def sends():
        sent = event(world, code, {"mb": "1024", "calls": "1"})
        seen.append(world.ask("EventService.Create", event=sent)["event"]["properties"].get("gb"))

    sends()
    metric(world, **code)
    sends()
    changes = {"expression": "event.properties.mb"}
    world.ask("BillableMetricService.Update", **code, billable_metric=changes)
    sends()
    world.ask("BillableMetricService.Delete", **code)
    sends()

    assert seen == [None, "1", "1024", None]


def test_an_expression_of_one_organization_is_no_other_s(server):
    """Two organizations, one code: only the events of the one that has the metric are computed."""
    mine, theirs = World(server), World(server)
    made = metric(mine)
    sent = event(mine, made, {"mb": "1024", "calls": "1"})

    kept = [
        each.ask("EventService.Create", event=sent)["event"]["properties"]
        for each in (mine, theirs)
    ]

    assert [each.get("gb") for each in kept] == ["1", None]


def test_an_expression_is_tried_on_a_sample(world):
    """The same at both doors: 512 MB three times are 1.5; of names with spaces and quotes too."""
    sample = {
        "code": "gb",
        "timestamp": "1711929599.5",
        "properties": {"mb": "512", "calls": "3", "it's (x)": "é"},
    }
    for expression, value in (
        (EXPRESSION, "1.5"),
        ("concat(event.code, event.timestamp, event.properties['it''s (x)'])", "gb1711929599.5é"),
    ):
        asked = {"expression": expression, "event": sample}
        found = world.both("BillableMetricService.EvaluateExpression", **asked)
        assert found == {"expression_result": {"value": value}}


BAD = [
    "1 +", "(" * 5_000, "(" * 500, "-" * 500 + "1", "+".join("1" * 900), "x" * 10_000, "10^30",
    "1" * 31, "1e30", "'; drop table events; --", "' or '1'='1", '{"$gt": 0}', "${jndi:ldap://x}",
    "__import__('os').system('id')", "event.__class__", "event.properties.a[0]", "１+１", "☃",
    "event.properties.'a'", "concat(", "round(1, 1000000000)", "1\u202e+2)",
]  # fmt: skip


@pytest.mark.parametrize("expression", BAD)
def test_a_bad_expression_is_refused_alike(world, expression):
    """Deep, long, huge, unknown or hostile: 422 with the place at both doors, and no metric."""
    before = world.holdings()
    made = {"name": "x", "code": "x", "aggregation_type": "sum_agg", "field_name": "a"}
    for door in OTHER:
        status = "INVALID_ARGUMENT" if door == "gRPC" else "422"
        for key, said in (
            (
                "BillableMetricService.Create",
                {"billable_metric": {**made, "expression": expression}},
            ),
            (
                "BillableMetricService.EvaluateExpression",
                {"expression": expression, "event": {"code": "x"}},
            ),
        ):
            assert world.refusal(key, door, **said) == (status, "validation_errors"), expression

    answer = world.rest(
        "POST", "/billable_metrics", {"billable_metric": {**made, "expression": expression}}
    )
    assert answer.json()["error_details"] == {"expression": ["invalid_expression"]}
    assert answer.json()["message"].startswith("expression: at character ")
    assert world.holdings() == before


def test_hostile_names_and_values_stay_what_they_are(world):
    """SQL, JSON and quotes in names and values are texts like any other."""
    name = "a','b\"}]; drop table events; --"
    made = metric(world, 'concat(event.properties["x\'y"], \'","admin":"yes\')', field_name=name)
    value = "'); delete from events; --\\\"\n"

    sent = event(world, made, {"x'y": value, name: "old"})
    kept = world.ask("EventService.Create", event=sent)["event"]["properties"]
    listed = world.ask("EventService.List")["events"][0]["properties"]

    assert kept == listed == {"x'y": value, name: f'{value}","admin":"yes'}


@pytest.mark.parametrize(
    "said",
    [
        {}, {"expression": "1"}, {"expression": None, "event": {}}, {"expression": 1, "event": 1},
        {"expression": "1", "event": []}, {"expression": "1", "event": {"properties": 1}},
        {"expression": "1", "event": {"timestamp": "yesterday"}},
        {"expression": "event.properties.a", "event": {"properties": {"a": None}}},
    ],
)  # fmt: skip
def test_a_sample_that_is_none_is_refused(world, said):
    """Nothing said, half of it, or of a wrong kind: 400 or 422, never more."""
    answer = world.rest("POST", "/billable_metrics/evaluate_expression", said)

    assert answer.status_code in (400, 422), answer.text
    assert answer.json()["status"] == answer.status_code
