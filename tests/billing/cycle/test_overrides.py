"""What one subscription's plan says differently, worked by hand, on both pairs of engines."""

import pytest

from billing import cycle, plans, subscriptions
from billing.plans import ChargeOverride, PlanOverrides, PlanUpdate
from billing.subscriptions import (
    SubscriptionChoice,
    SubscriptionQuery,
    SubscriptionStatusQuery,
    SubscriptionUpdate,
)
from metering.measures.refusals import Invalid, Missing
from tests.billing.cycle.test_change import FIXED, add_seats, raise_units
from tests.billing.cycle.world import catalogue, on, said, subscribe

ACTIVE = SubscriptionStatusQuery()


def charge_of(world):
    with world.begin() as work:
        return plans.find(work, "basic").charges[0]


def february(world):
    """Two calls under each subscription in January, and the run of February."""
    for external_id in ("s1", "s2"):
        world.uses(external_id, *[("calls", on("2026-01-10T08:00:00"), "{}")] * 2)
    world.now = on("2026-02-01T00:05:00")
    cycle.bill(world.begin)
    fees = [fee for one in world.invoices() for fee in one.fees]
    return sorted(
        (fee.external_subscription_id, fee.item.type, fee.amount_cents, fee.item.name)
        for fee in fees
    )


def test_one_subscription_has_its_own_base_price_and_charge_and_the_other_the_plans(world):
    """31.00 and 2 × 0.015 (3 cents) for one; 20.00 and 2 × 1.00 for the other."""
    catalogue(world)
    charge = charge_of(world)
    own = {"amount_cents": 2000, "name": "For you", "charges": [
        {"id": charge.id, "properties": {"amount": "1"}, "invoice_display_name": "Your calls"}
    ]}  # fmt: skip
    subscribe(world, "s1")
    shown = subscribe(world, "s2", plan_overrides=own)

    assert (shown.plan_code, shown.plan_amount_cents, shown.plan.name) == ("basic", 2000, "For you")
    with world.begin() as work:
        parent = plans.find(work, "basic")
        listed = subscriptions.browse(work, said(SubscriptionQuery, plan_code="basic")).items
    assert (shown.plan.parent_id, shown.plan.charges[0].parent_id) == (parent.id, charge.id)
    assert (parent.amount_cents, parent.charges) == (3100, [charge])
    assert {one.external_id for one in listed} == {"s1", "s2"}
    assert february(world) == [
        ("s1", "charge", 3, "Calls"), ("s1", "subscription", 3100, "Basic"),
        ("s2", "charge", 200, "Calls"), ("s2", "subscription", 2000, "For you"),
    ]  # fmt: skip


def test_what_is_not_different_follows_the_plan_and_an_own_amount_does_not(world):
    """The plan goes to 40.00 and calls to 2.00: who has his own 20.00 keeps it and pays the calls;
    without leave to cascade, a change of charges that others lean on is refused."""
    catalogue(world)
    charge = charge_of(world)
    subscribe(world, "s1")
    subscribe(world, "s2", plan_overrides={"amount_cents": 2000})
    change = {"amount_cents": 4000, "charges": [{"id": charge.id, "properties": {"amount": "2"}}]}
    with pytest.raises(Invalid) as refused, world.begin() as work:
        cycle.update_plan(work, "basic", said(PlanUpdate, **change))
    assert refused.value.details == {"cascade_updates": ["value_is_mandatory"]}
    with world.begin() as work:
        cycle.update_plan(work, "basic", said(PlanUpdate, **change, cascade_updates=True))

    assert february(world) == [
        ("s1", "charge", 400, "Calls"), ("s1", "subscription", 4000, "Basic"),
        ("s2", "charge", 400, "Calls"), ("s2", "subscription", 2000, "Basic"),
    ]  # fmt: skip


def test_a_change_reaches_an_override_only_where_it_said_what_the_plan_said(world):
    """The amount was left alone and follows to 40.00; so does the minimum, which nobody named; the
    charge's own price of 1.00 stays, the plan's goes to 2.00."""
    catalogue(world)
    charge = charge_of(world)
    own = {"charges": [{"id": charge.id, "properties": {"amount": "1"}}]}
    subscribe(world, "s1")
    subscribe(world, "s2", plan_overrides=own)
    wanted = {"id": charge.id, "properties": {"amount": "2"}, "min_amount_cents": 300}
    with world.begin() as work:
        change = said(PlanUpdate, amount_cents=4000, charges=[wanted], cascade_updates=True)
        cycle.update_plan(work, "basic", change)
        shown = subscriptions.get(work, "s2", SubscriptionChoice()).plan

    assert (shown.amount_cents, shown.charges[0].min_amount_cents) == (4000, 300)
    assert shown.charges[0].properties.amount == "1"
    with world.begin() as work:
        cycle.update_plan(work, "basic", said(PlanUpdate, charges=[], cascade_updates=True))
        assert subscriptions.get(work, "s2", SubscriptionChoice()).plan.charges == []


