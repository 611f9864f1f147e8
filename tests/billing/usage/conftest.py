"""A world on each pair of engines."""

import pytest

from sql.ledger import Ledger
from sql.warehouse import open_warehouse
from tests.billing.cycle.world import World
from tests.engines import new_ledger_url, new_warehouse_url


@pytest.fixture(params=[("sqlite", "duckdb"), ("postgresql", "chdb")], ids="-".join)
def world(request):
    ledger_kind, warehouse_kind = request.param
    ledger = Ledger(new_ledger_url(ledger_kind))
    warehouse = open_warehouse(new_warehouse_url(warehouse_kind))
    made = World(ledger, warehouse)
    yield made
    made.writer.close()
    warehouse.close()
    ledger.close()
