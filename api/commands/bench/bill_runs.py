"""The measures of the bill run: on SQLite, of the whole book and of half, and on PostgreSQL."""

import shutil
from collections.abc import Iterator, Sequence
from statistics import median

from api.commands.bench import billing, filling, process
from api.commands.bench.billing import Billed, Billing
from api.commands.bench.book import Stores
from api.commands.bench.filling import Filling
from api.commands.bench.floors.alone import Taken
from api.commands.bench.postgres import Postgres
from api.commands.bench.report import Floor, Measure, measure
from api.commands.bench.shelf import Bench, Shelf, filled


def measures(bench: Bench, whole: Shelf) -> Iterator[Measure]:
    """Bill half the book, then the whole."""
    half = filled(bench, "half", bench.sizes.half())
    bench.say("the bill run of half the book")
    halves, _ = _on_sqlite(half, bench.sizes.rounds)
    shutil.rmtree(half.folder)
    bench.say("the bill run")
    runs, billed = _on_sqlite(whole, bench.sizes.rounds)
    bare = [_copy(whole, f"bare-{number}") for number in range(bench.sizes.rounds)]
    alone = process.floor("bill_run", billed=billed, book=bare)
    yield from _billed(bench, runs, alone, "sqlite")
    seconds = median(run.seconds for run in halves)
    twice = [run.seconds / seconds for run in runs]
    yield measure("bill_run_twice", bench.place, twice, size=bench.book, ledger="sqlite")
    idle = [run.idle_seconds * 1_000 / bench.sizes.subscriptions for run in runs]
    yield measure("bill_run_idle_ms", bench.place, idle, size=bench.book, ledger="sqlite")
    if bench.postgres is not None:
        bench.say("the bill run on PostgreSQL")
        runs, alone = _on_postgres(bench, bench.postgres, whole)
        yield from _billed(bench, runs, alone, "postgresql")


def _billed(bench: Bench, runs: Sequence[Billed], bare: Taken, ledger: str) -> Iterator[Measure]:
    writing = [bare.amount / seconds for seconds in bare.seconds]
    seconds = [bench.sizes.subscriptions / rate for rate in writing]
    rates = [run.invoices / run.seconds for run in runs]
    for name, rounds, alone in (
        ("bill_run_s", [run.seconds for run in runs], seconds),
        ("bill_run_invoices_per_s", rates, writing),
    ):
        floor = Floor(name="bill_run", rounds=alone, settings=bare.settings)
        yield measure(name, bench.place, rounds, floor, size=bench.book, ledger=ledger)
    spent = [run.cpu_seconds for run in runs]
    yield measure("bill_run_cpu_s", bench.place, spent, size=bench.book, ledger=ledger)
    base = Floor(name="", rounds=[run.base_mb for run in runs])
    peaks = [run.peak_mb for run in runs]
    yield measure("peak_rss_mb", bench.place, peaks, base, size=bench.book, ledger=ledger)


def _on_sqlite(shelf: Shelf, rounds: int) -> tuple[list[Billed], str]:
    """Bill copies of a book, and return the last one too."""
    runs = []
    for _ in range(rounds):
        billed = _copy(shelf, "billed")
        runs.append(_bill(shelf, billed))
    return runs, billed


def _copy(shelf: Shelf, name: str) -> str:
    """Copy the ledger of a book, over an older copy."""
    return f"sqlite:///{shutil.copy(shelf.ledger, shelf.folder / name)}"


def _on_postgres(bench: Bench, postgres: Postgres, shelf: Shelf) -> tuple[list[Billed], Taken]:
    """Bill on PostgreSQL what the warehouse holds, then write the rows of the last run again."""
    name, rounds = f"bench_{bench.warehouse}", bench.sizes.rounds
    stores = Stores(ledger_url=postgres.create(name), warehouse_url=shelf.stores.warehouse_url)
    organization = shelf.opened.organization
    filling.filled(Filling(stores=stores, sizes=shelf.sizes, organization=organization))
    copies = [f"{name}_billed_{number}" for number in range(rounds)]
    runs = []
    for copy in copies:
        billed = postgres.create(copy, name)
        runs.append(_bill(shelf, billed))
    bare = [postgres.create(f"{name}_bare_{number}", name) for number in range(rounds)]
    taken = process.floor("bill_run", billed=billed, book=bare)
    postgres.clear()
    return runs, taken


def _bill(shelf: Shelf, ledger_url: str) -> Billed:
    stores = Stores(ledger_url=ledger_url, warehouse_url=shelf.stores.warehouse_url)
    run = billing.billed(Billing(stores=stores, organization=shelf.opened.organization))
    assert run.invoices == shelf.sizes.subscriptions, run
    return run
