"""A live organization, whose time is the real one: the scheduler of the running app bills it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from api.call import real_now
from api.scheduler import Scheduler
from tests.stories.world import PAIRS, Server, World, make_app, running

FAST = {"jobs_seconds": 0.2, "drain_seconds": 0.2, "lead_seconds": 0.1}

SECONDS = 20


@contextmanager
def scheduled(pair: str, begins: datetime | None = None) -> Iterator[Server]:
    """Run the app with its scheduler, faster than it is; its clock may begin at another instant."""
    app = make_app(pair)
    app.scheduler = Scheduler(app.desk, **FAST)
    with running(app) as server:
        if begins is not None:
            shift = begins - real_now()
            app.desk.clock = lambda: real_now() + shift
        yield server


def until(found, seconds=SECONDS):
    """Look again and again, until something is there."""
    end = time.monotonic() + seconds
    while not (answer := found()) and time.monotonic() < end:
        time.sleep(0.1)
    return answer


def a_zone_where_it_is_day():
    """A time zone in which no day begins while a test runs."""
    return "UTC" if 2 <= datetime.now(UTC).hour < 21 else "Asia/Tokyo"


@pytest.mark.parametrize("pair", PAIRS)
def test_a_period_that_starts_today_is_billed_without_a_call(pair):
    """Weekly from the day of the start, which was three weeks ago: a week starts today.

    €10 and last week's 4 GB at €0.50 are €12.00, billed once. The two weeks before were over when
    the subscription was created, and are nobody's. The facts follow by themselves.
    """
    now = real_now()
    with scheduled(pair) as server:
        world = World(server, clock=None)
        metric = world.metric()
        ada = world.customer(timezone=a_zone_where_it_is_day())
        plan = world.plan(metric, rate="0.50", interval="weekly")
        for days, size in ((3, "4"), (10, "100")):
            at = str(int((now - timedelta(days=days)).timestamp()))
            world.uses("ada", metric, size, timestamp=at)
        world.subscribe(
            ada, plan, external_id="ada", billing_time="anniversary",
            subscription_at=(now - timedelta(days=21)).isoformat(),
        )  # fmt: skip

        time.sleep(1.5)  # in which nobody asks for anything

        (invoice,) = until(world.invoices)
        assert (invoice["status"], invoice["total_amount_cents"]) == ("finalized", 1_200)
        report = "ObservabilityService.GrossRevenues"
        (earned,) = until(lambda: world.ask(report)["gross_revenues"])
        assert earned["amount_cents"] == 1_200
        time.sleep(1)  # in which the job runs five times more
        assert len(world.invoices()) == 1
        activities = world.ask("LogService.ListActivityLogs", activity_types=["invoice.created"])
        (billed,) = activities["activity_logs"]
        assert billed["activity_source"] == "system"


@pytest.mark.parametrize("pair", PAIRS)
def test_a_month_that_ends_while_the_app_runs_is_billed_without_a_call(pair):
    """The app's clock, which nobody moves, begins six seconds before February of 2026.

    Subscribed in January, at 23:59:5x, to €31 a month: one day of thirty-one is €1.00.
    """
    with scheduled(pair, datetime(2026, 1, 31, 23, 59, 54, tzinfo=UTC)) as server:
        world = World(server, clock=None)
        ada = world.customer()
        world.subscribe(ada, world.plan(amount_cents=3_100))
        seen = world.ask("SubscriptionService.List")["subscriptions"][0]["started_at"]
        early = world.invoices()

        (invoice,) = until(world.invoices)

        assert seen.startswith("2026-01-31T23:59:5")
        assert early == []
        assert (invoice["issuing_date"], invoice["total_amount_cents"]) == ("2026-02-01", 100)


@pytest.mark.parametrize("pair", PAIRS)
def test_the_scheduler_leaves_a_sandbox_alone(pair):
    """What a sandbox's clock was moved past by hand waits for somebody to run the job."""
    with scheduled(pair) as server:
        world = World(server)
        world.subscribe(world.customer(), world.plan())
        world.ask("TestClockService.Set", test_clock={"now": "2026-02-01T00:00:00Z"})

        time.sleep(1)

        assert world.invoices() == []
        world.ask("TestClockService.Run", job="billing")
        assert len(world.invoices()) == 1