def test_a_charge_changed_for_one_subscription_makes_a_plan_of_its_own_once(world):
    """1.00 a call instead of 0.015, then a display name beside it: one plan, one charge."""
    catalogue(world)
    subscribe(world, "s1")
    subscribe(world, "s2")
    for asked in ({"properties": {"amount": "1"}}, {"invoice_display_name": "Yours"}):
        with world.begin() as work:
            after = cycle.update_subscription_charge(
                work, "s2", "calls", said(ChargeOverride, **asked), ACTIVE
            )
    with world.begin() as work:
        (child,) = plans.children(work, plans.find(work, "basic").id)
        shown = subscriptions.get(work, "s2", SubscriptionChoice()).plan
        with pytest.raises(Missing):
            cycle.update_subscription_charge(work, "s2", "nothing", said(ChargeOverride), ACTIVE)

    assert (shown.id, shown.charges) == (child.id, [after])
    assert (after.properties.amount, after.invoice_display_name) == ("1", "Yours")
    assert [row[:3] for row in february(world)] == [
        ("s1", "charge", 3), ("s1", "subscription", 3100),
        ("s2", "charge", 200), ("s2", "subscription", 3100),
    ]  # fmt: skip


def test_a_running_subscription_takes_overrides_and_the_same_plan_again_changes_nothing(world):
    """To 20.00 while it runs; asked for `basic` again it stays as it is."""
    catalogue(world)
    subscribe(world, "s2")
    with world.begin() as work:
        asked = said(SubscriptionUpdate, plan_overrides={"amount_cents": 2000})
        after = cycle.update_subscription(work, "s2", asked, SubscriptionChoice())
    again = subscribe(world, "s2")

    assert (after.plan_amount_cents, again.plan_amount_cents) == (2000, 2000)
    assert (again.id, again.plan.id) == (after.id, after.plan.id)


@pytest.mark.parametrize(
    ("asked", "wrong"),
    [
        ({"amount_cents": -1}, {"amount_cents": ["value_is_out_of_range"]}),
        ({"usage_thresholds": [{"amount_cents": 1}]},
         {"usage_thresholds": ["override_is_not_billed_yet"]}),
        ({"fixed_charges": [{"units": "1"}]}, {"fixed_charges": ["override_is_not_billed_yet"]}),
        ({"charges": [{"properties": {"amount": "x"}}]}, {"properties": ["invalid_amount"]}),
        ({"charges": [{"charge_model": "volume"}]},
         {"charge_model": ["override_is_not_billed_yet"]}),
    ],
)  # fmt: skip
def test_an_override_that_cannot_be_billed_is_refused_by_name(world, asked, wrong):
    """Each with its code, and nobody is subscribed."""
    catalogue(world)
    charge = charge_of(world)
    for each in asked.get("charges", []):
        each["id"] = charge.id
    with pytest.raises(Invalid) as refused:
        subscribe(world, "s2", plan_overrides=asked)
    assert refused.value.details == wrong
    with world.begin() as work:
        assert plans.children(work, plans.find(work, "basic").id) == []
        assert subscriptions.live(work, "s2") is None
    assert said(PlanOverrides).charges is not None


def test_units_of_its_own_are_billed_at_once_and_outlive_changes_of_the_plan(world):
    """Ten seats at 31.00; one of two wants 15: five more now. When the plan wants 20, the other is
    billed ten more, and in February they are 15 and 20."""
    add_seats(world)
    charges = [{**FIXED, "units": "10", "pay_in_advance": True}]
    catalogue(world, amount_cents=0, charges=[], fixed_charges=charges)
    subscribe(world, "s1")
    subscribe(world, "s2", consolidate_invoice=False)
    world.now = on("2026-01-15T08:00:00")
    shown = own_units(world, "s1", "15", is_immediate=True)
    world.now = on("2026-01-20T08:00:00")
    raise_units(world, "20", is_immediate=True)
    world.now = on("2026-02-01T08:00:00")
    cycle.bill(world.begin)

    fees = [
        [(fee.external_subscription_id, fee.amount_cents) for fee in one.fees if fee.amount_cents]
        for one in world.invoices()[2:]
    ]

    assert str(shown.units) == "15.0"
    assert fees[:2] == [[("s1", 15_500)], [("s2", 31_000)]]
    assert sorted(fees[2:]) == [[("s1", 46_500)], [("s2", 62_000)]]


def test_units_of_its_own_that_hold_later_are_billed_with_the_next_period(world):
    """Fifteen instead of ten from February on, and what is not billed yet is refused by name."""
    add_seats(world)
    charges = [{**FIXED, "units": "10", "pay_in_advance": True}]
    catalogue(world, amount_cents=0, charges=[], fixed_charges=charges)
    subscribe(world)
    world.now = on("2026-01-15T08:00:00")
    own_units(world, "s1", "15", is_immediate=False)
    world.now = on("2026-02-01T08:00:00")
    cycle.bill(world.begin)

    assert [fee.amount_cents for one in world.invoices() for fee in one.fees] == [
        31_000, 0, 46_500,
    ]  # fmt: skip
    with pytest.raises(Missing):
        own_units(world, "s1", "1", is_immediate=True, code="nothing")
    with world.begin() as work:
        (shown,) = subscriptions.fixed_charges(work, "s1", SubscriptionStatusQuery())
    assert (shown.code, str(shown.units)) == ("seat", "15.0")


def own_units(world, external_id, units, *, is_immediate, code="seat"):
    """Let one subscription want so many units."""
    with world.begin() as work:
        asked = said(plans.FixedChargeOverride, units=units, apply_units_immediately=is_immediate)
        return cycle.update_fixed_charge(work, external_id, code, asked, SubscriptionStatusQuery())
