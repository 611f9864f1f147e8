"""Tests of billing.plans, and how they ask for plans."""

from typing import Any

import msgspec
from sqlalchemy import select

from billing import addons, plans
from billing.addons import AddOn, AddOnInput
from billing.plans import PlanInput, PlanUpdate
from metering import metrics
from metering.metrics import BillableMetric, BillableMetricInput
from sql.work import Work


def plan(**fields: Any) -> PlanInput:
    """Ask for a plan as the wire does: monthly, 10.00 EUR, in arrears, unless told otherwise."""
    said = {
        "name": "Basic", "code": "basic", "interval": "monthly", "amount_cents": 1000,
        "amount_currency": "EUR", "pay_in_advance": False,
    }  # fmt: skip
    return msgspec.convert({**said, **fields}, PlanInput)


def changes(**fields: Any) -> PlanUpdate:
    """Ask for changes of a plan as the wire does."""
    return msgspec.convert(fields, PlanUpdate)


def metric(work: Work, code: str = "api", **fields: Any) -> BillableMetric:
    """Define a metric: a sum of `size`, unless told otherwise."""
    said = {"name": code, "code": code, "aggregation_type": "sum_agg", "field_name": "size"}
    return metrics.create(work, msgspec.convert({**said, **fields}, BillableMetricInput))


def add_on(work: Work, code: str = "seat") -> AddOn:
    """Create an add-on of 5.00 EUR."""
    asked = AddOnInput(name=code, code=code, amount_cents=500, amount_currency="EUR")
    return addons.create(work, asked)


def standard(metric: BillableMetric, amount: str = "1", **fields: Any) -> dict[str, Any]:
    """A standard charge as the wire says it."""
    return {
        "billable_metric_id": metric.id, "charge_model": "standard",
        "properties": {"amount": amount}, **fields,
    }  # fmt: skip


def fixed(add_on: AddOn, amount: str = "10", **fields: Any) -> dict[str, Any]:
    """A standard fixed charge as the wire says it."""
    return {
        "add_on_code": add_on.code, "charge_model": "standard", "units": "2",
        "properties": {"amount": amount}, **fields,
    }  # fmt: skip


def versions(work: Work) -> list[tuple[str, int, str, bool]]:
    """Every price there ever was: model, version, amount, and whether it holds."""
    table = plans.prices
    asked = select(
        table.c.charge_model, table.c.version, table.c.properties, table.c.superseded_at
    ).order_by(table.c.sequence)
    return [
        (model, version, said.get("amount"), at is None)
        for model, version, said, at in work.rows.rows(asked)
    ]
