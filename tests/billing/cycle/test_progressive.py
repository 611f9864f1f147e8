"""Progressive billing: usage is invoiced at once where it has passed a threshold.

Calls cost 1.00 each unless said otherwise, and the base fee is 31.00 a month, without tax.
"""

from contextlib import contextmanager

import polars as pl
import pytest
from sqlalchemy import select

from billing import creditnotes, customers, cycle, plans, taxes
from billing.cycle import service as cycle_service
from billing.invoices import tables
from billing.plans import PlanUpdate
from billing.subscriptions import SubscriptionChoice, SubscriptionUpdate, Termination
from billing.taxes import TaxInput
from metering import metrics
from metering.metrics import BillableMetricInput
from tests.billing.cycle.world import on, plan_of, said, subscribe

CALL = {"charge_model": "standard", "properties": {"amount": "1"}}


def sells(world, *thresholds, again=0, charge=CALL, **plan):
    """A plan with thresholds that count once, and one that counts again and again."""
    with world.begin() as work:
        units = metrics.create(
            work,
            said(
                BillableMetricInput, name="Units", code="units", aggregation_type="sum_agg",
                field_name="n",
            ),
        )  # fmt: skip
        asked = [{"amount_cents": cents} for cents in thresholds]
        asked += [{"amount_cents": again, "recurring": True}] if again else []
        plans.create(work, plan_of(units.id, charge, usage_thresholds=asked, **plan))
        customers.upsert(work, said(customers.CustomerInput, external_id="c1", currency="EUR"))


def uses(world, day, units, subscription="s1"):
    world.now = max(world.now, on(day))
    world.uses(subscription, ("units", on(day), f'{{"n":"{units}"}}'))


def run(world):
    return cycle.bill_usage(world.begin)


def shown(world, kind="progressive_billing"):
    return [
        (one.fees_amount_cents, one.progressive_billing_credit_amount_cents, one.total_amount_cents)
        for one in world.invoices()
        if one.invoice_type == kind
    ]


def test_each_invoice_takes_off_the_one_before_and_the_last_takes_off_all(world):
    """2, 5 and 7, then every 10; events of 2.20 four times, then 22.00 twice (PB3)."""
    sells(world, 200, 500, 700, again=1000)
    subscribe(world)
    billed = []
    for day, units in [
        ("2026-01-06", "2.2"), ("2026-01-11", "2.2"), ("2026-01-16", "2.2"), ("2026-01-21", "2.2"),
        ("2026-01-26", 22), ("2026-01-28", 22),
    ]:  # fmt: skip
        uses(world, day, units)
        billed.append((run(world), run(world)))
    assert billed == [(1, 0), (0, 0), (1, 0), (1, 0), (1, 0), (1, 0)]
    assert shown(world) == [
        (220, 0, 220), (660, 220, 440), (880, 660, 220), (3080, 880, 2200), (5280, 3080, 2200),
    ]  # fmt: skip
    world.now = on("2026-02-01")
    assert cycle.bill(world.begin) == 1
    assert shown(world, "subscription") == [(3100 + 5280, 5280, 3100)]
    uses(world, "2026-02-06", 22)
    assert run(world) == 1
    assert shown(world)[-1] == (2200, 0, 2200)


def final(world):
    return [one for one in world.invoices() if one.invoice_type == "subscription"][-1]


def progressive(world):
    return [one for one in world.invoices() if one.invoice_type == "progressive_billing"]


def told(world, day):
    """Run the job, and return which thresholds it told of."""
    world.now = max(world.now, on(day))
    notices = []
    begin = world.begin

    @contextmanager
    def listening():
        with begin() as work:
            yield work
        notices.extend(each.notice for each in work.told)

    cycle.bill_usage(listening)
    return [
        one.subscription.usage_threshold.amount_cents
        for one in notices
        if one.type == "subscription.usage_threshold_reached"
    ]


