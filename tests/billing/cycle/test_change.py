"""Changes of plan, trials, commitments and minimums, worked by hand, on both pairs of engines."""

import pytest

from billing import addons, cycle, invoices, plans, subscriptions
from billing.addons import AddOnInput
from billing.invoices import InvoiceQuery
from billing.subscriptions import SubscriptionChoice, Termination
from metering.measures.refusals import Invalid
from tests.billing.cycle.world import catalogue, on, plan_of, said, subscribe


def test_an_upgrade_bills_the_old_plan_to_the_day_before_and_the_new_one_from_today(world):
    """31.00 x 15/31 in arrears and one call, with 62.00 x 16/31 in advance, on one invoice."""
    catalogue(world)
    offer(world, "gold", amount_cents=6200, pay_in_advance=True)
    subscribe(world)
    world.uses("s1", ("calls", on("2026-01-10T00:00:00"), "{}"))
    world.now = on("2026-01-16T12:00:00")

    changed = subscribe(world, plan_code="gold")

    (invoice,) = world.invoices()
    assert amounts(invoice) == [
        ("subscription", "basic", 1500), ("charge", "calls", 2), ("subscription", "gold", 3200),
    ]  # fmt: skip
    assert (changed.plan_code, changed.status, changed.started_at) == ("gold", "active", world.now)
    assert changed.previous_plan_code == "basic"
    with world.begin() as work:
        old = subscriptions.get(work, "s1", SubscriptionChoice(status="terminated"))
    assert (old.plan_code, old.next_plan_code, old.terminated_at) == ("basic", "gold", world.now)
    world.now = on("2026-02-01T00:05:00")
    assert cycle.bill(world.begin) == 1
    assert amounts(world.invoices()[1]) == [("subscription", "gold", 6200)]
    assert cycle.bill(world.begin) == 0


def test_a_downgrade_waits_for_the_end_of_the_period(world):
    """Full 31.00 for January and no more; the cheaper plan, in advance, on the same invoice."""
    catalogue(world)
    offer(world, "small", amount_cents=1000, pay_in_advance=True)
    subscribe(world)
    world.now = on("2026-01-16T12:00:00")

    waiting = subscribe(world, plan_code="small")

    assert (waiting.plan_code, waiting.next_plan_code) == ("basic", "small")
    assert waiting.downgrade_plan_date.isoformat() == "2026-02-01"
    world.now = on("2026-02-01T00:05:00")
    assert cycle.start_pending(world.begin) == 0
    world.uses("s1", ("calls", on("2026-02-01T00:03:00"), "{}"))
    assert cycle.bill(world.begin) == 1
    assert cycle.bill(world.begin) == 0
    (invoice,) = world.invoices()
    assert amounts(invoice) == [("subscription", "basic", 3100), ("subscription", "small", 1000)]
    with world.begin() as work:
        now = subscriptions.get(work, "s1", SubscriptionChoice())
    assert (now.plan_code, now.started_at) == ("small", on("2026-02-01T00:00:00"))
    world.now = on("2026-03-01T00:05:00")
    assert cycle.bill(world.begin) == 1
    assert amounts(world.invoices()[1]) == [("subscription", "small", 1000), ("charge", "calls", 2)]


def test_a_downgrade_becomes_an_upgrade_when_its_plan_gets_dearer(world):
    """31.00 to 10.00 waits; at 30.00 it waits still; at 31.00 the old one ends after 15 of 31 days
    and the new one runs."""
    catalogue(world)
    offer(world, "small", amount_cents=1000)
    subscribe(world)
    subscribe(world, plan_code="small", name="Small")
    world.now = on("2026-01-16T08:00:00")
    for cents in (3000, 3100):
        with world.begin() as work:
            cycle.update_plan(work, "small", said(plans.PlanUpdate, amount_cents=cents))
            shown = subscriptions.get(work, "s1", SubscriptionChoice())
        assert (shown.plan_code, shown.next_plan_code) == (
            ("basic", "small") if cents == 3000 else ("small", None)
        )

    assert (shown.name, shown.previous_plan_code) == ("Small", "basic")
    assert amounts(world.invoices()[0])[0] == ("subscription", "basic", 1500)
    with world.begin() as work:
        assert not subscriptions.waiting(work, plans.find(work, "small").id)


