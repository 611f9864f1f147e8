"""A shift on every warehouse: what the doors give to the verbs that write events."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import pytest

import ingest
from metering.measures import ids
from sql.ledger import Ledger
from sql.warehouse import Warehouse
from sql.work import Principal, Shift, Work
from tests.conftest import NOW
from tests.engines import new_ledger_url


@cache
def metrics_ledger() -> Ledger:
    """Where the metrics would be that compute something of events."""
    return Ledger(new_ledger_url("sqlite"))


def shift_of(warehouse: Warehouse, organization: str = "") -> Shift:
    """A shift of a new organization without metrics, at `NOW`; it can begin no work that writes."""
    named = organization or ids.new()

    @contextmanager
    def look() -> Iterator[Work]:
        with metrics_ledger().snapshot(named) as rows:
            yield Work(organization=named, now=NOW, rows=rows, warehouse=warehouse)

    said = {
        "organization": named, "now": NOW, "warehouse": warehouse,
        "principal": Principal(kind="api_key"), "look": look,
    }  # fmt: skip
    return Shift(**{**dict.fromkeys(Shift.__struct_fields__), **said})  # type: ignore[arg-type]


def reading(shift: Shift) -> Work:
    """What the doors give to the verbs that read."""
    return Work(
        organization=shift.organization, now=shift.now, rows=None,  # type: ignore[arg-type]
        warehouse=shift.warehouse,
    )  # fmt: skip


@pytest.fixture
def shift(warehouse: Warehouse) -> Iterator[Shift]:
    """A shift of a new organization, and the warehouse's writer."""
    ingest.start(warehouse)
    yield shift_of(warehouse)
    ingest.stop(warehouse)
