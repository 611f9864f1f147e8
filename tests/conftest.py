"""What every test may ask for: a ledger on each engine, and a unit of work in it."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

import billing.account
import billing.cycle  # noqa: F401
from billing import entities
from metering.measures import ids
from sql.ledger import Ledger
from sql.warehouse import Warehouse, open_warehouse
from sql.work import Work
from tests.engines import new_ledger_url, new_warehouse_url

NOW = datetime(2026, 1, 15, 10, 0, tzinfo=UTC)
"""The instant at which work happens in a test that does not care."""


@pytest.fixture(params=["sqlite", "postgresql"])
def ledger(request: pytest.FixtureRequest) -> Iterator[Ledger]:
    """An empty ledger, on both engines."""
    made = Ledger(new_ledger_url(request.param))
    yield made
    made.close()


@pytest.fixture(params=["duckdb", "chdb", "clickhouse"])
def warehouse(request: pytest.FixtureRequest) -> Iterator[Warehouse]:
    """An empty warehouse: on DuckDB, on ClickHouse in process, and on ClickHouse over HTTP."""
    made = open_warehouse(new_warehouse_url(request.param))
    yield made
    made.close()


@pytest.fixture
def work(ledger: Ledger) -> Iterator[Work]:
    """A unit of work of a new organization with its default entity."""
    with ledger.transaction(ids.new()) as rows:
        made = Work(organization=rows.organization, now=NOW, rows=rows, warehouse=None)  # type: ignore[arg-type]
        entities.open_default(made, "Invora", "EUR")
        yield made


def told(work: Work) -> list[str]:
    """The published names of what was told, in order."""
    return [told.notice.type for told in work.told]