def test_a_second_change_takes_the_place_of_the_first(world):
    """Down, then up: the one that waited is given up; terminated, so is what waits."""
    catalogue(world)
    offer(world, "small", amount_cents=1000)
    offer(world, "gold", amount_cents=6200)
    subscribe(world)
    world.now = on("2026-01-16T12:00:00")
    subscribe(world, plan_code="small")

    up = subscribe(world, plan_code="gold")
    down = subscribe(world, plan_code="small")

    assert (up.plan_code, up.next_plan_code) == ("gold", None)
    assert down.next_plan_code == "small"
    with world.begin() as work:
        ended = cycle.terminate(work, "s1", Termination())
        kept = subscriptions.browse(
            work, subscriptions.SubscriptionQuery(status=["pending", "active"])
        )
    assert (ended.status, ended.next_plan_code) == ("terminated", None)
    assert kept.items == []


def test_a_plan_in_another_currency_is_refused(world):
    """What costs more a year cannot be said of two currencies."""
    catalogue(world)
    offer(world, "dollars", amount_currency="USD")
    subscribe(world)

    with pytest.raises(Invalid) as refused:
        subscribe(world, plan_code="dollars")

    assert refused.value.details == {"plan_code": ["currencies_does_not_match"]}


def test_a_trial_counts_from_the_first_start_and_is_billed_when_it_ends(world):
    """45 days from January 1: nothing in January, and 14/28 of 28.00 on February 15."""
    catalogue(world, trial_period=45, pay_in_advance=True, amount_cents=2800)
    subscribe(world)
    world.now = on("2026-02-01T00:05:00")
    assert cycle.bill(world.begin) == 1
    assert amounts(world.invoices()[0]) == []
    world.now = on("2026-02-15T00:05:00")

    assert cycle.bill(world.begin) == 1
    assert cycle.bill(world.begin) == 0

    assert amounts(world.invoices()[1]) == [("subscription", "basic", 1400)]
    with world.begin() as work:
        found = subscriptions.get(work, "s1", SubscriptionChoice())
    assert found.trial_ended_at == on("2026-02-15T00:00:00")


def test_what_is_missing_to_a_commitment_and_to_a_minimum_is_billed(world):
    """A minimum of 5.00 for usage of 0.02, then 100.00 for the month: 16/31 of both."""
    charge = {
        "charge_model": "standard", "properties": {"amount": "0.015"}, "min_amount_cents": 500,
    }  # fmt: skip
    catalogue(world, minimum_commitment={"amount_cents": 10_000}, charge=charge)
    world.now = on("2026-01-16T08:00:00")
    subscribe(world)
    world.uses("s1", ("calls", on("2026-01-20T00:00:00"), "{}"))
    world.now = on("2026-02-01T00:05:00")

    assert cycle.bill(world.begin) == 1

    (invoice,) = world.invoices()
    # 500 x 16/31 = 258.06 - 2; 10,000 x 16/31 = 5,161.29 - 1,600 - 2 - 256
    assert amounts(invoice) == [
        ("subscription", "basic", 1600), ("charge", "calls", 2), ("charge", "calls", 256),
        ("commitment", "basic", 3303),
    ]  # fmt: skip
    _, used, lifted, _ = invoice.fees
    assert (lifted.true_up_parent_fee_id, used.true_up_fee_id) == (used.id, lifted.id)
    assert (str(lifted.units), lifted.events_count) == ("1.0", 0)