def test_two_thresholds_at_once_are_one_invoice_and_two_notices(world):
    """200 and 500; 600.00 at once: one invoice of 600.00 names both, and is not made again."""
    sells(world, 20000, 50000)
    subscribe(world)
    uses(world, "2026-01-10", 600)
    assert told(world, "2026-01-10") == [20000, 50000]
    assert told(world, "2026-01-10") == []
    (made,) = progressive(world)
    assert (made.status, made.total_amount_cents) == ("finalized", 60000)
    assert [
        (each.usage_threshold.amount_cents, each.lifetime_usage_amount_cents)
        for each in made.applied_usage_thresholds
    ] == [(20000, 60000), (50000, 60000)]
    (period,) = made.billing_periods
    assert period.invoicing_reason == "progressive_billing"
    assert period.charges_from_datetime == on("2026-01-01")


def test_what_is_taken_off_is_shown_with_its_invoice(world):
    """The month's invoice: 31.00 + 250.00 − 250.00; its credit names the progressive invoice."""
    sells(world, 20000)
    subscribe(world)
    uses(world, "2026-01-10", 250)
    run(world)
    world.now = on("2026-02-01")
    cycle.bill(world.begin)
    (made,) = progressive(world)
    closed = final(world)
    assert closed.progressive_billing_credit_amount_cents == 25000
    assert closed.total_amount_cents == 3100
    (credit,) = closed.credits
    assert (credit.amount_cents, credit.before_taxes) == (25000, True)
    assert (credit.item.type, credit.item.item_id) == ("invoice", made.id)
    assert credit.item.code == made.number


def test_taxes_are_of_what_is_left_of_each_charge(world):
    """Two charges, 20 % on the first alone: what the first was taxed before is not taxed again.

    Progressive: 100.00 + 100.00, tax 20.00. Month: 100.00 + 300.00 − 200.00, of which the first's
    100.00 are covered: no more tax; and 31.00 of base fee, which has none.
    """
    sells(world, 15000)
    with world.begin() as work:
        taxes.create(work, said(TaxInput, name="VAT", code="vat", rate="20"))
        more = metrics.create(
            work,
            said(
                BillableMetricInput, name="More", code="more", aggregation_type="sum_agg",
                field_name="n",
            ),
        )  # fmt: skip
        units = metrics.find(work, "units")
        charges = [
            {"billable_metric_id": units.id, "code": "a", "tax_codes": ["vat"], **CALL},
            {"billable_metric_id": more.id, "code": "b", **CALL},
        ]
        plans.change(work, "basic", said(PlanUpdate, charges=charges), in_use=False)
    subscribe(world)
    uses(world, "2026-01-10", 100)
    world.uses("s1", ("more", on("2026-01-10"), '{"n":"100"}'))
    run(world)
    assert [(one.fees_amount_cents, one.taxes_amount_cents) for one in progressive(world)] == [
        (20000, 2000)
    ]
    world.uses("s1", ("more", on("2026-01-11"), '{"n":"200"}'))
    world.now = on("2026-02-01")
    cycle.bill(world.begin)
    closed = final(world)
    assert closed.progressive_billing_credit_amount_cents == 20000
    assert (closed.fees_amount_cents, closed.taxes_amount_cents) == (43100, 0)
    assert closed.total_amount_cents == 23100


def test_a_termination_takes_off_what_was_billed(world):
    """Ended on the 16th: 16 of 31 days of 31.00, and 250.00 of usage that is billed already."""
    sells(world, 20000)
    subscribe(world)
    uses(world, "2026-01-10", 250)
    run(world)
    world.now = on("2026-01-16T12:00")
    with world.begin() as work:
        cycle.terminate(work, "s1", Termination())
    assert final(world).progressive_billing_credit_amount_cents == 25000
    assert final(world).total_amount_cents == 1600


