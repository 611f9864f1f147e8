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
from billing.subscriptions.requests import (
    SubscriptionChoice,
    SubscriptionQuery,
    SubscriptionStatusQuery,
)
from billing.subscriptions.tables import subscriptions
from metering.measures import period
from metering.measures.forms import Millis, made
from metering.measures.refusals import Missing
from metering.measures.shapes import Page
from sql.work import Work

BOOK = [
    "external_id", "customer_id", "plan_id", "status", "billing_time", "subscription_at",
    "started_at", "first_started_at", "trial_ended_at", "previous_id", "ending_at",
    "terminated_at", "created_at", "consolidate_invoice",
    "purchase_order_number", "payment_method_type", "payment_method_id",
]  # fmt: skip
"""What billing reads of each subscription, beside its id."""

SHOWN = (
    "id", "external_id", "customer_id", "name", "status", "billing_time", "subscription_at",
    "trial_ended_at", "ending_at", "terminated_at", "canceled_at", "created_at",
    "on_termination_invoice", "consolidate_invoice", "progressive_billing_disabled",
    "purchase_order_number",
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
        named = plans.bare(work, query.plan_code).id
        where.append(subscriptions.c.plan_id.in_(plans.family(work, named)))
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
    return replace(
        shown,
        plan=plans.find_by_id(work, subscription.plan_id),
        applicable_usage_thresholds=plans.applicable(thresholds_of(work, subscription)),
    )


def wholes(work: Work, ids: Sequence[str]) -> list[SubscriptionView]:
    """Return subscriptions of the given ids as each is shown alone, with their customers."""
    found = work.rows.all(subscriptions, Subscription, work.rows.among(subscriptions.c.id, ids))
    owners = customers.by_ids(work, {one.customer_id for one in found})
    shared = {id: plans.find_by_id(work, id) for id in {one.plan_id for one in found}}
    held = plans.thresholds_of(work, {one.id: one.plan_id for one in found})
    return [
        replace(
            view,
            plan=shared[one.plan_id],
            customer=owners[one.customer_id],
            applicable_usage_thresholds=plans.applicable(held[one.id]),
        )
        for one, view in zip(found, showing(work, found), strict=True)
    ]


def thresholds_of(work: Work, subscription: Subscription) -> list[plans.UsageThreshold]:
    """Return the thresholds that hold for a subscription: none where they are disabled."""
    if subscription.progressive_billing_disabled:
        return []
    return plans.thresholds_of(work, {subscription.id: subscription.plan_id})[subscription.id]


def showing(work: Work, found: Sequence[Subscription]) -> list[SubscriptionView]:
    """Return subscriptions as they are shown in a list."""
    owners = customers.by_ids(work, {one.customer_id for one in found})
    before, after = _neighbours(work, found)
    around = [*found, *before.values(), *after.values()]
    terms = plans.by_ids(work, {one.plan_id for one in around})
    return [
        _view(
            work, one, owners[one.customer_id], terms[one.plan_id],
            previous=terms[before[one.id].plan_id] if one.id in before else None,
            next=terms[after[one.id].plan_id] if one.id in after else None,
        )
        for one in found
    ]  # fmt: skip


def _neighbours(
    work: Work, found: Sequence[Subscription]
) -> tuple[dict[str, Subscription], dict[str, Subscription]]:
    """Return, by id, what each took over from, and what has taken over or is to."""
    c = subscriptions.c
    ids = [one.id for one in found]
    followed = [one.previous_id for one in found if one.previous_id]
    around = work.rows.all(
        subscriptions, Subscription,
        (c.id.in_(followed) | c.previous_id.in_(ids)) & (c.status != SubscriptionStatus.canceled),
    )  # fmt: skip
    by_id = {one.id: one for one in around}
    before = {one.id: by_id[one.previous_id] for one in found if one.previous_id in by_id}
    after = {one.previous_id: one for one in around if one.previous_id}
    return before, after


def _view(
    work: Work, one: Subscription, customer: customers.Customer, plan: plans.Terms,
    previous: plans.Terms | None, next: plans.Terms | None,
) -> SubscriptionView:  # fmt: skip
    """Add to a subscription what its customer, its plans and the present say of it."""
    zone = customer.applicable_timezone
    is_active = one.status is SubscriptionStatus.active
    held = period.containing(period.local(work.now, zone), plan.interval, anchor(one, zone))
    same = {name: getattr(one, name) for name in SHOWN}
    is_to_change = is_active and next is not None
    return SubscriptionView(
        **same,
        previous_plan_code=None if previous is None else previous.code,
        next_plan_code=None if next is None else next.code,
        downgrade_plan_date=held.last + DAY if is_to_change else None,
        started_at=None if one.started_at is None else made(Millis, one.started_at),
        external_customer_id=customer.external_id,
        billing_entity_code=customer.billing_entity_code,
        plan_code=plan.code,
        plan_amount_cents=plan.amount_cents,
        plan_amount_currency=plan.amount_currency,
        current_billing_period_started_at=period.starts(held.first, zone) if is_active else None,
        current_billing_period_ending_at=(
            period.starts(held.last + DAY, zone) - SECOND if is_active else None
        ),
        on_termination_credit_note=(
            one.on_termination_credit_note if plan.pay_in_advance else None
        ),
        activated_at=one.started_at,
        payment_method=PaymentMethodReference(
            payment_method_id=one.payment_method_id, payment_method_type=one.payment_method_type
        ),
    )


def fixed_charges(
    work: Work, external_id: str, query: SubscriptionStatusQuery
) -> list[plans.AnyFixedCharge]:
    """List the fixed charges of a subscription, with the units that it wants.

    Raises: Missing `subscription_not_found`.
    """
    one = find(work, external_id, query.subscription_status)
    return plans.fixed_charges_of(work, one.id, one.plan_id)


def fixed_charge(
    work: Work, external_id: str, fixed_charge_code: str, query: SubscriptionStatusQuery
) -> plans.AnyFixedCharge:
    """Return one of the fixed charges of a subscription, with the units that it wants.

    Raises: Missing `subscription_not_found`, `fixed_charge_not_found`.
    """
    one = find(work, external_id, query.subscription_status)
    return plans.fixed_charge_of(work, one.id, one.plan_id, fixed_charge_code)


def is_on(work: Work, plan_id: str) -> bool:
    """Whether anybody is on a plan, or will be."""
    live = (SubscriptionStatus.active, SubscriptionStatus.pending)
    mine = subscriptions.c.plan_id.in_(plans.family(work, plan_id))
    on = (mine, subscriptions.c.status.in_(live))
    return work.rows.count(subscriptions, *on) > 0


def live(work: Work, external_id: str) -> Subscription | None:
    """Return the active subscription of an external id, else the pending one."""
    found = work.rows.all(
        subscriptions, Subscription,
        subscriptions.c.external_id == external_id,
        subscriptions.c.status.in_(["active", "pending"]),
        order=[subscriptions.c.status],
    )  # fmt: skip
    return found[0] if found else None


def following(work: Work, ids: Sequence[str]) -> list[Subscription]:
    """Return the pending subscriptions that are to take over from those of the ids."""
    return work.rows.all(
        subscriptions, Subscription,
        work.rows.among(subscriptions.c.previous_id, ids),
        subscriptions.c.status == SubscriptionStatus.pending,
    )  # fmt: skip


def waiting(work: Work, plan_id: str) -> list[tuple[Subscription, Subscription]]:
    """Return who is to move to a plan when the period is over: as it is, and as it is to be."""
    next_ = {
        one.previous_id: one
        for one in work.rows.all(
            subscriptions, Subscription,
            subscriptions.c.plan_id == plan_id, subscriptions.c.previous_id.is_not(None),
            subscriptions.c.status == SubscriptionStatus.pending,
        )
    }  # fmt: skip
    known = work.rows.all(
        subscriptions, Subscription,
        work.rows.among(subscriptions.c.id, [id for id in next_ if id]),
        subscriptions.c.status == SubscriptionStatus.active,
    )  # fmt: skip
    return [(one, next_[one.id]) for one in known]


def first_start(work: Work, external_id: str) -> datetime | None:
    """Return when the first subscription of an external id started."""
    asked = select(func.min(subscriptions.c.started_at)).where(
        subscriptions.c.external_id == external_id
    )
    ((begun,),) = work.rows.rows(asked)
    return begun


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
