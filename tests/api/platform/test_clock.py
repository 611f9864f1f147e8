"""The clock of a sandbox, moved by hand, and what it sets going."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from api import jobs
from api.jobs import Job
from billing import organizations
from sql.ledger import outbox
from tests.api.platform.served import ADMIN
from tests.api.platform.test_calls import ThingTold

MARCH = "2024-03-01T00:00:00Z"


class Recorder:
    """Makes jobs that write down at which instant they ran."""

    def __init__(self):
        self.ran = []

    def job(self, name, *instants, then=None):
        """A job that is due at some instants, or never."""
        dues = sorted(datetime.fromisoformat(f"{instant}T00:00:00+00:00") for instant in instants)

        def run(begin):
            with begin() as work:
                self.ran.append((name, f"{work.now:%m-%d}"))
                if then is not None:
                    then(work)
            return 1

        def due(work, after):
            return next((instant for instant in dues if instant > after), None)

        return Job(name=name, run=run, due=due)

    def since(self):
        """What ran since this was last asked."""
        ran, self.ran = self.ran, []
        return ran


@pytest.fixture
def recorder():
    """Writes down what runs."""
    return Recorder()


def advance(served, key, to):
    return served.rest("POST", "/test_clock/advance", key, {"test_clock": {"to": to}})


def now(served, key):
    return served.rest("GET", "/test_clock", key).json()["test_clock"]["now"]


def test_to_advance_visits_the_instants_at_which_jobs_are_due(served, recorder, monkeypatch):
    """First what was passed over by hand, then each job at its day, in the order of days and jobs.

    What is due after the last instant stays; what is due at that very instant runs.
    """
    monkeypatch.setattr(jobs, "JOBS", [
        recorder.job("missed"),
        recorder.job("monthly", "2024-02-01", "2024-04-01", "2024-05-01", "2024-06-01"),
        recorder.job("weekly", "2024-03-29", "2024-04-01", "2024-06-02"),
    ])  # fmt: skip
    key = served.organization(MARCH)

    answer = advance(served, key, "2024-06-01T00:00:00Z")

    assert answer.json() == {"test_clock": {"now": "2024-06-01T00:00:00Z", "features": []}}
    assert recorder.since() == [
        ("missed", "03-01"), ("monthly", "03-01"), ("weekly", "03-01"),
        ("weekly", "03-29"), ("monthly", "04-01"), ("weekly", "04-01"),
        ("monthly", "05-01"), ("monthly", "06-01"),
    ]  # fmt: skip
    advance(served, key, "2024-06-01T12:00:00Z")
    assert recorder.since() == [("missed", "06-01"), ("monthly", "06-01"), ("weekly", "06-01")]


def test_a_year_of_nothing_is_not_a_year_of_hours(served, recorder, monkeypatch):
    """Ten years without anything due: every job runs once, at the start."""
    monkeypatch.setattr(jobs, "JOBS", [recorder.job("idle")])
    key = served.organization(MARCH)

    advance(served, key, "2034-03-01T00:00:00Z")

    assert recorder.since() == [("idle", "03-01")]
    assert now(served, key) == "2034-03-01T00:00:00Z"


def test_what_a_job_makes_due_at_once_is_seen_by_those_after_it(served, monkeypatch):
    """The first opens something on the first of April, which the second closes on that day."""
    opened, closed = [], []
    april = datetime(2024, 4, 1, tzinfo=UTC)

    def opening(begin):
        with begin() as work:
            if work.now == april:
                opened.append(work.now)
        return len(opened)

    def closing(begin):
        with begin() as work:
            closed.append(work.now)
        return 1

    def due(work, after):
        return next((instant for instant in opened if instant > after), None)

    monkeypatch.setattr(jobs, "JOBS", [
        Job(name="open", run=opening, due=lambda work, after: april if after < april else None),
        Job(name="close", run=closing, due=due),
    ])  # fmt: skip
    key = served.organization(MARCH)

    advance(served, key, "2024-05-01T00:00:00Z")

    assert closed == [april - timedelta(days=31), april]


def test_moved_by_hand_the_clock_runs_nothing(served, recorder, monkeypatch):
    """And `run` runs one job, by its name or by another that it has, and nothing else."""
    usage, other = recorder.job("usage", "2024-03-15"), recorder.job("other", "2024-03-15")
    monkeypatch.setattr(jobs, "JOBS", [usage, other])
    key = served.organization(MARCH)

    served.rest("PUT", "/test_clock", key, {"test_clock": {"now": "2024-04-01T00:00:00Z"}})
    assert (now(served, key), recorder.since()) == ("2024-04-01T00:00:00Z", [])

    for name in ("usage", "usage_refresh"):
        answer = served.rest("POST", "/test_clock/run", key, {"job": name})
        assert answer.json()["test_clock"]["now"] == "2024-04-01T00:00:00Z"
    assert recorder.since() == [("usage", "04-01")] * 2
    refused = served.rest("POST", "/test_clock/run", key, {"job": "nonsense"})
    assert refused.json()["error_details"] == {"job": ["value_is_invalid"]}
    served.rpc("TestClockService.Run", key, job="other")
    assert recorder.since() == [("other", "04-01")]


def test_the_clock_never_goes_back(served):
    """Neither by hand nor by advancing; standing still is allowed."""
    key = served.organization(MARCH)
    before = "2024-02-29T23:59:59Z"

    by_hand = served.rest("PUT", "/test_clock", key, {"test_clock": {"now": before}})
    assert by_hand.json()["error_details"] == {"now": ["value_is_out_of_range"]}
    assert advance(served, key, before).json()["error_details"] == {"to": ["value_is_out_of_range"]}
    assert advance(served, key, MARCH).status_code == 200
    assert now(served, key) == MARCH


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/test_clock", None),
        ("PUT", "/test_clock", {"test_clock": {"now": MARCH}}),
        ("POST", "/test_clock/run", {"job": "billing"}),
        ("POST", "/test_clock/advance", {"test_clock": {"to": MARCH}}),
    ],
)
def test_a_live_organization_has_no_clock(served, recorder, monkeypatch, method, path, body):
    """404 test_clock_not_found, and no job runs."""
    monkeypatch.setattr(jobs, "JOBS", [recorder.job("billing")])
    key = served.organization()

    refused = served.rest(method, path, key, body)

    assert (refused.status_code, refused.json()["code"]) == (404, "test_clock_not_found")
    assert recorder.since() == []


def test_one_call_at_a_time_runs_the_jobs_of_a_sandbox(served, monkeypatch):
    """While a job runs, a second call hears 429; another sandbox is not concerned."""
    key, other = served.organization(MARCH), served.organization(MARCH)
    mine = organizations.organization_of(key)
    begun, go_on = threading.Event(), threading.Event()

    def run(begin):
        with begin() as work:
            is_mine = work.organization == mine
        if is_mine:
            begun.set()
            assert go_on.wait(30)
        return 1

    monkeypatch.setattr(jobs, "JOBS", [Job(name="slow", run=run)])
    first = threading.Thread(
        target=served.rest, args=("POST", "/test_clock/run", key, {"job": "slow"})
    )
    first.start()
    assert begun.wait(30)
    refused = served.rest("POST", "/test_clock/run", key, {"job": "slow"})
    welcome = served.rest("POST", "/test_clock/run", other, {"job": "slow"})
    go_on.set()
    first.join()

    assert (refused.status_code, refused.json()["code"]) == (429, "test_clock_is_busy")
    assert welcome.status_code == 200


def test_a_job_that_fails_stops_the_clock_where_it_stands(served, recorder, monkeypatch):
    """It fails on the first of April: the clock stays there. Advanced again, it goes on to May."""
    failing = [True]

    def fail(work):
        assert not (failing and work.now.month == 4)

    monkeypatch.setattr(
        jobs, "JOBS", [recorder.job("fragile", "2024-04-01", "2024-05-01", then=fail)]
    )
    key = served.organization(MARCH)

    assert advance(served, key, "2024-06-01T00:00:00Z").status_code == 500
    assert now(served, key) == "2024-04-01T00:00:00Z"
    failing.clear()
    assert advance(served, key, "2024-06-01T00:00:00Z").status_code == 200
    assert recorder.since() == [
        ("fragile", "03-01"), ("fragile", "04-01"), ("fragile", "04-01"), ("fragile", "05-01"),
    ]  # fmt: skip


def test_to_advance_twice_by_one_key_runs_the_jobs_once(served, recorder, monkeypatch):
    """The second call has the first one's answer, although the clock could go on."""
    monkeypatch.setattr(jobs, "JOBS", [recorder.job("once", "2024-04-01")])
    key = served.organization(MARCH)
    body = {"test_clock": {"to": "2024-05-01T00:00:00Z"}}

    twice = [
        served.rest("POST", "/test_clock/advance", key, body, idempotency_key="k") for _ in "12"
    ]

    assert twice[0].json() == twice[1].json()
    assert twice[1].headers["idempotent-replayed"] == "true"
    assert recorder.since() == [("once", "03-01"), ("once", "04-01")]


