"""The bill run over a whole book, as the scheduler calls it, in a process of its own."""

import resource
import sys
import time
from collections.abc import Callable
from functools import partial

from msgspec import Struct

from api.commands.bench import book
from api.commands.bench.book import Stores
from api.commands.bench.process import ask, asked, tell
from billing import cycle

MEGABYTE = 1 << 20


class Billing(Struct, frozen=True, kw_only=True):
    """Whose month is billed."""

    stores: Stores
    organization: str


class Billed(Struct, frozen=True, kw_only=True):
    """What a bill run took."""

    invoices: int
    seconds: float
    cpu_seconds: float
    idle_seconds: float
    """What the same run takes on a day on which nothing is due."""
    base_mb: float
    """Memory before the run, with all that is imported and both stores open."""
    peak_mb: float


def billed(billing: Billing) -> Billed:
    """Bill a book, and return what that took."""
    return ask(__name__, billing, Billed)


def bill(billing: Billing) -> Billed:
    """Bill a book, here and now."""
    with book.desk(billing.stores) as at:
        run = partial(cycle.bill, partial(at.begin, billing.organization))
        book.move(at, billing.organization, book.BILLED_AT)
        base, spent = _memory(), time.process_time()
        invoices, seconds = _timed(run)
        spent, peak = time.process_time() - spent, _memory()
        book.move(at, billing.organization, book.IDLE_AT)
        none, idle = _timed(run)
        assert none == 0, f"{none} invoices on a day on which nothing is due"
    return Billed(
        invoices=invoices, seconds=seconds, cpu_seconds=spent, idle_seconds=idle,
        base_mb=base, peak_mb=peak,
    )  # fmt: skip


def _timed(run: Callable[[], int]) -> tuple[int, float]:
    started = time.perf_counter()
    done = run()
    return done, time.perf_counter() - started


def _memory() -> float:
    """The most memory that this process ever had, in megabytes."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most * (1 if sys.platform == "darwin" else 1024) / MEGABYTE


if __name__ == "__main__":
    tell(bill(asked(Billing)))
