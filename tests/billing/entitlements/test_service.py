"""Entitlements of a plan and of a subscription, on both ledgers."""

import pytest
from sqlalchemy import event

from billing import entitlements, features, plans, subscriptions
from billing.features import FeatureUpdate
from billing.subscriptions import SubscriptionStatusQuery
from metering.measures.refusals import Invalid, Missing
from tests.billing.entitlements.conftest import ACTIVE
from tests.conftest import told


def test_a_subscription_departs_from_its_plan_and_returns(scene, work):
    """Seats 10 → 25 and pro → no invites → no sso → {10, true} is the plan's → the plan says 12."""
    scene.plan(seats={"max": 10, "invite": True}, sso={})
    assert scene.holds() == {"seats": {"max": 10, "invite": True}, "sso": {}}

    seats, sso = scene.write(seats={"max": "25", "tier": "pro"})
    shown = {each.code: (each.value, each.plan_value, each.override_value)
             for each in seats.privileges}  # fmt: skip
    assert shown == {
        "max": (25, 10, 25),
        "invite": (True, True, None),
        "tier": ("pro", None, "pro"),
    }
    assert (seats.overrides, sso.overrides) == ({"max": 25, "tier": "pro"}, {})

    left = entitlements.remove_privilege(work, "s", "seats", "invite", ACTIVE)
    assert [each.code for each in left[0].privileges] == ["max", "tier"]
    assert [each.code for each in entitlements.remove(work, "s", "sso", ACTIVE)] == ["seats"]
    entitlements.merge_of_plan(work, "p", {"seats": {"max": 11}, "sso": {}})
    assert scene.holds() == {"seats": {"max": 25, "tier": "pro"}}, (
        "marks survive the plan's changes"
    )

    scene.write(seats={"max": 11, "invite": "true"})
    assert scene.holds() == {"seats": {"max": 11, "invite": True}}, "all of it is the plan's again"
    scene.write(sso={})
    entitlements.merge_of_plan(work, "p", {"seats": {"max": 12}})
    assert scene.holds() == {"seats": {"max": 12, "invite": True}, "sso": {}}
    changed = [name for name in told(work) if name.endswith("updated")]
    assert changed == [
        "plan.updated", "subscription.updated", "subscription.updated", "subscription.updated",
        "plan.updated", "subscription.updated", "subscription.updated", "plan.updated",
    ]  # fmt: skip


def test_a_plan_is_replaced_merged_and_taken_from(scene, work):
    """POST leaves only what it names, PATCH adds, DELETE takes one; the plan shows it all."""
    scene.plan(seats={"max": 10, "invite": False}, sso={})
    merged = entitlements.merge_of_plan(work, "p", {"seats": {"max": 30, "tier": None}})
    values = {each.code: {one.code: one.value for one in each.privileges} for each in merged}
    assert values == {"seats": {"max": 30, "invite": False, "tier": None}, "sso": {}}
    assert plans.find(work, "p").entitlements == merged
    assert entitlements.find_of_plan(work, "p", "seats") == merged[0]

    after = entitlements.remove_privilege_of_plan(work, "p", "seats", "invite")
    assert [each.code for each in after.privileges] == ["max", "tier"]
    assert entitlements.remove_of_plan(work, "p", "seats") == after
    replaced = scene.plan(sso={}, seats={"max": 1})
    assert [each.code for each in replaced] == ["sso", "seats"]
    assert scene.plan() == [] == entitlements.of_plan(work, "p")


def test_what_the_plan_does_not_grant_is_the_subscriptions_own(scene, work):
    """It comes after the plan's, can be taken away, and stays when the plan lets go of the rest."""
    scene.write(seats={"max": 3})
    scene.plan(sso={})
    assert scene.holds() == {"sso": {}, "seats": {"max": 3}}
    scene.plan()
    assert scene.holds() == {"seats": {"max": 3}}
    assert entitlements.remove_privilege(work, "s", "seats", "max", ACTIVE)[0].privileges == []
    assert entitlements.remove(work, "s", "seats", ACTIVE) == []
    with pytest.raises(Missing, match="entitlement"):
        entitlements.remove(work, "s", "seats", ACTIVE)


