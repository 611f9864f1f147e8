"""The scheduler: runs what is due for live organizations, in one process at a time."""

import logging
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import pytest

from analytics.logs import request_logs
from api import jobs
from api.call import real_now
from api.desk import Desk
from api.jobs import Job
from api.scheduler import Scheduler
from billing import organizations
from billing.organizations import OrganizationInput
from metering.measures import ids
from sql.ledger import Ledger, outbox
from tests.api.platform.beating import beat
from tests.api.platform.test_calls import ThingTold
from tests.engines import new_ledger_url

ROOT = Path(__file__).parents[3]


@pytest.fixture
def desk(ledger):
    """A desk at an empty ledger."""
    return Desk(ledger, None, b"s" * 32, real_now)


def opened(desk, clock=None):
    """Open an organization and return its id."""
    with desk.begin(ids.new()) as work:
        organizations.create(work, OrganizationInput(name="Acme", test_clock=clock))
        return work.organization


def beats(ledger, organization):
    """The names that the job wrote, in order."""
    with ledger.snapshot(organization) as rows:
        return [row.request_id for row in rows.rows(request_logs.select())]


def until(holds, seconds=20.0):
    """Wait until something holds, and say whether it came to that."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.02)
    return False


@contextmanager
def running(desk, **seconds):
    """Run a fast scheduler for the length of a block."""
    said = {"jobs_seconds": 0.1, "drain_seconds": 0.1, "lead_seconds": 0.05}
    scheduler = Scheduler(desk, **{**said, **seconds})
    scheduler.start()
    try:
        yield scheduler
    finally:
        scheduler.stop()


def test_it_runs_the_jobs_of_live_organizations_again_and_again(desk, monkeypatch):
    """Two live ones are served three times and more; a sandbox, whose time is its own, never."""
    monkeypatch.setattr(jobs, "JOBS", [beat("job")])
    live, other = opened(desk), opened(desk)
    sandbox = opened(desk, real_now())

    with running(desk):
        assert until(lambda: min(len(beats(desk.ledger, each)) for each in (live, other)) >= 3)

    assert beats(desk.ledger, sandbox) == []
    after = len(beats(desk.ledger, live))
    time.sleep(0.3)
    assert len(beats(desk.ledger, live)) == after


def test_one_jobs_failure_keeps_no_other_from_its_work(desk, monkeypatch, caplog):
    """The first fails for everybody, each time: the second runs all the same; the log says so."""

    def fail(begin):
        raise ValueError("broken")

    monkeypatch.setattr(jobs, "JOBS", [Job(name="broken", run=fail), beat("job")])
    live, other = opened(desk), opened(desk)

    with caplog.at_level(logging.ERROR), running(desk):
        assert until(lambda: beats(desk.ledger, live) and beats(desk.ledger, other))

    assert f"job broken failed for {live}" in caplog.text


def test_it_drains_the_outboxes_of_live_organizations_alone(desk, monkeypatch):
    """A sandbox's is seen to by its own requests: its row is still there."""
    monkeypatch.setattr(jobs, "JOBS", [])
    live, sandbox = opened(desk), opened(desk, real_now())
    for each in (live, sandbox):
        with desk.begin(each) as work:
            work.tell(ThingTold(organization=organizations.current(work)))

    def left(organization):
        with desk.look(organization) as work:
            return work.rows.count(outbox)

    with running(desk):
        assert until(lambda: left(live) == 0)
    assert left(sandbox) == 1


def test_it_stops_between_two_jobs(desk, monkeypatch):
    """Told to stop while the first job runs, it lets that end and does not begin the second."""
    begun, go_on, ran = threading.Event(), threading.Event(), []

    def slow(begin):
        begun.set()
        assert go_on.wait(30)
        ran.append("slow")
        return 1

    monkeypatch.setattr(jobs, "JOBS", [
        Job(name="slow", run=slow), Job(name="next", run=lambda begin: ran.append("next") or 1),
    ])  # fmt: skip
    opened(desk)
    with running(desk) as scheduler:
        assert begun.wait(30)
        stopping = threading.Thread(target=scheduler.stop)
        stopping.start()
        assert until(lambda: not scheduler.leads)
        go_on.set()
        stopping.join()

    assert ran == ["slow"]


def test_of_two_schedulers_one_runs(desk, monkeypatch):
    """The second begins when the first has stopped."""
    monkeypatch.setattr(jobs, "JOBS", [])

    with running(desk) as second:
        assert until(lambda: second.leads)
        with running(Desk(desk.ledger, None, b"s" * 32, real_now)) as first:
            time.sleep(0.3)
            assert (first.leads, second.leads) == (False, True)
            second.stop()
            assert until(lambda: first.leads)


def test_of_two_processes_one_runs_and_the_other_takes_over_when_it_dies():
    """On PostgreSQL: the first to start writes, is killed, and the second writes; never both.

    The rows fall into two runs, one per process.
    """
    url = new_ledger_url("postgresql")
    ledger = Ledger(url)
    live = opened(Desk(ledger, None, b"s" * 32, real_now))
    started = []
    try:
        for name in ("one", "two"):
            command = [sys.executable, "-m", "tests.api.platform.beating", url, name]
            process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
            started.append(process)
            assert process.stdout.readline() == "started\n"
            if name == "one":
                assert until(lambda: len(beats(ledger, live)) >= 3)
        before = len(beats(ledger, live))
        assert until(lambda: len(beats(ledger, live)) >= before + 5)
        assert set(beats(ledger, live)) == {"one"}

        started[0].send_signal(signal.SIGKILL)
        started[0].wait()
        assert until(lambda: beats(ledger, live)[-1] == "two")
        assert until(lambda: beats(ledger, live).count("two") >= 3)
    finally:
        for process in started:
            process.kill()
            process.communicate()

    rows = beats(ledger, live)
    assert rows == ["one"] * rows.count("one") + ["two"] * rows.count("two")
    ledger.close()
