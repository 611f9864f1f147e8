"""Two at once, on PostgreSQL: what is left of an invoice or of a credit is taken once."""

import threading

import pytest

from billing import creditnotes, credits
from metering.measures.refusals import Conflict, Refusal
from sql.ledger import Ledger
from sql.warehouse import open_warehouse
from tests.billing.creditnotes.desk import asks, notes
from tests.billing.creditnotes.test_create import billed
from tests.billing.cycle.world import World, on, subscribe
from tests.engines import new_ledger_url, new_warehouse_url


@pytest.fixture
def world():
    ledger = Ledger(new_ledger_url("postgresql"))
    warehouse = open_warehouse(new_warehouse_url("duckdb"))
    made = World(ledger, warehouse)
    yield made
    made.writer.close()
    warehouse.close()
    ledger.close()


def at_once(*acts):
    """Do all of these at the same time, and return what each came to: its result or its refusal."""
    start, came_to = threading.Barrier(len(acts)), [None] * len(acts)

    def run(place, act):
        start.wait()
        try:
            came_to[place] = act()
        except Refusal as refusal:
            came_to[place] = refusal

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return came_to


def test_one_fee_is_credited_once(world):
    """Eight ask for all of 10.00 and 20 %: one has it, seven are refused."""
    invoice = billed(world, 1000)

    came_to = at_once(*[lambda: asks(world, invoice, 1000, credit=1200)] * 8)

    refusals = [one for one in came_to if isinstance(one, Refusal)]
    assert len(refusals) == 7
    assert all("amount_cents" in refusal.details for refusal in refusals)
    (note,) = notes(world)
    assert note.total_amount_cents == 1200


def test_one_credit_is_spent_once(world):
    """Six invoices of 25.00 and 20 % at once, and 30.00 of credit: one of them spends it."""
    invoice = billed(world, 2500)
    note = asks(world, invoice, 2500, credit=3000)
    world.now = on("2026-01-02T00:00:00")

    at_once(
        *[
            lambda n=n: subscribe(world, f"r{n}", billing_time="anniversary")
            for n in range(6)
        ]
    )  # fmt: skip

    taken = [one.credit_notes_amount_cents for one in world.invoices() if one.id != invoice.id]
    assert sorted(taken) == [0] * 5 + [3000]
    with world.begin() as work:
        spent = credits.spent_on(work, [one.id for one in world.invoices()])
        left = credits.by_ids(work, [note.id])[note.id]
    assert [-entry.amount_cents for of in spent.values() for entry in of] == [3000]
    assert left.balance_cents == 0


def test_a_credit_is_spent_or_voided_and_not_both(world):
    """Whoever comes first has it: the entries add up to nothing that is left."""
    invoice = billed(world, 1000)
    note = asks(world, invoice, 1000, credit=1200)
    world.now = on("2026-01-02T00:00:00")

    def void():
        with world.begin() as work:
            return creditnotes.void(work, note.id)

    came_to = at_once(void, lambda: subscribe(world, "r1", billing_time="anniversary"))

    (after,) = notes(world)
    spent = sum(one.credit_notes_amount_cents for one in world.invoices())
    is_voided = not isinstance(came_to[0], Conflict)
    assert after.balance_amount_cents == 0
    assert (spent, after.credit_status) == ((0, "voided") if is_voided else (1200, "consumed"))
