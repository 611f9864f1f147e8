"""Entitlements through both doors: what is asked, shown and refused, and who is first."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.stories.world import OTHER, World

PRIVILEGES = [
    {"code": "max", "value_type": "integer"},
    {"code": "share", "value_type": "decimal"},
    {"code": "invite", "value_type": "boolean"},
    {"code": "label"},
    {"code": "tier", "value_type": "select", "config": {"select_options": ["free", "pro"]}},
]


@pytest.fixture
def entitled(world: World):
    """A subscription whose plan grants some seats."""
    world.ask("PlanService.CreateFeature", feature={"code": "seats", "privileges": PRIVILEGES})
    world.ask("PlanService.CreateFeature", feature={"code": "sso", "name": "Single sign-on"})
    plan = world.plan()
    granted = {"seats": {"max": 10, "share": "0.10", "invite": True, "tier": "free"}, "sso": {}}
    world.ask("PlanService.ReplaceEntitlements", code=plan, entitlements=granted)
    return plan, world.subscribe(world.customer(), plan)


def values(entitlements):
    return {
        each["code"]: {one["code"]: one["value"] for one in each["privileges"]}
        for each in entitlements
    }


def test_both_doors_show_what_is_granted_as_its_type(world, entitled):
    """10 is a number, 0.1 is text to the last digit, true is true; 25 instead for one."""
    plan, subscription = entitled
    said = {"seats": {"max": "25", "label": "Gold"}}
    for door in OTHER:
        listed = world.ask(
            "SubscriptionService.CreateOrUpdateEntitlement", door,
            external_id=subscription, entitlements=said,
        )  # fmt: skip
        assert [each["code"] for each in listed["entitlements"]] == ["seats", "sso"]
    found = world.both(
        "SubscriptionService.GetEntitlement", external_id=subscription, feature_code="seats"
    )["entitlement"]
    of = {each["code"]: each for each in found["privileges"]}
    assert of["max"] == {
        "code": "max", "name": None, "value_type": "integer", "config": {},
        "value": 25, "plan_value": 10, "override_value": 25,
    }  # fmt: skip
    assert of["tier"]["config"] == {"select_options": ["free", "pro"]}
    assert (of["share"]["value"], of["invite"]["value"]) == ("0.1", True)
    assert of["label"]["plan_value"] is None
    assert found["overrides"] == {"max": 25, "label": "Gold"}

    shown = world.both("SubscriptionService.Get", external_id=subscription)["subscription"]
    assert shown["entitlements"][0] == found
    plan_shows = world.both("PlanService.Get", code=plan)["plan"]["entitlements"]
    assert plan_shows == world.both("PlanService.ListEntitlements", code=plan)["entitlements"]
    assert values(plan_shows)["seats"] == {
        "max": 10, "share": "0.1", "invite": True, "tier": "free",
    }  # fmt: skip
    assert set(plan_shows[1]) == {"code", "name", "description", "privileges"}


def test_what_is_taken_away_is_answered_with_what_is_left(world, entitled):
    """A subscription's deletes answer its list, a plan's the entitlement that is gone."""
    plan, subscription = entitled
    left = world.ask(
        "SubscriptionService.RemoveEntitlement", external_id=subscription, feature_code="sso"
    )["entitlements"]
    assert [each["code"] for each in left] == ["seats"]
    left = world.ask(
        "SubscriptionService.RemoveEntitlementPrivilege", external_id=subscription,
        feature_code="seats", privilege_code="max",
    )["entitlements"]  # fmt: skip
    assert list(values(left)["seats"]) == ["share", "invite", "tier"]
    gone = world.ask("PlanService.RemoveEntitlement", code=plan, feature_code="sso")
    assert gone["entitlement"]["name"] == "Single sign-on"
    feature = world.ask("PlanService.DeleteFeature", code="sso")["feature"]
    assert (feature["code"], feature["privileges"]) == ("sso", [])


REFUSED = (
    ({"seats": {"max": "many"}}, "422", "validation_errors"),
    ({"seats": {"max": 2.5}}, "422", "validation_errors"),
    ({"seats": {"share": "1e3"}}, "422", "validation_errors"),
    ({"seats": {"tier": "gold"}}, "422", "validation_errors"),
    ({"seats": {"label": ["x"]}}, "422", "validation_errors"),
    ({"seats": {"label": ""}}, "422", "validation_errors"),
    ({"seats": {"nothing": 1}}, "404", "privilege_not_found"),
    ({"nothing": {}}, "404", "feature_not_found"),
)


def test_nothing_is_half_written_by_what_is_refused(world, entitled):
    """Each wrong value beside a right one, on plan and subscription, at both doors."""
    plan, subscription = entitled
    before = world.both("SubscriptionService.ListEntitlements", external_id=subscription)
    asks = {
        "PlanService.ReplaceEntitlements": {"code": plan},
        "PlanService.UpdateEntitlements": {"code": plan},
        "SubscriptionService.CreateOrUpdateEntitlement": {"external_id": subscription},
    }
    statuses = {"422": "INVALID_ARGUMENT", "404": "NOT_FOUND"}
    for key, said in asks.items():
        for wrong, status, code in REFUSED:
            sent = {"sso": {}, **wrong, "seats": {"invite": False, **wrong.get("seats", {})}}
            assert world.refusal(key, "REST", **said, entitlements=sent) == (status, code)
            there = world.refusal(key, "gRPC", **said, entitlements=sent)
            assert there == (statuses[status], code)
    assert world.both("SubscriptionService.ListEntitlements", external_id=subscription) == before
    details = world.rest(
        "POST", f"/plans/{plan}/entitlements", {"entitlements": {"seats": {"max": "many"}}}
    ).json()["error_details"]
    assert details == {"max_privilege_value": ["value_is_invalid"]}


def test_of_two_replaces_at_once_one_holds_as_a_whole(world, entitled):
    """24 replaces by 8 threads, each naming one number twice: never a mix, never an error."""
    plan, _ = entitled
    barrier = threading.Barrier(8)

    def replace(number):
        barrier.wait()
        for turn in range(3):
            said = {"seats": {"max": number, "label": f"{number}"}}
            if (number + turn) % 2:
                said["sso"] = {}
            body = {"entitlements": said}
            found = world.rest("POST", f"/plans/{plan}/entitlements", body)
            assert (found.status_code, values(found.json()["entitlements"])) == (200, said)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(replace, range(8)))
    held = values(world.ask("PlanService.ListEntitlements", code=plan)["entitlements"])
    assert held["seats"]["label"] == str(held["seats"]["max"])


def test_overrides_at_once_are_all_kept(world, entitled):
    """8 threads give one subscription a feature each, and a value of one that all share."""
    _, subscription = entitled
    for number in range(8):
        feature = {"code": f"f{number}", "privileges": [{"code": "n", "value_type": "integer"}]}
        world.ask("PlanService.CreateFeature", feature=feature)
    barrier = threading.Barrier(8)

    def write(number):
        barrier.wait()
        said = {f"f{number}": {"n": number}, "seats": {"max": 100 + number}}
        found = world.rest(
            "PATCH", f"/subscriptions/{subscription}/entitlements", {"entitlements": said}
        )
        assert found.status_code == 200, found.text

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    listed = world.ask("SubscriptionService.ListEntitlements", external_id=subscription)
    held = values(listed["entitlements"])
    assert {code: of for code, of in held.items() if code.startswith("f")} == {
        f"f{number}": {"n": number} for number in range(8)
    }
    assert held["seats"]["max"] in range(100, 108)


def test_the_same_key_answers_the_same_and_the_log_tells_who_changed_what(world, entitled):
    """A replace sent twice with one idempotency key is done once; features have their activity."""
    plan, _ = entitled
    sent = {"entitlements": {"sso": {}}}
    headers = {"idempotency-key": "once"}
    path = f"/plans/{plan}/entitlements"
    first = world.rest("POST", path, sent, headers=headers)
    world.rest("PATCH", path, {"entitlements": {"seats": {"max": 1}}})
    assert world.rest("POST", path, sent, headers=headers).json() == first.json()
    now = world.ask("PlanService.ListEntitlements", code=plan)["entitlements"]
    assert values(now) == {"sso": {}, "seats": {"max": 1}}

    logs = world.rest("GET", "/activity_logs?resource_types[]=Entitlement::Feature").json()
    kinds = [(each["activity_type"], each["resource_type"]) for each in logs["activity_logs"]]
    assert kinds == [("feature.created", "Entitlement::Feature")] * 2
    changes = world.rest("GET", "/activity_logs?activity_types[]=plan.updated").json()
    assert "entitlements" in changes["activity_logs"][0]["activity_object_changes"]
