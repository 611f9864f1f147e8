"""The scheduler: runs the jobs of live organizations, where it leads.

On PostgreSQL any number of processes may serve; the scheduler runs in the one that holds a latch
in the ledger, and another takes over when that one ends. Each job claims its rows all the same:
for a moment, two may believe that they lead.
"""

import logging
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

from apscheduler.schedulers.background import BackgroundScheduler

from api import idempotency, jobs, outbox
from api.desk import Desk
from api.keys import SERVER
from billing import organizations
from ingest import sources
from ingest.sources import Source
from metering.measures.refusals import Busy
from sql.latch import Latch
from sql.outbox import waiting

log = logging.getLogger("invora.scheduler")

JOBS_SECONDS = 60.0
"""How often the jobs of every live organization are run."""

DRAIN_SECONDS = 1.0
"""How often it is asked whether an outbox has something to see to."""

TIDY_SECONDS = 2.0
"""How often the warehouse may put in order what has come; it is idle if nothing came since."""

PULL_SECONDS = 1.0
"""How often each source is asked what came since."""

PURGE_SECONDS = 3600.0
"""How often what was kept for a day only is removed."""

LEAD_SECONDS = 1.0
"""How often a process asks whether it leads."""


class Scheduler:
    """Runs jobs, drains and purges on threads of its own, for as long as this process leads."""

    def __init__(
        self,
        desk: Desk,
        *,
        pulled: Sequence[Source] = (),
        jobs_seconds: float = JOBS_SECONDS,
        drain_seconds: float = DRAIN_SECONDS,
        lead_seconds: float = LEAD_SECONDS,
        pull_seconds: float = PULL_SECONDS,
    ) -> None:
        self._desk = desk
        self._sources = pulled
        self._latch = Latch(desk.ledger, "scheduler")
        self._lead_seconds = lead_seconds
        self._stopping = threading.Event()
        self._leading = threading.Event()
        self._leader = threading.Thread(target=self._lead, name="leader", daemon=True)
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        for do, seconds in (
            (self.run_jobs, jobs_seconds),
            (self.bill_events, drain_seconds),
            (self.check_usage, drain_seconds),
            (self.drain, drain_seconds),
            (self.tidy, TIDY_SECONDS),
            (self.purge, PURGE_SECONDS),
            *((partial(self.pull, source), pull_seconds) for source in pulled),
        ):
            # The first run is at once: a server that was down for a night has something to do.
            at_once = datetime.now(UTC)
            self._scheduler.add_job(do, "interval", seconds=seconds, next_run_time=at_once)

    @property
    def leads(self) -> bool:
        """Whether this is the process whose scheduler runs."""
        return self._leading.is_set()

    def start(self) -> None:
        """Start, paused until this process leads."""
        self._scheduler.start(paused=True)
        self._leader.start()

    def stop(self) -> None:
        """Stop when what is under way has ended, and let another process lead. Safe to repeat."""
        if self._stopping.is_set():
            return
        self._stopping.set()
        self._leader.join()
        self._leading.clear()
        self._scheduler.shutdown(wait=True)
        for source in self._sources:
            source.close()
        self._latch.release()

    def _lead(self) -> None:
        while True:
            try:
                leads = self._latch.take()
            except Exception:
                log.exception("the ledger does not say who leads")
                leads = False
            if leads and not self.leads:
                log.info("this process leads: its scheduler runs")
                self._leading.set()
                self._scheduler.resume()
            elif self.leads and not leads:
                log.warning("this process leads no longer: its scheduler pauses")
                self._leading.clear()
                self._scheduler.pause()
            if self._stopping.wait(self._lead_seconds):
                return

    def run_jobs(self) -> None:
        """Run every job of every organization that lives by the real clock."""
        for organization in self._live():
            for job in jobs.JOBS:
                if not self.leads or self._stopping.is_set():
                    return
                try:
                    jobs.do(job, partial(self._desk.begin, organization))
                except Exception:  # one job's failure keeps no other from its work
                    log.exception("job %s failed for %s", job.name, organization)

    def tidy(self) -> None:
        """Put events in order that readers would search for long."""
        self._desk.warehouse.tidy()

    def bill_events(self) -> None:
        """Bill what live organizations are to be paid for at once."""
        self._do("events", self._desk.unpaid())

    def check_usage(self) -> None:
        """Invoice usage of live organizations that has passed a threshold."""
        self._do("usage", self._desk.unchecked())

    def _do(self, job: str, found: Sequence[str]) -> None:
        """Run one job of those organizations that live by the real clock."""
        live = set(self._live()) if found else ()
        for organization in (each for each in found if each in live):
            if not self.leads or self._stopping.is_set():
                return
            try:
                jobs.do(jobs.named(job, jobs.JOBS), partial(self._desk.begin, organization))
            except Exception:
                log.exception("job %s failed for %s", job, organization)

    def drain(self) -> None:
        """Drain the outboxes of live organizations."""
        with self._desk.ledger.snapshot(SERVER) as rows:
            found = waiting(rows, list(outbox.HANDLERS), self._desk.clock())
        live = set(self._live()) if found else ()
        for organization in (each for each in found if each in live):
            if not self.leads or self._stopping.is_set():
                return
            try:
                self._desk.drain(organization)
            except Exception:
                log.exception("the outbox of %s was not drained", organization)

    def purge(self) -> None:
        """Remove the answers to idempotency keys whose day is over, of every organization."""
        with self._desk.ledger.transaction(SERVER) as rows:
            idempotency.forget(rows, self._desk.clock())

    def pull(self, source: Source) -> None:
        """Store what came to a source. One that fails keeps no other from its events."""
        if not self.leads:
            return
        organization = source.place.organization
        try:
            with self._desk.ledger.snapshot(organization) as rows:
                is_known = organizations.in_rows(rows) is not None
            if not is_known:
                log.error("%s: there is no organization %s", source.place.url, organization)
                return
            shift = self._desk.shift(organization)
            sources.pull(shift, source, lambda: not self.leads or self._stopping.is_set())
        except Busy as refused:
            log.warning("%s is pulled from later: %s", source.place.url, refused)
        except Exception:
            log.exception("%s was not pulled from", source.place.url)

    def _live(self) -> list[str]:
        with self._desk.ledger.snapshot(SERVER) as rows:
            return organizations.live(rows)
