"""The jobs of the clock, by name, and how a sandbox's clock is made to run them."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta
from functools import partial

from msgspec import Struct

from api.patience import persist
from billing import cycle, organizations
from billing.organizations import TestClock, TestClockAdvance, TestClockInput
from metering.measures.refusals import Busy, Invalid
from sql.work import Principal, Shift, Work

Begin = Callable[[], AbstractContextManager[Work]]
"""Begins one unit of work; it is kept if the block ends well."""

SECOND = timedelta(seconds=1)


def idle(begin: Begin) -> int:
    """Do nothing: what such a job would see to is kept by no room, so there never is any.

    These are payments that are late (`overdue`, `dunning`: no payment is recorded, so none is known
    to be missing), wallets to be topped up or ended (`interval_topups`, `terminate_expired`) and
    tax numbers to be looked up (`vies_retry`).
    """
    return 0


class Job(Struct, frozen=True, kw_only=True):
    """Something that the clock makes happen. It may run twice: the second time finds nothing."""

    name: str
    run: Callable[[Begin], int] = idle
    """Do all there is to do now, in as many units of work as it takes, and say how much it was."""
    due: Callable[[Work, datetime], datetime | None] = lambda work, after: None
    """The first instant after another at which there will be something to do, if that is known."""


def _due(job: str, work: Work, after: datetime) -> datetime | None:
    return cycle.next_due(work, job, after)


JOBS: list[Job] = [
    Job(name="events", run=cycle.bill_events),
    Job(name="missed", run=cycle.bill_missed),
    Job(
        name="terminate_ended",
        run=cycle.end_subscriptions,
        due=partial(_due, "terminate_ended"),
    ),
    Job(
        name="activate_pending",
        run=cycle.start_pending,
        due=partial(_due, "activate_pending"),
    ),
    Job(name="billing", run=cycle.bill, due=partial(_due, "billing")),
    Job(name="finalize", run=cycle.finalize_due, due=partial(_due, "finalize")),
    Job(name="usage", run=cycle.bill_usage),
    Job(name="overdue"),
    Job(name="dunning"),
    Job(name="interval_topups"),
    Job(name="terminate_expired"),
    Job(name="vies_retry"),
]
"""All jobs, in the order in which they run at one instant. A script that calls them in their turn
runs as it is, also where one that does nothing is among them."""

ALIASES = {"usage_refresh": "usage"}
"""Other names that jobs are known by."""


def named(name: str, jobs: Sequence[Job]) -> Job:
    """Return one job.

    Raises: Invalid `job: value_is_invalid`.
    """
    wanted = ALIASES.get(name, name)
    if (found := next((job for job in jobs if job.name == wanted), None)) is None:
        raise Invalid(job="value_is_invalid")
    return found


def do(job: Job, begin: Begin) -> int:
    """Run one job now, again if others were in its way, and return how much it did."""
    return persist(partial(job.run, begin), job.name)


def run(shift: Shift, job: str) -> TestClock:
    """Run one scheduled job now, in a sandbox. `billing` also bills trials that end.

    Raises: Missing `test_clock_not_found` on a live organization; Invalid `job: value_is_invalid`;
    Busy `test_clock_is_busy` while another call runs jobs.
    """
    wanted = named(job, JOBS)
    with _clock(shift):
        do(wanted, _begin(shift))
        return _shown(shift)


def advance(shift: Shift, test_clock: TestClockAdvance) -> TestClock:
    """Move the clock of this sandbox, and run in order of time every job that falls due on the way.

    Only instants at which a job is due are visited. What the clock was moved past by hand is seen
    to first.

    Raises: Missing `test_clock_not_found` on a live organization; Invalid
    `to: value_is_out_of_range` when it would go back, or beyond the years 1970 to 2199, and
    `to: too_far_ahead` beyond ten years; Busy `test_clock_is_busy`.
    """
    with _clock(shift) as at:
        if code := organizations.unmovable(at, test_clock.to):
            raise Invalid(to=code)
        for job in JOBS:
            do(job, _begin(shift))
        while (due := _next(shift, at, test_clock.to)) is not None:
            at = due
            _move(shift, at)
            for job in JOBS:
                if _is_due(shift, job, at):
                    do(job, _begin(shift))
        _move(shift, test_clock.to)
        return _shown(shift)


def _begin(shift: Shift) -> Begin:
    """What jobs do is theirs, whoever made them run."""
    return partial(shift.begin, Principal(kind="job"))


@contextmanager
def _clock(shift: Shift) -> Iterator[datetime]:
    """Be the only one to run this sandbox's jobs, from the instant at which its clock stands."""
    with shift.look() as work:
        at = organizations.clock(work).now
    with shift.alone("jobs") as mine:
        if not mine:
            raise Busy("test_clock_is_busy", "Another call is running jobs: wait for its answer.")
        yield at


def _next(shift: Shift, at: datetime, to: datetime) -> datetime | None:
    """The next instant, no later than `to`, at which some job is due."""
    with shift.look() as work:
        found = [job.due(work, at) for job in JOBS]
    return min((due for due in found if due is not None and at < due <= to), default=None)


def _is_due(shift: Shift, job: Job, at: datetime) -> bool:
    """Whether a job is due at this instant, now that those before it have run."""
    with shift.look() as work:
        return job.due(work, at - SECOND) == at


def _move(shift: Shift, at: datetime) -> None:
    with shift.begin() as work:
        organizations.set_clock(work, TestClockInput(now=at))


def _shown(shift: Shift) -> TestClock:
    with shift.look() as work:
        return organizations.clock(work)
