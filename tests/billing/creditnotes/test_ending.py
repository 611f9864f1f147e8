"""What ends gives back what was paid ahead: the cases of money.md B.7, on both pairs of engines."""

from decimal import Decimal as D

import pytest
from sqlalchemy import event

from billing import creditnotes, customers, cycle, invoices, plans, taxes
from billing.customers import CustomerInput
from billing.invoices import InvoiceQuery
from billing.taxes import TaxUpdate
from tests.billing.creditnotes.desk import asks, ends, give_back, notes, pays
from tests.billing.cycle.world import catalogue, on, plan_of, said, subscribe


def october(world, zone="UTC", **plan):
    """Two subscriptions of 31.00 ahead and 20 % of tax, from September on: 74.40 for October."""
    catalogue(world, pay_in_advance=True, **plan)
    with world.begin() as work:
        customers.upsert(work, CustomerInput(external_id="c1", currency="EUR", timezone=zone))
    world.now = on("2026-09-01T08:00:00")
    subscribe(world, "s1")
    subscribe(world, "s2")
    world.now = on("2026-10-01T08:10:00")
    assert cycle.bill(world.begin) == 1
    invoice = world.invoices()[-1]
    assert invoice.total_amount_cents == 7440
    world.now = on("2026-10-15T10:00:00")
    return invoice


def parts(note):
    return (
        note.total_amount_cents,
        note.refund_amount_cents,
        note.credit_amount_cents,
        note.offset_amount_cents,
    )


@pytest.mark.parametrize(
    ("mode", "paid", "expected"),
    [
        (None, 0, (1920, 0, 1920, 0)),  # 16 days of 1.00, and 20 %
        ("credit", 7440, (1920, 0, 1920, 0)),
        ("refund", 7440, (1920, 1920, 0, 0)),  # 37.20 - 18.00 = 19.20
        ("refund", 5580, (1920, 990, 930, 0)),  # 27.90 - 18.00 = 9.90
        ("refund", 930, (1920, 0, 1920, 0)),  # 4.65 does not pay for the days that were used
        ("offset", 5580, (1920, 990, 0, 930)),
        ("offset", 0, (1920, 0, 0, 1920)),
    ],
)
def test_unused_days_are_credited_paid_back_or_taken_off(world, mode, paid, expected):
    """Two of 31.00 and 20 % on one invoice, one ends on October 15: 16 days are left."""
    invoice = october(world)
    pays(world, invoice, paid)

    ends(world, "s1", mode)

    (note,) = notes(world)
    assert parts(note) == expected
    assert (note.sub_total_excluding_taxes_amount_cents, note.taxes_amount_cents) == (1600, 320)
    assert (note.reason, note.status, note.invoice_id) == (
        "order_cancellation", "finalized", invoice.id,
    )  # fmt: skip
    assert note.refund_status == ("pending" if expected[1] else None)
    assert [(item.amount_cents, item.precise_amount_cents) for item in note.items] == [(1600, 1600)]
    after = next(one for one in world.invoices() if one.id == invoice.id)
    assert after.total_due_amount_cents == 7440 - paid - expected[3]
    assert after.total_offsetted_credit_note_amount_cents == expected[3]


def test_what_was_credited_before_is_not_given_back_again(world):
    """2.00 of the fee were credited: 14.00 and 2.80 are left, of which 9.90 are paid back."""
    invoice = october(world)
    pays(world, invoice, 5580)
    asks(world, invoice, 200, credit=240)

    ends(world, "s1", "refund")

    assert parts(notes(world)[-1]) == (1680, 990, 690, 0)


def test_who_skips_it_gets_nothing_back(world):
    """No note, and no refund of the days that were paid."""
    october(world)

    ends(world, "s1", "skip")

    assert notes(world) == []


