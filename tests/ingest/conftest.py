"""A shift on every warehouse: what the doors give to the verbs that write events."""

from collections.abc import Iterator

import pytest

import ingest
from metering.measures import ids
from sql.warehouse import Warehouse
from sql.work import Principal, Shift, Work
from tests.conftest import NOW


def shift_of(warehouse: Warehouse, organization: str = "") -> Shift:
    """A shift of a new organization, at `NOW`, that can begin no work: events need none."""
    said = {
        "organization": organization or ids.new(), "now": NOW, "warehouse": warehouse,
        "principal": Principal(kind="api_key"),
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