def test_what_jobs_tell_is_seen_to_before_the_answer(served, recorder, monkeypatch):
    """A job tells a notice on each day: the activities are the system's, and no outbox row is left.

    They carry the instants of the sandbox, not of the real clock.
    """

    def tell(work):
        work.tell(ThingTold(organization=organizations.current(work)))

    monkeypatch.setattr(jobs, "JOBS", [recorder.job("teller", "2024-04-01", then=tell)])
    key = served.organization(MARCH)

    advance(served, key, "2024-05-01T00:00:00Z")

    path = "/activity_logs?activity_types[]=thing.told"
    logged = served.rest("GET", path, key).json()["activity_logs"]
    assert [row["logged_at"] for row in logged] == ["2024-04-01T00:00:00Z", MARCH]
    assert {row["activity_source"] for row in logged} == {"system"}
    with served.app.desk.look(organizations.organization_of(key)) as work:
        assert work.rows.count(outbox) == 0


def test_a_clock_moves_ten_years_at_once_and_no_further(served, recorder, monkeypatch):
    """Ten years and a day, or the year 9999, are refused by hand and by advancing; nothing runs."""
    monkeypatch.setattr(jobs, "JOBS", [recorder.job("weekly", "2024-04-01")])
    key = served.organization(MARCH)

    for to, code in (
        ("2034-03-03T00:00:00Z", "too_far_ahead"),
        ("2199-12-31T23:59:59Z", "too_far_ahead"),
        ("2200-01-01T00:00:00Z", "value_is_out_of_range"),
        ("9999-12-31T23:59:59Z", "value_is_out_of_range"),
        ("0001-01-01T00:00:00Z", "value_is_out_of_range"),
    ):
        by_hand = served.rest("PUT", "/test_clock", key, {"test_clock": {"now": to}})
        assert (by_hand.status_code, by_hand.json()["error_details"]) == (422, {"now": [code]})
        answer = advance(served, key, to)
        assert (answer.status_code, answer.json()["error_details"]) == (422, {"to": [code]})
    assert (now(served, key), recorder.since()) == (MARCH, [])

    assert advance(served, key, "2034-03-01T00:00:00Z").status_code == 200
    assert advance(served, key, "2044-03-01T00:00:00Z").status_code == 200