def test_what_was_billed_too_much_is_credited(world):
    """250.00 billed, then 100.00 taken back: the month takes off 150.00, a note credits 100.00.

    The note pays the next invoice, not the one of the month, whose 31.00 are due before.
    """
    sells(world, 20000)
    subscribe(world)
    uses(world, "2026-01-10", 250)
    run(world)
    uses(world, "2026-01-11", -100)
    assert run(world) == 0
    world.now = on("2026-02-01")
    cycle.bill(world.begin)
    closed = final(world)
    assert (closed.fees_amount_cents, closed.total_amount_cents) == (3100 + 15000, 3100)
    assert closed.progressive_billing_credit_amount_cents == 15000
    with world.begin() as work:
        (note,) = creditnotes.browse(work, creditnotes.CreditNoteQuery()).items
    assert (note.invoice_id, note.total_amount_cents) == (progressive(world)[0].id, 10000)
    assert (note.credit_amount_cents, note.balance_amount_cents) == (10000, 10000)


def test_more_is_credited_than_the_last_invoice_billed(world):
    """200.00, then 300.00 − 200.00; usage falls to 50.00: notes of 100.00 and of 150.00."""
    sells(world, 20000, 30000)
    subscribe(world)
    for day, units in [("2026-01-10", 200), ("2026-01-11", 100)]:
        uses(world, day, units)
        assert run(world) == 1
    uses(world, "2026-01-12", -250)
    world.now = on("2026-02-01")
    cycle.bill(world.begin)
    assert final(world).progressive_billing_credit_amount_cents == 5000
    with world.begin() as work:
        found = creditnotes.browse(work, creditnotes.CreditNoteQuery()).items
    assert sorted(note.credit_amount_cents for note in found) == [10000, 15000]


def test_a_draft_shows_the_credit_and_is_computed_anew(world):
    """With three days of grace: a draft of 31.00; late usage of 10.00 makes it 41.00, once."""
    sells(world, 20000)
    with world.begin() as work:
        grace = {"invoice_grace_period": 3}
        customers.upsert(
            work,
            said(customers.CustomerInput, external_id="c1", billing_configuration=grace),
        )
    subscribe(world)
    uses(world, "2026-01-10", 250)
    run(world)
    assert progressive(world)[0].status == "finalized"
    world.now = on("2026-02-01")
    cycle.bill(world.begin)
    assert (final(world).status, final(world).total_amount_cents) == ("draft", 3100)
    world.uses("s1", ("units", on("2026-01-31"), '{"n":"10"}'))
    world.now = on("2026-02-04")
    cycle.finalize_due(world.begin)
    closed = final(world)
    assert (closed.status, closed.total_amount_cents) == ("finalized", 4100)
    assert closed.progressive_billing_credit_amount_cents == 25000
    assert [credit.amount_cents for credit in closed.credits] == [25000]


def test_thresholds_that_are_added_hold_at_once(world):
    """250.00 used; 200 is added to the plan in use: the next run invoices without a new event."""
    sells(world)
    subscribe(world)
    uses(world, "2026-01-10", 250)
    assert run(world) == 0
    with world.begin() as work:
        asked = said(PlanUpdate, usage_thresholds=[{"amount_cents": 20000}])
        cycle.update_plan(work, "basic", asked)
    assert (run(world), run(world)) == (1, 0)


def test_what_is_invoiced_never_fires(world):
    """1,000.00 of January are invoiced; 200 is added in February: nothing (PB5)."""
    sells(world)
    subscribe(world)
    uses(world, "2026-01-10", 1000)
    world.now = on("2026-02-01")
    cycle.bill(world.begin)
    with world.begin() as work:
        asked = said(PlanUpdate, usage_thresholds=[{"amount_cents": 20000}])
        cycle.update_plan(work, "basic", asked)
    assert run(world) == 0
    uses(world, "2026-02-10", 1000)
    assert run(world) == 0


def test_a_subscription_has_thresholds_of_its_own(world):
    """The plan's 100 gives way to 200; disabled, none holds; enabled again, 200 does at once."""
    sells(world, 10000)
    subscribe(world, usage_thresholds=[{"amount_cents": 20000}])
    uses(world, "2026-01-10", 150)
    assert run(world) == 0

    def changed(**fields):
        with world.begin() as work:
            return cycle.update_subscription(
                work, "s1", said(SubscriptionUpdate, **fields), SubscriptionChoice()
            )

    shown_ = changed(progressive_billing_disabled=True)
    assert (shown_.progressive_billing_disabled, shown_.applicable_usage_thresholds) == (True, [])
    uses(world, "2026-01-11", 100)
    assert run(world) == 0
    shown_ = changed(progressive_billing_disabled=False)
    assert [each.amount_cents for each in shown_.applicable_usage_thresholds] == [20000]
    assert run(world) == 1
    back = changed(usage_thresholds=[])
    assert [each.amount_cents for each in back.applicable_usage_thresholds] == [10000]
    assert run(world) == 0


