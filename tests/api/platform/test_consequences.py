"""What a commit sets going: kept with the work, seen to after it, and never in its way."""

import threading
from datetime import timedelta
from decimal import Decimal as D

import polars as pl
import pytest

from analytics.logs import activity_logs
from api import outbox as drains
from api.call import real_now
from api.desk import Desk
from api.patience import persist
from billing import organizations, taxes
from metering.measures import ids
from metering.measures.refusals import Unavailable
from sql.ledger import Ledger, outbox
from tests.api.platform.test_calls import VAT, ThingTold
from tests.api.platform.test_scheduler import opened
from tests.conftest import NOW
from tests.engines import new_ledger_url


@pytest.fixture
def desk(ledger):
    """A desk at an empty ledger."""
    return Desk(ledger, None, b"s" * 32, real_now)


def test_what_is_told_of_many_is_kept_as_rows_of_each(desk):
    """Three invoices: a notice and an activity each; copied as facts, they leave no activity."""
    invoices = pl.Series("id", [ids.new() for _ in range(3)])
    organization = opened(desk, NOW)
    with desk.begin(organization) as work:
        work.tell_all("invoice.created", "invoice", invoices)
        work.copy("invoice", invoices)

    with desk.look(organization) as work:
        rows = work.rows.rows(outbox.select().order_by(outbox.c.sequence))
        logged = work.rows.rows(
            activity_logs.select().where(activity_logs.c.activity_type == "invoice.created")
        )
    assert [(row.topic, row.name, row.subject_id) for row in rows] == [
        *(("notice", "invoice.created", id) for id in invoices),
        *(("fact", "invoice", id) for id in invoices),
    ]
    assert {row.created_at for row in rows} == {row.logged_at for row in logged} == {NOW}
    assert [row.resource_id for row in logged] == invoices.to_list()
    assert {(row.resource_type, row.activity_source) for row in logged} == {("Invoice", "system")}
    assert {row.activity_object for row in logged} == {None}


def test_a_consequence_that_fails_does_not_undo_its_cause(served, monkeypatch, caplog):
    """The notice cannot be seen to: the tax is there all the same, and the row waits."""
    key = served.organization("2024-03-01T00:00:00Z")
    organization = organizations.organization_of(key)
    given = []

    def fail(shift, entries):
        given.append([entry.name for entry in entries])
        raise ConnectionError("no network")

    monkeypatch.setitem(drains.HANDLERS, "notice", fail)
    with served.app.desk.begin(organization) as work:
        work.tell(ThingTold(organization=organizations.current(work)))
    assert served.rest("POST", "/taxes", key, VAT).status_code == 200
    assert served.rest("DELETE", "/taxes/vat", key).status_code == 200

    assert given == [["thing.told"]]  # put off, it is not tried by every request
    assert "1 rows of topic notice were put off" in caplog.text
    monkeypatch.undo()
    with served.app.desk.begin(organization) as work:
        work.rows.change(outbox, leased_until=real_now() - timedelta(seconds=1))
    served.app.desk.drain(organization)
    with served.app.desk.look(organization) as work:
        assert work.rows.count(outbox) == 0


def test_a_drain_waits_for_another_that_is_at_the_same_rows(desk, monkeypatch):
    """Whoever drains second returns when the rows that the first had claimed are seen to."""
    begun, go_on, order = threading.Event(), threading.Event(), []

    def slow(shift, entries):
        begun.set()
        assert go_on.wait(30)
        order.append("seen to")

    monkeypatch.setitem(drains.HANDLERS, "notice", slow)
    organization = opened(desk, NOW)
    with desk.begin(organization) as work:
        work.tell(ThingTold(organization=organizations.current(work)))
    first = threading.Thread(target=desk.drain, args=[organization])
    second = threading.Thread(
        target=lambda: (desk.drain(organization), order.append("second returned"))
    )
    first.start()
    assert begun.wait(30)
    second.start()
    second.join(0.2)
    assert second.is_alive()
    go_on.set()
    first.join()
    second.join()

    assert order == ["seen to", "second returned"]


def test_an_event_waits_for_no_ledger(served):
    """While another transaction writes to the ledger, events of a live organization are taken."""
    key = served.organization()
    event = {"code": "calls", "external_subscription_id": "s1", "timestamp": 1767225600}

    def send(id):
        body = {"event": {**event, "transaction_id": id}}
        return served.rest("POST", "/events", key, body, idempotency_key="k").status_code

    assert send("t1") == 200
    with served.app.ledger.transaction(organizations.organization_of(key)):
        assert send("t2") == 200
    assert send("t2") == 422  # the event's identity is the key, whatever the header says
    logged = served.rest("GET", "/api_logs?request_paths[]=/v1/events", key).json()["api_logs"]
    assert logged == []


def test_what_another_transaction_made_fail_is_begun_again():
    """Two take two rows in opposite order: PostgreSQL ends one, which then succeeds."""
    ledger = Ledger(new_ledger_url("postgresql"))
    desk = Desk(ledger, None, b"s" * 32, real_now)
    organization = opened(desk)
    with desk.begin(organization) as work:
        for code in "ab":
            taxes.create(work, taxes.TaxInput(name=code, code=code, rate=D(1)))
    both = threading.Barrier(2)
    attempts = []

    def change(codes):
        met = []

        def once():
            attempts.append(codes)
            with ledger.transaction(organization) as rows:
                for code in codes:
                    rows.change(taxes.taxes, taxes.taxes.c.code == code, name=codes)
                    if not met:
                        met.append(both.wait(10))

        persist(once, "a test")

    threads = [threading.Thread(target=change, args=[codes]) for codes in ("ab", "ba")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(attempts) == 3
    with ledger.snapshot(organization) as rows:
        names = {row.name for row in rows.rows(taxes.taxes.select())}
    assert len(names) == 1
    ledger.close()


def test_what_fails_again_and_again_is_refused_for_now():
    """Six times in another's way: 503 lock_acquisition_failed. What is no such failure, at once."""
    ledger = Ledger(new_ledger_url("postgresql"))
    attempts = []

    def locked():
        attempts.append(1)
        with ledger.transaction("") as rows:
            rows.connection.exec_driver_sql("set local lock_timeout = '1ms'")
            rows.connection.exec_driver_sql("lock table taxes in exclusive mode")

    with ledger.transaction("") as rows:
        rows.connection.exec_driver_sql("lock table taxes in exclusive mode")
        with pytest.raises(Unavailable) as refused:
            persist(locked, "a test")
    with pytest.raises(ZeroDivisionError):
        persist(lambda: 1 // 0, "a test")

    assert (refused.value.code, len(attempts)) == ("lock_acquisition_failed", 6)
    ledger.close()
