"""One organization at one instant on one pair of engines, and the small catalogue it sells."""

from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal as D

import msgspec

from billing import (
    customers,
    cycle,
    entities,
    invoices,
    plans,
    taxes,
)
from billing.customers import CustomerInput
from billing.invoices import InvoiceQuery
from billing.plans import PlanInput
from billing.subscriptions import SubscriptionInput
from billing.taxes import TaxInput
from ingest import batch
from ingest.group import Group
from ingest.writer import Writer
from metering import metrics
from metering.measures import ids
from metering.metrics import BillableMetricInput
from sql.work import Work

JANUARY = datetime(2026, 1, 1, tzinfo=UTC)


def on(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class World:
    """One organization at one instant, on one pair of engines."""

    def __init__(self, ledger, warehouse):
        self.ledger, self.warehouse, self.now = ledger, warehouse, JANUARY
        self.writer = Writer(warehouse)
        self.organization = ids.new()
        with self.begin() as work:
            entities.open_default(work, "Invora", "EUR")

    @contextmanager
    def begin(self):
        with self.ledger.transaction(self.organization) as rows:
            yield Work(
                organization=self.organization, now=self.now, rows=rows, warehouse=self.warehouse
            )

    def uses(self, subscription, *events):
        return self.sends(*[(subscription, *event) for event in events])

    def sends(self, *events):
        rows = [
            (subscription, ids.new(), code, int(at.timestamp() * 1_000_000), True, properties, None)
            for subscription, code, at, properties in events
        ]
        group = Group(
            organization=self.organization, received_at=self.now, rows=batch.of(rows), is_whole=True
        )
        return self.writer.put(group).result()

    def invoices(self, customer="c1"):
        with self.begin() as work:
            page = invoices.of_customer(work, customer, InvoiceQuery())
            return [invoices.find(work, one.id) for one in page.items][::-1]


def catalogue(world, **plan):
    """A metric of calls at 0.015 each beyond a flat month of 31.00, and 20 % of tax."""
    with world.begin() as work:
        taxes.create(
            work, TaxInput(name="VAT", code="vat", rate=D(20), applied_to_organization=True)
        )
        calls = metrics.create(
            work,
            said(BillableMetricInput, name="Calls", code="calls", aggregation_type="count_agg"),
        )
        plans.create(work, plan_of(calls.id, **plan))
        customers.upsert(work, CustomerInput(external_id="c1", currency="EUR"))


def said(kind, **fields):
    """Read a request as the doors do."""
    return msgspec.convert(fields, kind)


def plan_of(metric_id, charge=None, **more):
    terms = charge or {"charge_model": "standard", "properties": {"amount": "0.015"}}
    charge = {"billable_metric_id": metric_id, **terms}
    basic = {
        "name": "Basic", "code": "basic", "interval": "monthly", "amount_cents": 3100,
        "amount_currency": "EUR", "pay_in_advance": False, "charges": [charge],
    }  # fmt: skip
    return said(PlanInput, **{**basic, **more})


def subscribe(world, external_id="s1", **more):
    with world.begin() as work:
        asked = {"external_customer_id": "c1", "plan_code": "basic", "external_id": external_id}
        return cycle.subscribe(work, said(SubscriptionInput, **{**asked, **more}))