def test_a_voided_invoice_is_not_credited(world):
    """What was voided is billed by the month's invoice: 31.00 + 250.00."""
    sells(world, 20000)
    subscribe(world)
    uses(world, "2026-01-10", 250)
    run(world)
    (made,) = progressive(world)
    with world.begin() as work:
        work.rows.change(tables.invoices, tables.invoices.c.id == made.id, status="voided")
    world.now = on("2026-02-01")
    cycle.bill(world.begin)
    assert final(world).progressive_billing_credit_amount_cents == 0
    assert final(world).total_amount_cents == 28100


def test_a_voided_invoice_lets_its_threshold_be_reached_again(world):
    """The second invoice of the period has a number of its own."""
    sells(world, 20000)
    subscribe(world)
    uses(world, "2026-01-10", 250)
    run(world)
    (made,) = progressive(world)
    with world.begin() as work:
        work.rows.change(tables.invoices, tables.invoices.c.id == made.id, status="voided")
    uses(world, "2026-01-11", 10)
    assert run(world) == 1
    assert progressive(world)[-1].total_amount_cents == 26000


def test_a_minimum_waits_for_the_end_of_the_period(world):
    """At least 400.00: the progressive invoice has the 250.00 used, the month the rest."""
    sells(world, 20000, charge=CALL | {"min_amount_cents": 40000})
    subscribe(world)
    uses(world, "2026-01-10", 250)
    run(world)
    assert shown(world) == [(25000, 0, 25000)]
    world.now = on("2026-02-01")
    cycle.bill(world.begin)
    assert final(world).total_amount_cents == 3100 + 15000


def test_a_period_that_is_over_and_not_invoiced_counts(world):
    """200 fired in January; in February 210.00 are used before January's invoice: nothing."""
    sells(world, 20000)
    subscribe(world)
    uses(world, "2026-01-10", 250)
    assert run(world) == 1
    uses(world, "2026-02-01", 210)
    assert run(world) == 0
    cycle.bill(world.begin)
    uses(world, "2026-02-02", 1)
    assert run(world) == 0


def test_only_one_of_two_who_look_at_once_invoices(world):
    """The second's invoice has the number of the first's, and the key refuses it."""
    sells(world, 20000)
    subscribe(world)
    uses(world, "2026-01-10", 250)
    run(world)
    with world.begin() as work:
        c = tables.billing_periods.c
        row = work.rows.frame(
            select(
                c.invoice_id, c.subscription_id, c.external_subscription_id, c.plan_id,
                c.invoicing_reason, c.billed_on, c.charges_first, c.progressive_number,
                c.created_at,
            ).where(c.invoicing_reason == "progressive_billing")
        )  # fmt: skip
    with pytest.raises(Exception, match=r"(?i)unique"), world.begin() as work:
        work.rows.load(tables.billing_periods, row.with_columns(id=pl.lit("another")))


def test_nobody_without_new_events_is_looked_at(world, monkeypatch):
    """Two subscriptions, events of one: the other is not priced; then none is."""
    sells(world, 20000)
    subscribe(world)
    subscribe(world, "s2")
    run(world)
    uses(world, "2026-01-10", 1)
    with world.begin() as work:
        due = cycle_service.due_round(work)
        assert len(due.subscription_ids) == 1
    run(world)
    with world.begin() as work:
        assert cycle_service.due_round(work).subscription_ids == []
        reached = world.warehouse.watermark()
        assert world.organization not in cycle.unchecked(work.rows, reached)
        assert world.organization in cycle.unchecked(work.rows, reached + 1)