@pytest.mark.parametrize("clock", ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "2200-01-01"])
def test_a_sandbox_begins_between_1970_and_2199(served, clock):
    """An earlier or a later clock is refused by its field."""
    body = {"organization": {"name": "Acme", "test_clock": clock}}

    refused = served.rest("POST", "/organizations", ADMIN, body)

    assert refused.json()["error_details"] == {"test_clock": ["value_is_out_of_range"]}


@pytest.mark.parametrize("clock", ["1970-01-01T00:00:00Z", "2199-12-31T23:59:59Z"])
@pytest.mark.parametrize("report", ["gross_revenue", "invoiced_usage"])
def test_reports_reach_back_as_far_as_there_is_time(served, clock, report):
    """A hundred years of months under the earliest and under the latest clock."""
    key = served.organization(clock)

    for months in (1, 1199, 1200):
        answer = served.rest("GET", f"/analytics/{report}?months={months}", key)
        assert answer.status_code == 200, answer.text


JOBS = (
    "billing", "usage", "finalize", "terminate_ended", "activate_pending", "usage_refresh",
    "overdue", "dunning", "interval_topups", "terminate_expired", "vies_retry", "missed",
)  # fmt: skip


@pytest.mark.parametrize("name", JOBS)
def test_every_job_can_be_run_by_its_name(served, name):
    """A job answers with the clock as it stands, twice, whether or not there is anything to do."""
    key = served.organization(MARCH)

    for _ in range(2):
        answer = served.rest("POST", "/test_clock/run", key, {"job": name})
        assert (answer.status_code, answer.json()["test_clock"]["now"]) == (200, MARCH)