def test_the_day_of_the_end_is_that_of_the_customer(world):
    """01:00 on the 15th in UTC is the 14th in Los Angeles: 17 days, 17.00 and 3.40."""
    october(world, zone="America/Los_Angeles")
    world.now = on("2026-10-15T01:00:00")

    ends(world, "s1")

    assert parts(notes(world)[-1]) == (2040, 0, 2040, 0)


def test_an_upgrade_gives_back_the_day_of_the_switch_and_spends_it_at_once(world):
    """17 days of 1.00 and 20 % against 62.00 x 17/31 and 20 %: 40.80 - 20.40."""
    october(world)
    with world.begin() as work:
        terms = {"name": "Gold", "code": "gold", "amount_cents": 6200, "charges": []}
        plans.create(work, plan_of("", pay_in_advance=True, **terms))

    subscribe(world, "s1", plan_code="gold")

    (note,) = notes(world)
    assert parts(note) == (2040, 0, 2040, 0)
    assert (note.balance_amount_cents, note.credit_status) == (0, "consumed")
    invoice = world.invoices()[-1]
    assert (invoice.credit_notes_amount_cents, invoice.total_amount_cents) == (2040, 2040)
    (credit,) = invoice.credits
    assert (credit.item.item_id, credit.item.code) == (note.id, note.number)
    assert (credit.amount_cents, credit.item.type) == (2040, "credit_note")
    assert not credit.before_taxes


def test_each_upgrade_of_a_day_gives_back_what_the_one_before_was_billed(world):
    """10.00, 15.00 and 19.00 with 25 %, on the 12th of 31 days: 20 days of each, twice in full."""
    catalogue(world, pay_in_advance=True, amount_cents=1000)
    with world.begin() as work:
        taxes.update(work, "vat", TaxUpdate(rate=D(25)))
        for code, cents in (("b", 1500), ("c", 1900)):
            plans.create(
                work, plan_of("", code=code, amount_cents=cents, pay_in_advance=True, charges=[])
            )
    subscribe(world)
    world.now = on("2026-01-12T09:00:00")
    subscribe(world, plan_code="b")

    subscribe(world, plan_code="c")

    first, second = notes(world)
    # 10.00 x 20/31 = 6.4516..., and 25 %; then 9.68, what was billed of 15.00, and 25 %.
    assert first.items[0].precise_amount_cents == D("645.16129")
    assert parts(first) == (806, 0, 806, 0)
    assert second.items[0].precise_amount_cents == D("967.74193")
    assert parts(second) == (1210, 0, 1210, 0)


@pytest.mark.parametrize(
    ("cents", "rate", "end", "interval", "precise", "expected"),
    [
        # 24166.66 would be 24167, but 19333 + 4833 is 24166.
        (20_000, "25", "2026-09-01T16:30:00", "monthly", "19333.33333", (19_333, 4_833)),
        (16_000, "25", "2026-09-01T16:30:00", "monthly", "15466.66666", (15_467, 3_867)),
        (2_999, "23.33", "2026-09-07T16:30:00", "weekly", "2570.57142", (2_571, 600)),
    ],
)
def test_cents_are_put_right(world, cents, rate, end, interval, precise, expected):
    """One day is used: 29 of 30 days, or 6 of 7, are cut off at 5 decimals, then rounded."""
    catalogue(world, pay_in_advance=True, amount_cents=cents, interval=interval)
    with world.begin() as work:
        taxes.update(work, "vat", TaxUpdate(rate=D(rate)))
    world.now = on(end).replace(hour=8)
    subscribe(world)
    world.now = on(end)

    ends(world)

    (note,) = notes(world)
    assert note.items[0].precise_amount_cents == D(precise)
    net, tax = expected
    assert (note.sub_total_excluding_taxes_amount_cents, note.taxes_amount_cents) == (net, tax)
    assert note.total_amount_cents == note.items[0].amount_cents + tax == net + tax


