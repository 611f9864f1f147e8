"""What the edge works at: both stores, and how a unit of work is begun, kept and followed up."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from api import consequences, outbox
from billing import cycle, organizations
from sql.latch import alone
from sql.ledger import Ledger, Rows
from sql.warehouse import Warehouse
from sql.work import Principal, Shift, Work

JOB = Principal(kind="job")


class Desk:
    """Begins every unit of work there is: for requests, for jobs and for drains."""

    def __init__(
        self, ledger: Ledger, warehouse: Warehouse, secret: bytes, clock: Callable[[], datetime]
    ) -> None:
        self.ledger = ledger
        self.warehouse = warehouse
        self.secret = secret
        self.clock = clock
        """The real one, in whole seconds."""
        self._live: set[str] = set()

    @contextmanager
    def begin(self, organization: str, principal: Principal = JOB) -> Iterator[Work]:
        """Begin a unit of work that writes: kept with all that it tells if the block ends well."""
        with self.ledger.transaction(organization) as rows:
            work = self._work(rows, principal)
            yield work
            consequences.keep(work)

    @contextmanager
    def look(self, organization: str, principal: Principal = JOB) -> Iterator[Work]:
        """Begin a unit of work that only reads."""
        with self.ledger.snapshot(organization) as rows:
            yield self._work(rows, principal)

    def shift(self, organization: str, principal: Principal = JOB) -> Shift:
        """Make what a verb of several units of work is given."""
        now = self.now(organization)
        return Shift(
            organization=organization,
            now=now,
            warehouse=self.warehouse,
            principal=principal,
            begin=lambda who=principal: self.begin(organization, who),
            look=lambda: self.look(organization, principal),
            alone=lambda name: alone(self.ledger, f"{organization}:{name}"),
            is_sandbox=organization not in self._live,
        )

    def now(self, organization: str) -> datetime:
        """Return an organization's now: the real one, or its clock's."""
        if organization in self._live:
            return self.clock()
        with self.ledger.snapshot(organization) as rows:
            return self._now(rows)

    def is_sandbox(self, organization: str) -> bool:
        """Whether an organization lives by a clock of its own. It does for good, or never."""
        if organization in self._live:
            return False
        with self.ledger.snapshot(organization) as rows:
            found = organizations.in_rows(rows)
        return found is not None and found.test_clock is not None

    def drain(self, organization: str) -> None:
        """See to what the last commits of an organization have put into its outbox."""
        outbox.drain(self.ledger, self.shift(organization), self.clock)

    def unpaid(self) -> list[str]:
        """Return the organizations that have events to be paid for at once."""
        with self.ledger.snapshot("") as rows:
            return cycle.behind(rows, self.warehouse.watermark())

    def unchecked(self) -> list[str]:
        """Return the organizations that have usage to be held against thresholds."""
        with self.ledger.snapshot("") as rows:
            return cycle.unchecked(rows, self.warehouse.watermark())

    def _work(self, rows: Rows, principal: Principal) -> Work:
        return Work(
            organization=rows.organization,
            now=self._now(rows),
            rows=rows,
            warehouse=self.warehouse,
            principal=principal,
            secret=self.secret,
        )

    def _now(self, rows: Rows) -> datetime:
        if rows.organization in self._live:
            return self.clock()
        found = organizations.in_rows(rows)
        if found is None:
            return self.clock()  # the server's own rows, or an organization about to be created
        if found.test_clock is None:
            self._live.add(rows.organization)
        return found.test_clock or self.clock()
