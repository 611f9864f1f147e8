"""A book to be billed: an organization with its catalogue, customers, subscriptions and usage.

The catalogue and one customer are made by the product's own verbs; all other customers are copies
of that one, written in bulk, each with a subscription. Usage goes straight into the warehouse.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import polars as pl
from msgspec import Struct

from api.commands.bench import events
from api.commands.bench.sizes import Sizes
from api.desk import Desk
from billing import customers, cycle, organizations, plans, subscriptions, taxes
from billing.customers import CustomerInput
from billing.organizations import OrganizationInput, TestClockInput
from billing.plans import PlanInput
from billing.subscriptions import SubscriptionInput
from billing.taxes import TaxInput
from metering import columns, metrics
from metering.measures import ids
from metering.metrics import BillableMetricInput
from sql import migrate
from sql.ledger import Ledger, Rows
from sql.warehouse import Warehouse, open_warehouse
from sql.work import Work

PLANS = 10
"""Plans with prices of their own, to which the subscriptions are spread."""

ZONES = ("UTC", "Europe/Paris", "America/New_York", "Asia/Tokyo")
"""Where customers live, in turn."""

USED_AT = events.START + timedelta(days=30, hours=12)
"""The last noon of the month, everywhere in ZONES on the same day."""

BILLED_AT = events.START + events.MONTH + timedelta(hours=12)
"""The noon at which the month is billed."""

METRICS = (
    ("calls", "count_agg", None), ("traffic", "sum_agg", "size"), ("peak", "max_agg", "level"),
    ("users", "unique_count_agg", "user"), ("seats", "latest_agg", "level"),
)  # fmt: skip
"""The five metrics: code, how events become a quantity, and of which property."""

SECRET = b"a secret that signs nothing outside of a bench"


class Stores(Struct, frozen=True, kw_only=True):
    """Where a book is kept."""

    ledger_url: str
    warehouse_url: str


class Opened(Struct, frozen=True, kw_only=True):
    """The organization of a book, and one without anything that takes what is sent."""

    organization: str
    key: str
    taker: str
    """The key of an organization that lives by the real clock, and has no book."""


@contextmanager
def desk(stores: Stores) -> Iterator[Desk]:
    """Open both stores, and bring them up to date."""
    ledger, warehouse = Ledger(stores.ledger_url), open_warehouse(stores.warehouse_url)
    try:
        migrate.upgrade(ledger, warehouse)
        yield Desk(ledger, warehouse, SECRET, lambda: USED_AT)
    finally:
        warehouse.close()
        ledger.close()


def written(stores: Stores, sizes: Sizes, *, has_events: bool = True) -> Opened:
    """Write a book, its clock standing at USED_AT."""
    with desk(stores) as at:
        with at.begin(ids.new()) as work:
            asked = OrganizationInput(name="Bench", test_clock=events.START)
            opened = organizations.create(work, asked)
        with at.begin(ids.new()) as work:
            taker = organizations.create(work, OrganizationInput(name="Taker"))
        with at.begin(opened.id) as work:
            _catalogue(work)
            _copies(work, sizes.subscriptions)
        move(at, opened.id, USED_AT)
        with at.ledger.transaction(opened.id) as rows:
            _forget(rows)
        if has_events:
            _use(at.warehouse, opened.id, sizes)
        return Opened(organization=opened.id, key=opened.api_key, taker=taker.api_key)


def move(at: Desk, organization: str, now: datetime) -> None:
    """Move the clock of the book."""
    with at.begin(organization) as work:
        organizations.set_clock(work, TestClockInput(now=now))


def _catalogue(work: Work) -> None:
    """Define a tax, five metrics and the plans, and subscribe a first customer to each plan."""
    taxes.create(work, TaxInput(name="VAT", code="vat", rate="20", applied_to_organization=True))