def test_days_of_a_trial_are_never_given_back(world):
    """A trial to the 20th: 12 days are billed then; nobody is given back what was free."""
    catalogue(world, pay_in_advance=True, trial_period=19)
    subscribe(world)
    world.now = on("2026-01-10T10:00:00")
    ends(world)
    assert notes(world) == []
    world.now = on("2026-02-03T10:00:00")
    subscribe(world, "s2")
    world.now = on("2026-02-22T11:00:00")
    assert cycle.bill(world.begin) == 1
    assert world.invoices()[-1].fees_amount_cents == 775  # 31.00 x 7/28

    ends(world, "s2")

    assert notes(world)[-1].items[0].precise_amount_cents == D("664.28571")  # 6 days


def test_a_note_on_a_draft_waits_for_it_and_is_computed_with_it(world):
    """26 days and 20 %, then 10 % when both become final: 28.60, which the last bill spends."""
    catalogue(world, pay_in_advance=True)
    with world.begin() as work:
        grace = {"invoice_grace_period": 5}
        customers.upsert(work, said(CustomerInput, external_id="c1", billing_configuration=grace))
    subscribe(world)
    world.now = on("2026-01-04T10:00:00")
    world.uses("s1", *[("calls", world.now, "{}")] * 1_000)
    world.now = on("2026-01-05T10:00:00")

    ends(world)

    (waiting,) = notes(world)
    assert (waiting.status, waiting.credit_status) == ("draft", None)
    assert waiting.balance_amount_cents == 0
    assert (waiting.number, waiting.total_amount_cents) == ("INV-DRAFT-CN001", 3120)
    with world.begin() as work:
        taxes.update(work, "vat", TaxUpdate(rate=D(10)))
        cycle.refresh(work, waiting.invoice_id)
    (again,) = notes(world)
    assert (again.id, again.status, again.total_amount_cents) == (waiting.id, "draft", 2860)
    with world.begin() as work:
        cycle.finalize_all(work)
    (note,) = notes(world)
    first, last = world.invoices()
    assert (note.id, note.status, note.number) == (waiting.id, "finalized", f"{first.number}-CN001")
    assert (note.total_amount_cents, note.balance_amount_cents) == (2860, 2860 - 1650)
    assert (first.credit_notes_amount_cents, last.credit_notes_amount_cents) == (0, 1650)
    assert (last.total_amount_cents, last.payment_status) == (0, "succeeded")
    assert note.items[0].fee.id == first.fees[0].id
    with world.begin() as work:
        creditnotes.finalize(work, [first.id, last.id])
    assert notes(world)[0].balance_amount_cents == 2860 - 1650


def test_many_ends_ask_as_much_as_one(world):
    """The notes of eight subscriptions are the same number of statements as that of one."""
    catalogue(world, pay_in_advance=True)
    ids = [subscribe(world, f"s{number}").id for number in range(9)]
    world.now = on("2026-01-15T10:00:00")
    asked = []
    event.listen(world.ledger.engine, "before_cursor_execute", lambda *told: asked.append(told[2]))

    give_back(world, ids[:1])
    one = len(asked)
    give_back(world, ids[1:])

    assert len(asked) == 2 * one > 0
    assert [note.total_amount_cents for note in notes(world)] == [1920] * 9


def test_an_invoice_that_was_paid_by_credit_is_settled(world):
    """31.00 x 16/31 and 20 % pay for a smaller plan of 10.00: nothing is due, and 7.20 are left."""
    october(world)
    ends(world, "s1")
    with world.begin() as work:
        plans.create(
            work, plan_of("", code="small", amount_cents=1000, pay_in_advance=True, charges=[])
        )
    subscribe(world, "s3", plan_code="small", billing_time="anniversary")

    with world.begin() as work:
        listed = invoices.browse(work, InvoiceQuery(payment_status=["succeeded"])).items
    assert [one.total_amount_cents for one in listed] == [0, 0]
    assert [note.balance_amount_cents for note in notes(world)] == [720]