def test_a_minimum_without_usage_refers_to_a_fee_of_nothing(world):
    """The default bucket is kept at 0.00, for the true-up to refer to."""
    charge = {
        "charge_model": "standard", "properties": {"amount": "0.015"}, "min_amount_cents": 500,
    }  # fmt: skip
    catalogue(world, charge=charge)
    subscribe(world)
    world.now = on("2026-02-01T00:05:00")

    cycle.bill(world.begin)

    (invoice,) = world.invoices()
    assert amounts(invoice)[1:] == [("charge", "calls", 0), ("charge", "calls", 500)]


def amounts(invoice):
    return [(fee.item.type, fee.item.code, fee.amount_cents) for fee in invoice.fees]


def offer(world, code, **more):
    """Another plan on the same metric, at the same price."""
    with world.begin() as work:
        (charge,) = plans.find(work, "basic").charges
        plans.create(work, plan_of(charge.billable_metric_id, code=code, **more))


FIXED = {"add_on_code": "seat", "charge_model": "standard", "properties": {"amount": "31"}}


@pytest.mark.parametrize(
    ("said", "at_start", "in_february"),
    [
        # the 16th to the 31st are 16 of 31 days; ten units at 31.00
        ({}, [], 31_000),
        ({"prorated": True}, [], 16_000),
        ({"pay_in_advance": True}, [31_000], 31_000),
        ({"pay_in_advance": True, "prorated": True}, [16_000], 31_000),
    ],
)
def test_fixed_charges_are_billed_in_arrears_and_in_advance(world, said, at_start, in_february):
    """Ten seats from January 16 on a plan in arrears that costs nothing else."""
    add_seats(world)
    catalogue(world, amount_cents=0, charges=[], fixed_charges=[{**FIXED, **said, "units": "10"}])
    world.now = on("2026-01-16T08:00:00")
    subscribe(world)

    assert [amounts(one) for one in world.invoices()] == [
        [("fixed_charge", "seat", cents)] for cents in at_start
    ]
    world.now = on("2026-02-01T00:05:00")
    cycle.bill(world.begin)
    periodic = world.invoices()[-1]
    assert amounts(periodic) == [
        ("subscription", "basic", 0), ("fixed_charge", "seat", in_february),
    ]  # fmt: skip
    assert str(periodic.fees[1].units) == "10.0"


def test_units_that_change_count_from_their_day(world):
    """Ten seats to January 15, twenty from the 16th: 4.838710 + 10.322581 at 31.00."""
    add_seats(world)
    charges = [
        {**FIXED, "prorated": True, "units": "10", "code": "by_day"}, {**FIXED, "units": "10"},
    ]  # fmt: skip
    catalogue(world, amount_cents=0, charges=[], fixed_charges=charges)
    subscribe(world)
    world.now = on("2026-01-16T08:00:00")
    raise_units(world, "20", is_immediate=True)
    world.now = on("2026-01-20T08:00:00")
    raise_units(world, "30", is_immediate=False)
    world.now = on("2026-02-01T00:05:00")

    cycle.bill(world.begin)

    (invoice,) = world.invoices()
    assert amounts(invoice)[1:] == [
        ("fixed_charge", "seat", 47_000), ("fixed_charge", "seat", 62_000),
    ]  # fmt: skip
    world.now = on("2026-03-01T00:05:00")
    cycle.bill(world.begin)
    assert amounts(world.invoices()[1])[1:] == [("fixed_charge", "seat", 93_000)] * 2


def test_more_units_in_advance_are_billed_at_once_and_fewer_for_nothing(world):
    """Ten, five, then fifteen seats: 310.00, nothing, and five more to the end of the period."""
    add_seats(world)
    charges = [{**FIXED, "units": "10", "pay_in_advance": True}]
    catalogue(world, amount_cents=0, charges=[], fixed_charges=charges)
    subscribe(world)
    for day, units in ((6, "5"), (6, "15"), (11, "20")):
        world.now = on(f"2026-01-{day:02}T08:00:00")
        raise_units(world, units, is_immediate=True)

    shown = [(fee.amount_cents, str(fee.units)) for one in world.invoices() for fee in one.fees]

    assert shown == [(31_000, "10.0"), (0, "0.0"), (15_500, "5.0"), (15_500, "5.0")]
    assert [one.billing_periods[0].invoicing_reason for one in world.invoices()][1:] == [
        "in_advance_charge"
    ] * 3


