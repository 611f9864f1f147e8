"""A book to be billed: an organization with its catalogue, customers, subscriptions and usage.

The catalogue and one customer are made by the product's own verbs; all other customers are copies
of that one, written in bulk, each with a subscription. Usage goes straight into the warehouse.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
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
from sql.ledger import Ledger
from sql.warehouse import Warehouse, open_warehouse
from sql.work import Work

PLANS = 10
"""Plans with prices of their own, to which the subscriptions are spread."""

ZONES = ("UTC", "Europe/Paris", "America/New_York", "Asia/Tokyo")
"""Where customers live, in turn."""

USED_AT = events.START + timedelta(days=30, hours=12)
"""The last noon of the month: everywhere in ZONES it is the same day."""

BILLED_AT = USED_AT + timedelta(days=1)
"""The noon at which the month is billed."""

IDLE_AT = BILLED_AT + timedelta(days=1)
"""A noon at which nothing is due."""

CURRENCY = "USD"
METRICS = (
    ("calls", "count_agg", None), ("traffic", "sum_agg", "size"), ("peak", "max_agg", "level"),
    ("users", "unique_count_agg", "user"), ("seats", "latest_agg", "level"),
)  # fmt: skip
"""The five metrics: code, how events become a quantity, and of which property."""


class Stores(Struct, frozen=True, kw_only=True):
    """Where a book is kept."""

    ledger_url: str
    warehouse_url: str


class Opened(Struct, frozen=True, kw_only=True):
    """Who a book belongs to."""

    organization: str
    key: str
    taker: str
    """The key of an organization without a book, to which events are sent."""


@contextmanager
def desk(stores: Stores) -> Iterator[Desk]:
    """Open both stores of a book."""
    ledger, warehouse = Ledger(stores.ledger_url), open_warehouse(stores.warehouse_url)
    try:
        yield Desk(ledger, warehouse, b"", lambda: USED_AT)
    finally:
        warehouse.close()
        ledger.close()


def write(at: Desk, organization: str, sizes: Sizes) -> Opened:
    """Write all of a book but its usage, its clock standing at USED_AT."""
    book = _open(at, organization, "Bench", events.START)
    taker = _open(at, ids.new(), "Taker", None)
    with at.begin(book.id) as work:
        _subscribe(work, sizes.subscriptions, _plans(work))
    move(at, book.id, USED_AT)
    return Opened(organization=book.id, key=book.api_key, taker=taker.api_key)


def use(warehouse: Warehouse, organization: str, sizes: Sizes) -> None:
    """Write a month of usage, subscription number n being stream n.

    It is put in order, as a server would have done during that month.
    """
    warehouse.append({"streams": events.streams(organization, sizes.subscriptions)}, "bench")
    for place, made in enumerate(events.slices(sizes.events, sizes.subscriptions)):
        warehouse.append({"events": events.stored(made)}, f"bench-{place}")
    while warehouse.tidy() or warehouse.tidy():  # the second call finds that nothing came since
        pass


def move(at: Desk, organization: str, now: datetime) -> None:
    """Move the clock of a book."""
    with at.begin(organization) as work:
        organizations.set_clock(work, TestClockInput(now=now))


def _open(at: Desk, id: str, name: str, clock: datetime | None) -> organizations.OpenedOrganization:
    with at.begin(id) as work:
        asked = OrganizationInput(name=name, default_currency=CURRENCY, test_clock=clock)
        return organizations.create(work, asked)


def _plans(work: Work) -> list[str]:
    """Define a tax, five metrics, and the plans, whose ids are returned."""
    taxes.create(
        work, _said(TaxInput, name="VAT", code="vat", rate="20", applied_to_organization=True)
    )
    counted = [
        metrics.create(
            work,
            _said(
                BillableMetricInput, name=code, code=code, aggregation_type=kind, field_name=field
            ),
        ).id
        for code, kind, field in METRICS
    ]
    return [plans.create(work, _plan(number, counted)).id for number in range(PLANS)]


def _plan(number: int, counted: list[str]) -> PlanInput:
    """A monthly plan in arrears: five charges under four models, dearer from plan to plan."""
    rate = f"0.{number + 1:03}"
    ranges = [
        {"from_value": 0, "to_value": 10, "per_unit_amount": rate, "flat_amount": "1"},
        {"from_value": 10, "to_value": None, "per_unit_amount": "0.0015", "flat_amount": "0"},
    ]
    priced: list[tuple[str, dict[str, Any]]] = [
        ("standard", {"amount": rate}),
        ("graduated", {"graduated_ranges": ranges}),
        ("package", {"amount": "2.50", "package_size": 100, "free_units": 50}),
        ("volume", {"volume_ranges": ranges}),
        ("standard", {"amount": "0.07"}),
    ]
    charges = [
        {"billable_metric_id": metric, "charge_model": model, "properties": properties}
        for metric, (model, properties) in zip(counted, priced, strict=True)
    ]
    return _said(
        PlanInput, name=f"Plan {number}", code=f"plan-{number}", interval="monthly",
        amount_cents=4_900, amount_currency=CURRENCY, pay_in_advance=False, charges=charges,
    )  # fmt: skip


def _subscribe(work: Work, count: int, plan_ids: list[str]) -> None:
    """Subscribe as many customers: the first by the verbs, the others as copies of it."""
    customers.upsert(work, _said(CustomerInput, external_id="cus-1", currency=CURRENCY))
    asked = {"external_customer_id": "cus-1", "plan_code": "plan-0", "external_id": "sub-1"}
    cycle.subscribe(work, _said(SubscriptionInput, **asked))
    owners = _copies(work, customers.customers, count).with_columns(
        external_id=pl.format("cus-{}", "number"),
        sequential_id="number",
        slug=pl.format("cus-{}", "number"),
        timezone=pl.lit(pl.Series(ZONES)).gather(pl.col("number") % len(ZONES)),
    )
    made = _copies(work, subscriptions.subscriptions, count).with_columns(
        external_id=pl.format("sub-{}", "number"),
        customer_id=owners["id"],
        plan_id=pl.lit(pl.Series(plan_ids)).gather(pl.col("number") % len(plan_ids)),
    )
    work.rows.load(customers.customers, owners.drop("number"))
    work.rows.load(subscriptions.subscriptions, made.drop("number"))


def _copies(work: Work, table: Any, count: int) -> pl.DataFrame:
    """Return copies of the one row that a table has, each with an id and its `number`, from 2."""
    row = work.rows.frame(table.select()).drop("sequence")
    assert row.height == 1, f"{table.name} has more than the row to copy"
    numbers = pl.int_range(2, count + 1, dtype=pl.Int64, eager=True).alias("number").to_frame()
    return numbers.join(row, how="cross").with_columns(id=columns.ids(count - 1))


def _said(kind: Any, **fields: Any) -> Any:
    """Read a request as the doors do."""
    return msgspec.convert(fields, kind)
