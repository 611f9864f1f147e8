"""A shop that sells anything by the month, and short ways to ask what was used."""

import json
from decimal import Decimal as D
from itertools import count

from billing import customers, plans, usage
from billing.customers import CustomerInput
from billing.usage.requests import (
    DailyUsageQuery,
    LifetimeUsageInput,
    PastUsageQuery,
    ProjectedUsageQuery,
    UsageQuery,
)
from metering import metrics
from metering.metrics import BillableMetricInput
from tests.billing.cycle.world import on, plan_of, said, subscribe

CLOUDS = {"cloud": ["aws", "gcp", "azure"], "region": ["us", "europe", "asia"]}


def metric(world, code, kind, field=None, filters=None, **more):
    """Count something; returns the metric's id."""
    declared = [{"key": key, "values": values} for key, values in (filters or {}).items()]
    with world.begin() as work:
        made = metrics.create(
            work,
            said(
                BillableMetricInput, name=code.title(), code=code, aggregation_type=kind,
                field_name=field, filters=declared, **more,
            ),
        )  # fmt: skip
    return made.id


def charge(metric_id, model="standard", filters=(), more=None, **properties):
    """Price a metric; `filters` are pairs of values and properties."""
    return {
        "billable_metric_id": metric_id, "charge_model": model, "properties": properties,
        "filters": [{"values": values, "properties": price} for values, price in filters],
        **(more or {}),
    }  # fmt: skip


def sell(world, *charges, zone=None, customer="c1", subscription="s1", **plan):
    """Put a customer on a plan of these charges."""
    with world.begin() as work:
        customers.upsert(work, CustomerInput(external_id=customer, currency="EUR", timezone=zone))
        plans.create(work, plan_of("none", charges=list(charges), **plan))
    return subscribe(
        world, subscription, external_customer_id=customer, plan_code=plan.get("code", "basic")
    )


def send(world, *events, subscription="s1"):
    """Use something: code, when, properties."""
    world.uses(subscription, *[(code, on(at), json.dumps(said)) for code, at, said in events])


def now(world, customer="c1", subscription="s1", **query):
    """What is used now."""
    with world.begin() as work:
        asked = UsageQuery(external_subscription_id=subscription, **query)
        return usage.current(work, customer, asked)


def projected(world, customer="c1", subscription="s1", **query):
    """What will have been used."""
    with world.begin() as work:
        asked = ProjectedUsageQuery(external_subscription_id=subscription, **query)
        return usage.projected(work, customer, asked)


def past(world, customer="c1", subscription="s1", **query):
    """What was invoiced, newest first."""
    with world.begin() as work:
        asked = PastUsageQuery(external_subscription_id=subscription, **query)
        return usage.past(work, customer, asked)


def lifetime(world, subscription="s1"):
    """What was ever used."""
    with world.begin() as work:
        return usage.lifetime(work, subscription)


def remember(world, cents, subscription="s1"):
    """Say what was used elsewhere."""
    with world.begin() as work:
        asked = LifetimeUsageInput(external_historical_usage_amount_cents=cents)
        return usage.update_lifetime(work, subscription, asked)


def daily(world, subscription="s1", **query):
    """What was used day by day."""
    with world.begin() as work:
        return usage.daily(work, subscription, DailyUsageQuery(**query))


def numbers(slices):
    """Units and cents, of anything that has them."""
    return [(str(one.units), one.amount_cents) for one in slices]


def broken(shown):
    """Breakdowns as pairs."""
    return [(one.presentation_by, one.units) for one in shown.presentation_breakdowns]


__all__ = ["D", "count", "on"]