def test_an_upgrade_gives_back_what_is_unused_of_the_same_add_on(world):
    """31.00 for January, 16 of its 31 days unused; the new plan's 62.00 for 16 days less that."""
    add_seats(world)
    seats = {**FIXED, "units": "1", "pay_in_advance": True, "prorated": True}
    catalogue(world, amount_cents=0, charges=[], fixed_charges=[seats])
    dearer = {**seats, "properties": {"amount": "62"}}
    with world.begin() as work:
        plans.create(work, plan_of("", code="gold", charges=[], fixed_charges=[dearer]))
    subscribe(world)
    world.now = on("2026-01-16T08:00:00")

    subscribe(world, plan_code="gold")

    assert amounts(world.invoices()[1]) == [
        ("subscription", "basic", 0), ("fixed_charge", "seat", 1600),
    ]  # fmt: skip


def add_seats(world):
    with world.begin() as work:
        asked = {"name": "Seat", "code": "seat", "amount_cents": 1, "amount_currency": "EUR"}
        addons.create(work, said(AddOnInput, **asked))


def raise_units(world, units, *, is_immediate):
    """Want so many units of all fixed charges of the plan."""
    with world.begin() as work:
        wanted = [
            {"id": one.id, "units": units, "apply_units_immediately": is_immediate}
            for one in plans.find(work, "basic").fixed_charges
        ]
        cycle.update_plan(work, "basic", said(plans.PlanUpdate, fixed_charges=wanted))


@pytest.mark.parametrize("said", [{}, {"on_termination_invoice": "skip"}])
def test_who_has_ended_is_still_billed_for_what_was_missed(world, said):
    """No run until April 15: 31.00 x 15/30 of April, unless skipped, and then the three months."""
    catalogue(world)
    subscribe(world)
    world.uses("s1", ("calls", on("2026-02-10T00:00:00"), "{}"))
    world.now = on("2026-04-15T12:00:00")
    with world.begin() as work:
        cycle.terminate(work, "s1", Termination(**said))
    last = [] if said else [[("subscription", "basic", 1550)]]
    assert [amounts(one) for one in world.invoices()] == last

    assert cycle.bill_missed(world.begin) == 3

    assert [amounts(one) for one in world.invoices()][len(last) :] == [
        [("subscription", "basic", 3100)],
        [("subscription", "basic", 3100), ("charge", "calls", 2)],
        [("subscription", "basic", 3100)],
    ]
    assert [cycle.bill_missed(world.begin), cycle.bill(world.begin)] == [0, 0]


def test_a_missed_period_in_advance_goes_no_further_than_the_end(world):
    """Ended on March 10: all of February, and 10 of the 31 days of March."""
    catalogue(world, pay_in_advance=True)
    subscribe(world)
    world.now = on("2026-03-10T12:00:00")
    with world.begin() as work:
        cycle.terminate(work, "s1", Termination())

    cycle.bill_missed(world.begin)

    assert [amounts(one) for one in world.invoices()] == [
        [("subscription", "basic", 3100)], [],
        [("subscription", "basic", 3100)], [("subscription", "basic", 1000)],
    ]  # fmt: skip


def test_a_customer_who_leaves_pays_what_was_missed(world):
    """Two subscriptions, deleted on March 1: two periods each, one invoice for each first day."""
    catalogue(world)
    for one in ("s1", "s2"):
        subscribe(world, one)
    world.now = on("2026-03-01T12:00:00")
    with world.begin() as work:
        cycle.remove_customer(work, "c1")
        found = invoices.browse(work, InvoiceQuery()).items

    assert [one.fees_amount_cents for one in found] == [6200, 6200]
