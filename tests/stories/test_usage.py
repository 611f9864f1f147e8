"""What was used, asked for through both doors as soon as it was sent."""

import time
from statistics import quantiles

import pytest

from tests.stories.world import OTHER, World

SECOND = 1.0

SENT = 60
"""Events, one by one, each looked for at once."""


@pytest.fixture
def subscribed(world):
    """Four GB on January 15 and two on the 16th, at €0.50, 20 % of tax; it is the 20th."""
    world.tax("20")
    metric = world.metric()
    ada = world.customer()
    subscription = world.subscribe(ada, world.plan(metric, rate="0.50"))
    world.uses(subscription, metric, "4", timestamp="1768435200")
    world.uses(subscription, metric, "2", timestamp="1768521600")
    world.turns_to("2026-01-20T00:00:00Z")
    return ada, subscription, metric


def test_usage_is_the_same_through_both_doors(world, subscribed):
    """6 GB are €3.00, €3.60 with tax; at the end of 31 days, 20 of them passed, 9.3 GB: €4.65."""
    ada, subscription, metric = subscribed
    asked = {"external_id": ada, "external_subscription_id": subscription}

    now = world.both("CustomerService.GetUsage", **asked)["customer_usage"]
    bare = world.both("CustomerService.GetUsage", **asked, apply_taxes=False)["customer_usage"]
    then = world.both("CustomerService.GetProjectedUsage", **asked)["customer_projected_usage"]

    (used,) = now["charges_usage"]
    assert (used["units"], used["events_count"], used["amount_cents"]) == ("6.0", 2, 300)
    assert used["billable_metric"]["code"] == metric["code"]
    assert (now["amount_cents"], now["total_amount_cents"]) == (300, 360)
    assert (bare["taxes_amount_cents"], bare["total_amount_cents"]) == (0, 300)
    (expected,) = then["charges_usage"]
    assert (expected["projected_units"], then["projected_amount_cents"]) == ("9.3", 465)
    assert "code" not in expected["charge"]
    assert "total_aggregated_units" not in expected


def test_what_was_used_can_be_looked_back_at(world, subscribed):
    """January is invoiced; day by day it was 4 and 2 GB; with €10.00 elsewhere it is €13.00."""
    ada, subscription, _ = subscribed
    said = {"external_historical_usage_amount_cents": 1_000}
    world.ask(
        "SubscriptionService.UpdateLifetimeUsage", external_id=subscription, lifetime_usage=said
    )
    world.turns_to("2026-02-03T00:00:00Z")

    past = world.both(
        "CustomerService.GetPastUsage", external_id=ada, external_subscription_id=subscription
    )
    days = world.both(
        "SubscriptionService.GetDailyUsage", external_id=subscription,
        from_date="2026-01-14", to_date="2026-01-17",
    )["daily_usages"]  # fmt: skip
    life = world.both("SubscriptionService.GetLifetimeUsage", external_id=subscription)

    (january,) = past["usage_periods"]
    assert past["meta"]["total_count"] == 1
    assert (january["amount_cents"], january["total_amount_cents"]) == (300, 360)
    assert january["invoice_id"] == world.last_invoice()["id"]
    assert [day["charges_usage"][0]["units"] for day in days] == ["0.0", "4.0", "2.0", "0.0"]
    found = life["lifetime_usage"]
    assert found["external_historical_usage_amount_cents"] == 1_000
    assert found["invoiced_usage_amount_cents"] == 300
    assert found["current_usage_amount_cents"] == 0


@pytest.mark.parametrize("door", OTHER)
def test_usage_that_nobody_has_is_refused(world, subscribed, door):
    """The codes of the wire, the same through both doors."""
    ada, subscription, _ = subscribed
    asked = {"external_id": ada, "external_subscription_id": subscription}
    for key, said, code in (
        ("CustomerService.GetUsage", {**asked, "external_id": "nobody"}, "customer_not_found"),
        (
            "CustomerService.GetUsage",
            {**asked, "external_subscription_id": "none"},
            "no_active_subscription",
        ),
        ("CustomerService.GetUsage", {**asked, "charge_code": "none"}, "charge_not_found"),
        ("CustomerService.GetUsage", {**asked, "full_usage": True}, "full_usage_not_allowed"),
        ("SubscriptionService.GetLifetimeUsage", {"external_id": "no"}, "subscription_not_found"),
        ("SubscriptionService.GetDailyUsage", {"external_id": "no"}, "subscription_not_found"),
    ):
        assert world.refusal(key, door, **said)[1] == code, key


def test_usage_is_of_a_subscription_that_is_named(world, subscribed):
    """Of current, projected and past usage alike."""
    ada, _, _ = subscribed

    for kind in ("current", "projected", "past"):
        answer = world.rest("GET", f"/customers/{ada}/{kind}_usage")
        assert answer.status_code == 422
        wrong = answer.json()["error_details"]
        assert wrong == {"external_subscription_id": ["value_is_mandatory"]}


def test_groups_are_chosen_in_the_query_string(world):
    """`group[country]=us`, and the same as JSON: 3 GB of 5; refused where the JSON is none."""
    metric = world.metric()
    ada = world.customer()
    charge = {
        "billable_metric_id": metric["id"], "charge_model": "standard",
        "properties": {"amount": "1", "pricing_group_keys": ["country"]},
    }  # fmt: skip
    subscription = world.subscribe(ada, world.plan(metric, charges=[charge]))
    for country, size in (("us", "3"), ("fr", "2")):
        world.uses(subscription, metric, size, properties={"size": size, "country": country})
    path = f"/customers/{ada}/current_usage?external_subscription_id={subscription}"

    grouped = world.rest("GET", path).json()["customer_usage"]["charges_usage"][0]
    chosen = world.rest("GET", f"{path}&group[country]=us").json()["customer_usage"]
    same = world.rest("GET", f'{path}&filter_by_group={{"country":["us"]}}').json()
    wrong = world.rest("GET", f"{path}&filter_by_group=us")

    countries = [one["grouped_by"] for one in grouped["grouped_usage"]]
    assert countries == [{"country": "fr"}, {"country": "us"}]
    assert chosen["charges_usage"][0]["units"] == "3.0"
    assert same["customer_usage"] == chosen
    assert wrong.json()["error_details"] == {"filter_by_group": ["value_is_invalid"]}


def test_what_was_acknowledged_is_seen_within_a_second(server):
    """Sixty events over HTTP, each asked for as soon as it was answered: p99 of the waits <= 1 s.

    Nothing is cached: the first question sees it.
    """
    world = World(server, clock=None)
    metric = world.metric()
    ada = world.customer()
    subscription = world.subscribe(ada, world.plan(metric))
    asked = {"external_id": ada, "external_subscription_id": subscription, "apply_taxes": False}
    waits, misses = [], 0

    for number in range(1, SENT + 1):
        world.uses(subscription, metric, "1")
        acknowledged = time.perf_counter()
        while True:
            usage = world.ask("CustomerService.GetUsage", **asked)["customer_usage"]
            if usage["charges_usage"][0]["units"] == f"{number}.0":
                break
            misses += 1
        waits.append(time.perf_counter() - acknowledged)

    assert misses == 0
    assert quantiles(waits, n=100, method="inclusive")[98] <= SECOND, sorted(waits)[-5:]