def test_a_feature_or_privilege_that_is_deleted_is_granted_nowhere(scene, work):
    """Plan and subscription lose the values with it, and a new one of that name begins anew."""
    scene.plan(seats={"max": 10, "invite": True}, sso={})
    scene.write(seats={"max": 25}, sso={})
    features.delete_privilege(work, "seats", "max")
    assert scene.holds() == {"seats": {"invite": True}, "sso": {}}
    features.delete(work, "sso")
    assert [each.code for each in plans.find(work, "p").entitlements] == ["seats"]
    added = features.PrivilegeInput(code="max", value_type="decimal")
    features.update(work, "seats", FeatureUpdate(privileges=[added]))
    assert scene.holds() == {"seats": {"invite": True}}
    scene.write(seats={"max": "0.10"})
    assert scene.holds() == {"seats": {"invite": True, "max": "0.1"}}


def test_values_are_refused_by_their_privilege_and_nothing_is_written(scene, work):
    """Every wrong value is named at once; one unknown name refuses the whole."""
    before = scene.plan(seats={"max": 10})
    with pytest.raises(Invalid) as refused:
        scene.plan(sso={}, seats={"max": "many", "invite": "maybe", "tier": "gold"})
    assert refused.value.details == {
        "max_privilege_value": ["value_is_invalid"],
        "invite_privilege_value": ["value_is_invalid"],
        "tier_privilege_value": ["value_not_in_select_options"],
    }
    with pytest.raises(Invalid) as refused:
        scene.write(seats={"max": ""})
    assert refused.value.details == {"privilege.value": ["value_is_mandatory"]}
    for code, of in {
        "feature_not_found": {"nope": {}},
        "privilege_not_found": {"sso": {"a": 1}},
    }.items():
        with pytest.raises(Missing) as missing:
            entitlements.merge(work, "s", ACTIVE, {"seats": {"max": 1}, **of})
        assert missing.value.code == code
    assert (entitlements.of_plan(work, "p"), scene.holds()) == (before, {"seats": {"max": 10}})


def test_only_who_is_subscribed_is_entitled(scene, work):
    """One that ended has none, nor has one nobody knows; another's are its own."""
    scene.plan(seats={"max": 10})
    scene.write(seats={"max": 25})
    other = scene.subscribe("t", "p")
    assert entitlements.find(work, "t", "seats", ACTIVE).privileges[0].value == 10
    with pytest.raises(Missing, match="entitlement"):
        entitlements.find(work, "t", "sso", ACTIVE)
    subscriptions.terminate(work, other)
    for external_id, status in (("t", None), ("t", "terminated"), ("none", None), ("s", "pending")):
        query = SubscriptionStatusQuery(subscription_status=status)
        with pytest.raises(Missing) as missing:
            entitlements.of_subscription(work, external_id, query)
        assert missing.value.code == "subscription_not_found"


def test_a_subscription_is_resolved_in_one_statement(scene, work):
    """Plan and subscription, 3 features or none: one question to the ledger."""
    asked = []
    connection = work.rows.connection

    def note(_, __, statement, *___):
        asked.append(statement)

    event.listen(connection, "before_cursor_execute", note)
    assert scene.holds() == {}
    assert len(asked) == 1
    event.remove(connection, "before_cursor_execute", note)
    scene.plan(seats={"max": 10}, sso={})
    scene.write(seats={"tier": "free"})
    event.listen(connection, "before_cursor_execute", note)
    asked.clear()
    assert scene.holds() == {"seats": {"max": 10, "tier": "free"}, "sso": {}}
    event.remove(connection, "before_cursor_execute", note)
    assert len(asked) == 1
