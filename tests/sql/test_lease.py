"""A lease: one owner at a time, on both ledgers, and a fence that rises with each of them."""

import threading
from datetime import timedelta

import pytest

from sql import lease
from sql.lease import Lease
from tests.conftest import NOW


class Clock:
    """The time of day, moved by hand."""

    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    """Who was refused asks again at once, unless a test says otherwise."""
    monkeypatch.setattr(lease, "PAUSE_S", -1)


def test_one_holds_and_the_other_waits_for_the_end(ledger, clock):
    """The second may not while the first's 12 seconds last; after them it may, with fence 2."""
    first, second = Lease(ledger, "ingest", clock), Lease(ledger, "ingest", clock)
    assert first.hold()
    assert not second.hold()

    clock.now += timedelta(seconds=lease.LENGTH_S)

    assert second.hold()
    assert (first.fence, second.fence) == (1, 2)


def test_an_owner_that_lost_it_learns_so_at_its_next_renewal(ledger, clock, monkeypatch):
    """Its stopwatch still runs when the second has it: told so by the ledger, it stops at once."""
    first, second = Lease(ledger, "ingest", clock), Lease(ledger, "ingest", clock)
    assert first.hold()
    clock.now += timedelta(seconds=lease.LENGTH_S)
    assert second.hold()
    assert first.hold(), "between two renewals nobody has told it"
    monkeypatch.setattr(lease, "RENEWAL_S", -1)

    assert not first.hold()
    assert not first.is_ours
    assert second._take()


def test_who_is_refused_learns_where_the_holder_is_reached(ledger, clock, monkeypatch):
    """The holder's URL; and for half a second the ledger is not asked again."""
    first = Lease(ledger, "ingest", clock, "http://one:8080")
    second = Lease(ledger, "ingest", clock, "http://two:8080")
    assert first.hold()
    monkeypatch.setattr(lease, "PAUSE_S", 60)

    assert not second.hold()
    first.release()
    assert not second.hold(), "it waits before it asks again"
    monkeypatch.setattr(lease, "PAUSE_S", -1)

    assert second.holder == "http://one:8080"
    assert second.hold()
    assert not first.hold()
    assert first.holder == "http://two:8080"


def test_a_renewal_keeps_the_fence(ledger, clock, monkeypatch):
    """Held for three lengths without a gap: still fence 1, and nobody else gets it."""
    monkeypatch.setattr(lease, "RENEWAL_S", -1)
    mine, other = Lease(ledger, "ingest", clock), Lease(ledger, "ingest", clock)
    for _ in range(6):
        assert mine.hold()
        assert not other.hold()
        clock.now += timedelta(seconds=lease.LENGTH_S / 2)

    assert mine.fence == 1


def test_a_lease_that_is_let_go_is_free_at_once(ledger, clock):
    """No waiting after a clean end; the first can take it again, with a higher fence."""
    first, second = Lease(ledger, "ingest", clock), Lease(ledger, "ingest", clock)
    assert first.hold()
    first.release()
    assert second.hold()
    second.release()

    assert first.hold()
    assert first.fence == 3


def test_of_many_at_once_one_gets_it(ledger, clock):
    """Eight threads ask in the same moment: one holds it."""
    asking = [Lease(ledger, "ingest", clock) for _ in range(8)]
    held = []
    threads = [threading.Thread(target=lambda one=one: held.append(one.hold())) for one in asking]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(held) == [False] * 7 + [True]


def test_names_do_not_touch_each_other(ledger, clock):
    """Two names, two owners."""
    assert Lease(ledger, "a", clock).hold()
    assert Lease(ledger, "b", clock).hold()


def test_a_ledger_that_fails_ends_the_lease_and_nothing_else(ledger, clock, monkeypatch):
    """While the ledger is away the owner goes on for as long as its stopwatch allows."""
    mine = Lease(ledger, "ingest", clock)
    assert mine.hold()
    monkeypatch.setattr(lease, "RENEWAL_S", -1)
    monkeypatch.setattr(type(ledger), "transaction", None)

    assert mine.hold()
    monkeypatch.setattr(lease, "MARGIN_S", lease.LENGTH_S)
    assert not mine.hold()
