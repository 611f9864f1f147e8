"""The bill run, by its verbs, on both pairs of engines; and everything twice."""

from datetime import timedelta
from decimal import Decimal as D

from billing import (
    customers,
    cycle,
    entities,
    subscriptions,
    usage,
)
from billing.subscriptions import Termination
from tests.billing.cycle.world import JANUARY, catalogue, on, subscribe


def test_one_event_becomes_one_invoice(world):
    """From January 11, one call: 31.00 x 21/31 + 0.015 = 21.00 + 0.02, 20 % on both."""
    catalogue(world)
    world.now = on("2026-01-11T08:00:00")
    subscribe(world)
    world.uses("s1", ("calls", on("2026-01-20T00:00:00"), "{}"))
    world.now = on("2026-02-01T00:05:00")

    assert cycle.bill(world.begin) == 1

    (invoice,) = world.invoices()
    base, calls = invoice.fees
    assert (base.amount_cents, base.item.code, base.item.type) == (2100, "basic", "subscription")
    assert (calls.amount_cents, calls.precise_amount, calls.units) == (2, D("0.015"), D("1.0"))
    assert (calls.events_count, calls.precise_unit_amount) == (1, D("0.015"))
    assert (invoice.fees_amount_cents, invoice.taxes_amount_cents) == (2102, 420)
    assert (invoice.total_amount_cents, invoice.taxes_rate) == (2522, D("20.0"))
    assert (invoice.status, invoice.number) == ("finalized", f"{prefix(world)}-001-001")
    (period,) = invoice.billing_periods
    assert period.charges_from_datetime == on("2026-01-11T08:00:00")
    assert period.charges_to_datetime == on("2026-01-31T23:59:59")
    assert invoice.issuing_date.isoformat() == "2026-02-01"


def prefix(world):
    with world.begin() as work:
        return entities.default(work).document_number_prefix


def test_a_run_may_run_twice_and_bills_each_period_once(world):
    """Two runs of February 1, one of March 1: two invoices."""
    catalogue(world)
    subscribe(world)
    world.now = on("2026-02-01T00:05:00")
    assert [cycle.bill(world.begin), cycle.bill(world.begin)] == [1, 0]
    world.now = on("2026-03-01T23:59:00")
    assert [cycle.bill(world.begin), cycle.bill(world.begin)] == [1, 0]

    assert [one.number[-3:] for one in world.invoices()] == ["001", "002"]


def test_what_was_missed_is_caught_up_in_order(world):
    """No run until April 15: that day's run finds nothing, the job of the missed bills three."""
    catalogue(world)
    subscribe(world)
    world.now = on("2026-04-15T12:00:00")

    assert cycle.bill(world.begin) == 0
    assert [cycle.bill_missed(world.begin), cycle.bill_missed(world.begin)] == [3, 0]

    firsts = [one.billing_periods[0].subscription_from_datetime for one in world.invoices()]
    assert firsts == [on("2026-01-01"), on("2026-02-01"), on("2026-03-01")]


def test_a_plan_in_advance_is_billed_at_the_start_and_then_with_the_usage_before(world):
    """From January 17: 15 days of 31 at once; in February the whole month and January's calls."""
    catalogue(world, pay_in_advance=True)
    world.now = on("2026-01-17T12:00:00")
    subscribe(world)
    (first,) = world.invoices()
    assert [fee.amount_cents for fee in first.fees] == [1500]
    assert first.billing_periods[0].charges_from_datetime is None

    world.uses("s1", *[("calls", on("2026-01-31T23:59:59"), "{}")] * 100)
    world.now = on("2026-02-01T01:00:00")
    cycle.bill(world.begin)

    second = world.invoices()[1]
    assert [fee.amount_cents for fee in second.fees] == [3100, 150]
    assert second.billing_periods[0].subscription_to_datetime == on("2026-02-28T23:59:59")


def test_a_backdated_subscription_is_billed_as_if_it_had_always_been_there(world):
    """Started on January 1 but told on January 20: nothing now, the whole month at its end."""
    catalogue(world, pay_in_advance=True)
    world.now = on("2026-01-20T12:00:00")
    subscribe(world, subscription_at=JANUARY)
    assert world.invoices() == []

    world.uses("s1", ("calls", on("2026-01-02T00:00:00"), "{}"))
    world.now = on("2026-02-01T00:00:00")
    cycle.bill(world.begin)
    assert [fee.amount_cents for fee in world.invoices()[0].fees] == [3100, 2]


