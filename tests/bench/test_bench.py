"""The bench at tiny sizes, in real processes: every name is there, with its size and its floor."""

from collections.abc import Iterator

import msgspec
import polars as pl
import pytest
from click.testing import CliRunner

from api.commands.bench import events
from api.commands.bench.command import bench
from api.commands.bench.report import NAMES
from api.commands.bench.run import Report, Run, report
from api.commands.bench.sizes import FULL, SMALL, Sizes

TINY = Sizes(
    subscriptions=40, events=2_000, json_events=300, json_body=100, arrow_events=300,
    arrow_body=100, singles=24, connections=4, usages=4, rounds=1,
)  # fmt: skip

ALONE = {"bill_run_twice", "bill_run_idle_ms"}
"""What is measured against itself, and has no floor."""

PER_LEDGER = {"bill_run_s", "bill_run_invoices_per_s", "peak_rss_mb"}


@pytest.fixture(scope="module")
def made() -> Report:
    """One run on both warehouses; SQLite and PostgreSQL are billed on."""
    said: list[str] = []
    found = report(Run(sizes=TINY), said.append)
    assert any("PostgreSQL" in each for each in said)
    return found
