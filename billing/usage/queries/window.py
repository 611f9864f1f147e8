"""Whose usage is asked for, and of which period: one question to the ledger."""

from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
from msgspec import Struct
from sqlalchemy import case, func, or_, select

from billing import customers, entities, plans, subscriptions
from metering.measures import ids, money, period
from metering.measures.period import CALENDAR, Interval, Period
from metering.measures.refusals import Conflict, Missing
from sql.types import INSTANT
from sql.work import Work

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


class Window(Struct, frozen=True, kw_only=True):
    """A usage period of one subscription, and what decides its price and its taxes."""

    customer_id: str
    entity_id: str
    zone: str
    today: date
    subscription_id: str
    external_id: str
    subscription_at: datetime
    started_at: datetime
    plan_id: str
    currency: str
    whole: Period
    """The local days of the whole period, whenever the subscription started."""
    start: datetime
    stop: datetime

    @property
    def first(self) -> date:
        """The first local day that counts."""
        return period.local(self.start, self.zone)


def window(work: Work, external_id: str, external_subscription_id: str) -> Window:
    """Return the current usage period of a customer's active subscription.

    Raises: Missing `customer_not_found`; Conflict `no_active_subscription`.
    """
    owner = customers.customers.c
    named = [owner.external_id == external_id]
    if ids.is_id(external_id):
        named.append(owner.id == external_id.lower())
    is_other = case((owner.external_id == external_id, 0), else_=1)
    asked = _asked(external_subscription_id).where(
        owner.organization_id == work.organization, or_(*named), owner.deleted_at.is_(None)
    )
    row = work.rows.execute(asked.order_by(is_other).limit(1)).first()
    if row is None:
        raise Missing("customer", external_id)
    if row.subscription_id is None:
        raise Conflict(
            "no_active_subscription", f"{external_subscription_id} is no active subscription."
        )
    return current(row, work.now)


def _asked(external_id: str) -> Any:
    """Ask for customers, each with the active subscription that is named, if it is its own."""
    owner, issuer = customers.customers, entities.entities
    one, plan = subscriptions.subscriptions, plans.plans
    issues = (owner.c.organization_id == issuer.c.organization_id) & (
        owner.c.billing_entity_id == issuer.c.id
    )
    is_on = (
        (owner.c.organization_id == one.c.organization_id)
        & (owner.c.id == one.c.customer_id)
        & (one.c.external_id == external_id)
        & (one.c.status == "active")
    )
    has = (one.c.organization_id == plan.c.organization_id) & (one.c.plan_id == plan.c.id)
    known = owner.join(issuer, issues).outerjoin(one, is_on).outerjoin(plan, has)
    return select(
        owner.c.id.label("customer_id"), owner.c.billing_entity_id.label("entity_id"),
        func.coalesce(owner.c.timezone, issuer.c.timezone).label("zone"),
        one.c.id.label("subscription_id"), one.c.external_id, one.c.subscription_at,
        one.c.started_at, one.c.billing_time, one.c.plan_id,
        plan.c.amount_currency.label("currency"), plan.c.interval, plan.c.bill_charges_monthly,
    ).select_from(known)  # fmt: skip


def current(row: Any, now: datetime) -> Window:
    """Return the usage period that `now` is in.

    Rule:    whole days of the customer's zone, as the plan bills usage (P2, P6); it begins no
             earlier than the subscription (P5).
    """
    today = period.local(now, row.zone)
    interval = Interval.monthly if row.bill_charges_monthly else Interval(row.interval)
    is_calendar = row.billing_time == "calendar"
    anchor = CALENDAR if is_calendar else period.local(row.subscription_at, row.zone)
    whole = period.containing(today, interval, anchor)
    return Window(
        customer_id=row.customer_id, entity_id=row.entity_id, zone=row.zone, today=today,
        subscription_id=row.subscription_id, external_id=row.external_id,
        subscription_at=row.subscription_at, started_at=row.started_at, plan_id=row.plan_id,
        currency=row.currency, whole=whole,
        start=max(period.starts(whole.first, row.zone), row.started_at),
        stop=period.starts(whole.last + DAY, row.zone),
    )  # fmt: skip


def framed(window: Window) -> pl.DataFrame:
    """Return a window as the one billed period that `queries.priced` wants."""
    begin = period.starts(window.whole.first, window.zone)
    return pl.DataFrame(
        {
            "period": [0],
            "external_id": [window.external_id],
            "plan_id": [window.plan_id],
            "customer_id": [window.customer_id],
            "entity_id": [window.entity_id],
            "timezone": [window.zone],
            "digits": [money.digits(window.currency)],
            "charges_from": [window.start],
            "charges_stop": [window.stop],
            "charges_first": [window.first],
            "charges_last": [window.whole.last],
            "charges_days": [window.whole.days],
            "charges_seconds": [int((window.stop - begin).total_seconds())],
        },
        schema_overrides={"charges_from": INSTANT, "charges_stop": INSTANT},
    )