def test_the_end_of_a_subscription_bills_its_days_and_usage(world):
    """Ended on January 10 at noon: 10 days of 31, the call before noon and not the one after."""
    catalogue(world)
    subscribe(world)
    world.now = on("2026-01-10T12:00:00")
    early, late = on("2026-01-10T11:59:59"), on("2026-01-10T12:00:01")
    world.uses("s1", ("calls", early, "{}"), ("calls", late, "{}"))

    with world.begin() as work:
        ended = cycle.terminate(work, "s1", Termination())
        assert ended.status == "terminated"

    (invoice,) = world.invoices()
    assert [(fee.amount_cents, fee.units) for fee in invoice.fees] == [(1000, 1), (2, 1)]
    world.now = on("2026-02-01T00:00:00")
    assert cycle.bill(world.begin) == 0


def test_a_draft_takes_late_events_until_it_is_final(world):
    """Three days of grace: 100 calls seen at first, 150 when it is finalized on February 4."""
    catalogue(world)
    with world.begin() as work:
        customers.set_grace_period(work, "c1", customers.GracePeriodInput(invoice_grace_period=3))
    subscribe(world)
    world.uses("s1", *[("calls", on("2026-01-15"), "{}")] * 100)
    world.now = on("2026-02-01T00:10:00")
    cycle.bill(world.begin)
    (draft,) = world.invoices()
    assert (draft.status, draft.number[-5:], draft.sequential_id) == ("draft", "DRAFT", None)
    assert (draft.fees_amount_cents, draft.issuing_date.isoformat()) == (3250, "2026-02-04")

    world.uses("s1", *[("calls", on("2026-01-31"), "{}")] * 50)
    assert cycle.finalize_due(world.begin) == 0
    world.now = on("2026-02-04T00:00:00")
    with world.begin() as work:
        assert cycle.next_due(work, "finalize", on("2026-02-03")) == on("2026-02-04")
    assert [cycle.finalize_due(world.begin), cycle.finalize_due(world.begin)] == [1, 0]

    (final,) = world.invoices()
    assert (final.id, final.status, final.sequential_id) == (draft.id, "finalized", 1)
    assert (final.fees_amount_cents, final.issuing_date.isoformat()) == (3325, "2026-02-04")


def test_current_usage_and_the_invoice_of_the_period_agree(world):
    """250 calls: 3.75 and 20 % of tax, now and on February's invoice."""
    catalogue(world)
    subscribe(world)
    world.uses("s1", *[("calls", on("2026-01-15"), "{}")] * 250)
    world.now = on("2026-01-20T00:00:00")
    with world.begin() as work:
        now = usage.current(work, "c1", usage.UsageQuery(external_subscription_id="s1"))
    assert (now.amount_cents, now.taxes_amount_cents, now.total_amount_cents) == (375, 75, 450)
    (calls,) = now.charges_usage
    assert (calls.units, calls.events_count, calls.filters) == (D("250.0"), 250, [])

    world.now = on("2026-02-01T00:00:00")
    cycle.bill(world.begin)
    assert world.invoices()[0].fees[1].amount_cents == now.amount_cents


def test_subscriptions_of_one_customer_share_an_invoice_unless_one_stands_alone(world):
    """Three subscriptions, one of them not consolidated: two invoices, numbered 1 and 2."""
    catalogue(world)
    subscribe(world, "s1")
    subscribe(world, "s2")
    subscribe(world, "s3", consolidate_invoice=False)
    world.now = on("2026-02-01T00:00:00")
    cycle.bill(world.begin)

    assert sorted(len(one.billing_periods) for one in world.invoices()) == [1, 2]
    assert sorted(one.sequential_id for one in world.invoices()) == [1, 2]


def test_pending_subscriptions_start_and_dated_ones_end(world):
    """From February 10, until February 20: the days between are billed on the day of the end."""
    catalogue(world)
    begins, ends = on("2026-02-10T09:00:00"), on("2026-02-20T15:00:00")
    made = subscribe(world, subscription_at=begins, ending_at=ends)
    assert made.status == "pending"
    with world.begin() as work:
        assert cycle.next_due(work, "activate_pending", world.now) == on("2026-02-10")
    world.now = begins + timedelta(minutes=3)
    assert [cycle.start_pending(world.begin), cycle.start_pending(world.begin)] == [1, 0]
    world.now = ends
    assert [cycle.end_subscriptions(world.begin), cycle.end_subscriptions(world.begin)] == [1, 0]

    (invoice,) = world.invoices()
    assert invoice.fees[0].amount_cents == round(3100 * 11 / 28)
    with world.begin() as work:
        found = subscriptions.find(work, "s1", "terminated")
        assert (found.started_at, found.terminated_at) == (begins, ends)
