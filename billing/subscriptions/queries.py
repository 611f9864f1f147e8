"""What can be asked about subscriptions."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import polars as pl
from msgspec.structs import replace
from sqlalchemy import ColumnElement, func, select

from billing import customers, plans
from billing.subscriptions.model import (
    PaymentMethodReference,
    Subscription,
    SubscriptionStatus,
    SubscriptionView,
    anchor,
)
from billing.subscriptions.requests import SubscriptionChoice, SubscriptionQuery
from billing.subscriptions.tables import subscriptions
from metering.measures import period
from metering.measures.refusals import Missing
from metering.measures.shapes import Page
from sql.work import Work

BOOK = [
    "external_id", "customer_id", "plan_id", "status", "billing_time", "subscription_at",
    "started_at", "ending_at", "terminated_at", "created_at", "consolidate_invoice",
    "purchase_order_number", "payment_method_type", "payment_method_id",
]  # fmt: skip
"""What billing reads of each subscription, beside its id."""

SHOWN = (
    "id", "external_id", "customer_id", "name", "status", "billing_time", "subscription_at",
    "started_at", "ending_at", "terminated_at", "canceled_at", "created_at",
    "on_termination_invoice", "consolidate_invoice", "purchase_order_number",
)  # fmt: skip
"""What is shown of a subscription as it is."""

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def find(work: Work, external_id: str, status: str | None = None) -> Subscription:
    """Return the subscription of an external id: the active one, unless a status is named.

    Several terminated ones may share the id; the one that ended last is returned.
    Raises: Missing `subscription_not_found`.
    """
    found = work.rows.all(
        subscriptions, Subscription,
        subscriptions.c.external_id == external_id,
        subscriptions.c.status == (status or SubscriptionStatus.active),
        order=[subscriptions.c.terminated_at.desc(), subscriptions.c.sequence.desc()], limit=1,
    )  # fmt: skip
    if not found:
        raise Missing("subscription", external_id)
    return found[0]


def of_customer(work: Work, customer_id: str, *statuses: SubscriptionStatus) -> list[Subscription]:
    """Return a customer's subscriptions in the given states, oldest first."""
    return work.rows.all(
        subscriptions, Subscription,
        subscriptions.c.customer_id == customer_id, subscriptions.c.status.in_(statuses),
    )  # fmt: skip


def get(work: Work, external_id: str, query: SubscriptionChoice) -> SubscriptionView:
    """Return the subscription of an external id: the active one, unless a status is named.

    Raises: Missing `subscription_not_found`.
    """
    return show(work, find(work, external_id, query.status))


def browse(work: Work, query: SubscriptionQuery) -> Page[SubscriptionView]:
    """List subscriptions, newest first.

    Raises: Missing `customer_not_found`, `plan_not_found`.
    """
    where: list[ColumnElement[bool]] = [subscriptions.c.status.in_(query.status)]
    if query.external_customer_id:
        owner = customers.find(work, query.external_customer_id)
        where.append(subscriptions.c.customer_id == owner.id)
    if query.external_id:
        where.append(subscriptions.c.external_id == query.external_id)
    if query.plan_code:
        where.append(subscriptions.c.plan_id == plans.find(work, query.plan_code).id)
    if query.currency:
        priced = select(plans.plans.c.id).where(
            plans.plans.c.organization_id == work.organization,
            plans.plans.c.amount_currency == query.currency.upper(),
        )
        where.append(subscriptions.c.plan_id.in_(priced))
    page = work.rows.page(subscriptions, Subscription, query, *where)
    page.items = showing(work, page.items)  # type: ignore[assignment]
    return page  # type: ignore[return-value]


def some(work: Work, ids: Sequence[str]) -> list[SubscriptionView]:
    """Return the subscriptions of the given ids, oldest first."""
    return showing(work, work.rows.all(subscriptions, Subscription, subscriptions.c.id.in_(ids)))


def show(work: Work, subscription: Subscription) -> SubscriptionView:
    """Return one subscription as it is shown, with its plan."""
    (shown,) = showing(work, [subscription])
    return replace(shown, plan=plans.find_by_id(work, subscription.plan_id))


def showing(work: Work, found: Sequence[Subscription]) -> list[SubscriptionView]:
    """Return subscriptions as they are shown in a list."""
    owners = customers.by_ids(work, {one.customer_id for one in found})
    terms = plans.by_ids(work, {one.plan_id for one in found})
    return [_view(work, one, owners[one.customer_id], terms[one.plan_id]) for one in found]


def _view(
    work: Work, one: Subscription, customer: customers.Customer, plan: plans.Terms
) -> SubscriptionView:
    """Add to a subscription what its customer, its plan and the present say of it."""
    zone = customer.applicable_timezone
    is_active = one.status is SubscriptionStatus.active
    held = period.containing(period.local(work.now, zone), plan.interval, anchor(one, zone))
    same = {name: getattr(one, name) for name in SHOWN}
    return SubscriptionView(
        **same,
        external_customer_id=customer.external_id,
        billing_entity_code=customer.billing_entity_code,
        plan_code=plan.code,
        plan_amount_cents=plan.amount_cents,
        plan_amount_currency=plan.amount_currency,
        current_billing_period_started_at=period.starts(held.first, zone) if is_active else None,
        current_billing_period_ending_at=(
            period.starts(held.last + DAY, zone) - SECOND if is_active else None
        ),
        on_termination_credit_note="skip" if plan.pay_in_advance else None,
        activated_at=one.started_at,
        payment_method=PaymentMethodReference(
            payment_method_id=one.payment_method_id, payment_method_type=one.payment_method_type
        ),
    )


def is_on(work: Work, plan_id: str) -> bool:
    """Whether anybody is on a plan, or will be."""
    live = (SubscriptionStatus.active, SubscriptionStatus.pending)
    on = (subscriptions.c.plan_id == plan_id, subscriptions.c.status.in_(live))
    return work.rows.count(subscriptions, *on) > 0


def last_end(work: Work, external_id: str) -> datetime | None:
    """Return when the last subscription of an external id ended."""
    asked = select(func.max(subscriptions.c.terminated_at)).where(
        subscriptions.c.external_id == external_id
    )
    ((ended,),) = work.rows.rows(asked)
    return ended


def book(work: Work, *where: ColumnElement[bool]) -> pl.DataFrame:
    """Return subscriptions as columns.

    Shape:   subscription_id, external_id, … as BOOK; in the order they were created.
    """
    columns = [subscriptions.c[name] for name in BOOK]
    asked = (
        select(subscriptions.c.id.label("subscription_id"), *columns)
        .where(*where)
        .order_by(subscriptions.c.sequence)
    )
    return work.rows.frame(asked)
