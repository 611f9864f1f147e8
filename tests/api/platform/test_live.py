"""A live organization is billed by the clock, and by nobody's call."""

import threading
from datetime import UTC, datetime
from functools import partial

import pytest

from api import jobs
from api.scheduler import Scheduler
from billing import organizations
from tests.api.platform.served import open_app, serving
from tests.api.platform.test_scheduler import until

JANUARY = datetime(2026, 1, 15, 10, tzinfo=UTC)
FEBRUARY = datetime(2026, 2, 1, 0, 5, tzinfo=UTC)


@pytest.fixture(params=["sqlite", "postgresql"])
def subscribed(request):
    """A live organization with one subscription to a plan of EUR 10 a month, since January.

    Yields the served app, the key, and the instant that the app takes for the real one.
    """
    with open_app(request.param) as app, serving(app) as served:
        instant = [JANUARY]
        app.desk.clock = lambda: instant[0]
        key = served.organization()
        for path, body in (
            ("/plans", {"plan": {
                "name": "Basic", "code": "basic", "interval": "monthly", "amount_cents": 1000,
                "amount_currency": "EUR", "pay_in_advance": False, "charges": [],
            }}),
            ("/customers", {"customer": {"external_id": "c1", "currency": "EUR"}}),
            ("/subscriptions", {"subscription": {
                "external_customer_id": "c1", "plan_code": "basic", "external_id": "s1",
                "billing_time": "anniversary", "subscription_at": "2026-01-01T00:00:00Z",
            }}),
        ):  # fmt: skip
            answer = served.rest("POST", path, key, body)
            assert answer.status_code == 200, answer.text
        yield served, key, instant


def invoices(served, key):
    """What is billed."""
    return served.rest("GET", "/invoices", key).json()["invoices"]


def test_the_scheduler_bills_what_falls_due(subscribed):
    """Nothing in January; on the first of February one invoice of EUR 10, once and for all."""
    served, key, instant = subscribed
    scheduler = Scheduler(served.app.desk, jobs_seconds=0.1, lead_seconds=0.05)
    scheduler.start()
    try:
        assert not until(lambda: invoices(served, key), seconds=0.5)
        instant[0] = FEBRUARY
        assert until(lambda: invoices(served, key))
        assert not until(lambda: len(invoices(served, key)) > 1, seconds=0.5)
    finally:
        scheduler.stop()

    (invoice,) = invoices(served, key)
    assert (invoice["total_amount_cents"], invoice["status"]) == (1000, "finalized")
    path = "/activity_logs?activity_types[]=invoice.created"
    (activity,) = served.rest("GET", path, key).json()["activity_logs"]
    assert (activity["activity_source"], activity["resource_id"]) == ("system", invoice["id"])


def test_many_who_bill_at_once_bill_once(subscribed):
    """Eight run every job at the same time, as if each believed that it leads: one invoice."""
    served, key, instant = subscribed
    instant[0] = FEBRUARY
    begin = partial(served.app.desk.begin, organizations.organization_of(key))
    start, failures = threading.Barrier(8), []

    def run():
        start.wait()
        try:
            for job in jobs.JOBS:
                jobs.do(job, begin)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert [row["total_amount_cents"] for row in invoices(served, key)] == [1000]
