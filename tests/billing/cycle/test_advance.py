"""What is paid for at once: stories of events that become fees."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal as D

import pytest

from billing import customers, cycle, fees, invoices, plans
from billing.customers import CustomerInput
from billing.cycle.tables import advance_marks
from billing.fees import FeeQuery
from metering import metrics
from metering.metrics import BillableMetricInput
from tests.billing.cycle.world import catalogue, on, plan_of, said, subscribe

CALL = {
    "charge_model": "standard", "properties": {"amount": "2"}, "pay_in_advance": True,
    "invoiceable": False,
}  # fmt: skip
"""A call for 2.00, whose fee stands alone."""


def billed(world):
    """Bill what came, as the clock does."""
    return cycle.bill_events(world.begin)


def test_each_event_has_an_invoice_of_its_own(world):
    """Two calls at 10.00, 20 % tax: two invoices of 12.00, numbered and final."""
    charge = {
        "charge_model": "standard", "properties": {"amount": "10"}, "pay_in_advance": True,
    }  # fmt: skip
    catalogue(world, charge=charge)
    subscribe(world)
    world.uses(
        "s1", ("calls", on("2026-01-01T10:00"), "{}"), ("calls", on("2026-01-02T10:00"), "{}")
    )
    billed(world)
    billed(world)
    first, second = world.invoices()
    for invoice in (first, second):
        (fee,) = invoice.fees
        assert (invoice.total_amount_cents, invoice.status) == (1200, "finalized")
        assert (fee.amount_cents, fee.units, fee.pay_in_advance) == (1000, D(1), True)
        assert invoice.billing_periods[0].invoicing_reason == "in_advance_charge"
    assert first.number < second.number


def test_a_fee_may_stand_alone(world):
    """Three calls in one second, two of them free: 0, 0 and 2.00, each with 20 % of its own."""
    ranges = [
        {"from_value": 0, "to_value": 2, "per_unit_amount": "0", "flat_amount": "0"},
        {"from_value": 3, "to_value": None, "per_unit_amount": "2", "flat_amount": "0"},
    ]
    charge = {
        "charge_model": "graduated", "properties": {"graduated_ranges": ranges},
        "pay_in_advance": True, "invoiceable": False,
    }  # fmt: skip
    catalogue(world, charge=charge)
    subscribe(world)
    for _ in range(3):
        world.uses("s1", ("calls", on("2026-01-01T10:00"), "{}"))
        billed(world)
    found = alone(world)
    assert [fee.amount_cents for fee in found] == [0, 0, 200]
    assert [fee.taxes_amount_cents for fee in found] == [0, 0, 40]
    assert world.invoices() == []


def alone(world):
    """The fees on no invoice, oldest first."""
    with world.begin() as work:
        found = fees.browse(work, FeeQuery()).items[::-1]
    return [fee for fee in found if fee.invoice_id is None]


def test_two_that_bill_at_once_bill_each_event_once(world):
    """Eight workers, twenty calls: twenty fees, one for each event."""
    catalogue(world, charge=CALL)
    subscribe(world)
    world.uses("s1", *[("calls", on("2026-01-01T10:00"), "{}")] * 20)
    with ThreadPoolExecutor(8) as pool:
        done = [pool.submit(billed, world) for _ in range(8)]
    assert sum(each.result() for each in done) == 20
    found = alone(world)
    assert len(found) == len({fee.event_transaction_id for fee in found}) == 20


def test_what_is_billed_again_from_the_start_is_refused(world):
    """The mark is lost: the fees' own key keeps each event from being billed twice."""
    catalogue(world, charge=CALL)
    subscribe(world)
    world.uses("s1", ("calls", on("2026-01-01T10:00"), "{}"))
    billed(world)
    with world.begin() as work:
        work.rows.remove(advance_marks)
    with pytest.raises(Exception, match=r"(?i)unique"):
        billed(world)
    assert len(alone(world)) == 1


def test_without_charges_in_advance_nothing_is_read(world):
    """No mark is kept, and nobody is behind."""
    catalogue(world)
    subscribe(world)
    world.uses("s1", ("calls", on("2026-01-01T10:00"), "{}"))
    billed(world)
    with world.begin() as work:
        assert work.rows.count(advance_marks) == 0
        assert cycle.behind(work.rows, world.warehouse.watermark()) == []


def test_an_event_from_before_its_subscription_is_not_billed(world):
    """It was sent on the 1st; on the 2nd somebody subscribes as of the 1st."""
    catalogue(world, charge=CALL)
    world.uses("s1", ("calls", on("2026-01-01T10:00"), "{}"))
    world.now = on("2026-01-02T00:00")
    subscribe(world, subscription_at=on("2026-01-01T00:00"))
    billed(world)
    assert alone(world) == []


def test_what_recurs_is_paid_again_when_a_period_begins(world):
    """Five seats at 30.00 bought on the 11th of January: 5 fees of 21 days, then 150.00."""
    seats(world)
    billed(world)
    (january,) = {fee.amount_cents for invoice in world.invoices() for fee in invoice.fees}
    assert january == 2032  # 30.00 * 21 / 31, up at five decimals: 0.67742 seats
    world.now = on("2026-02-01T00:00")
    with world.begin() as work:
        assert work.rows.count(invoices.invoices) == 5
    cycle.bill(world.begin)
    last = world.invoices()[-1]
    (renewal,) = [fee for fee in last.fees if fee.item.code == "seats"]
    assert (renewal.amount_cents, renewal.units) == (15_000, D(5))
    assert (renewal.from_date, renewal.to_date) == (
        on("2026-02-01T00:00"),
        on("2026-02-28T23:59:59"),
    )


def seats(world):
    """A plan of seats at 30.00, prorated and paid at once; five of them since the 11th."""
    world.now = on("2026-01-01T00:00")
    with world.begin() as work:
        counted = metrics.create(
            work,
            said(
                BillableMetricInput, name="Seats", code="seats", field_name="seat", recurring=True,
                aggregation_type="unique_count_agg",
            ),
        )  # fmt: skip
        charge = {
            "charge_model": "standard", "properties": {"amount": "30"}, "pay_in_advance": True,
            "prorated": True,
        }  # fmt: skip
        plans.create(work, plan_of(counted.id, charge))
        customers.upsert(work, CustomerInput(external_id="c1", currency="EUR"))
    subscribe(world)
    at = on("2026-01-11T09:00")
    world.uses("s1", *[("seats", at, f'{{"seat": "{seat}"}}') for seat in "abcde"])
