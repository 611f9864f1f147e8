"""What can be done with subscriptions. Bills are the conductor's (cycle); here only the life."""

from datetime import datetime

from msgspec.structs import replace

from billing import customers, plans
from billing.subscriptions.model import (
    LIFE,
    OnTerminationInvoice,
    Subscription,
    SubscriptionStatus,
)
from billing.subscriptions.notices import (
    SubscriptionCanceled,
    SubscriptionStarted,
    SubscriptionTerminated,
    SubscriptionUpdated,
)
from billing.subscriptions.queries import last_end
from billing.subscriptions.requests import (
    PaymentMethodChoice,
    SubscriptionInput,
    SubscriptionUpdate,
)
from billing.subscriptions.tables import subscriptions
from metering.measures import ids
from metering.measures.period import local
from metering.measures.refusals import Checks, Invalid
from metering.measures.shapes import given
from sql.work import Work


def create(work: Work, subscription: SubscriptionInput) -> tuple[Subscription, bool]:
    """Put a customer on a plan; return the subscription and whether it is new.

    The same external id on the same plan is the same subscription, returned as it is; on another
    plan it replaces the plan of one that is still pending.

    Raises: Missing `plan_not_found`; Invalid `external_id: value_already_exist`,
            `plan_code: plan_change_not_available`, `plan_code: <what is not billed yet>`,
            `subscription_at` and `ending_at: invalid_date`.
    """
    plan = plans.find(work, subscription.plan_code)
    if unready := plans.unready(work, plan.id):
        raise Invalid(plan_code=unready)
    customer = customers.ensure(work, subscription.external_customer_id)
    if known := _live(work, subscription.external_id):
        return _again(work, known, customer.id, plan.id), False
    begins = subscription.subscription_at or work.now
    _check_end(work, begins, subscription.ending_at)
    is_now = local(begins, customer.applicable_timezone) <= local(
        work.now, customer.applicable_timezone
    )
    chosen = subscription.payment_method or PaymentMethodChoice()
    made = Subscription(
        id=ids.new(),
        external_id=subscription.external_id,
        customer_id=customer.id,
        plan_id=plan.id,
        name=subscription.name,
        status=SubscriptionStatus.active if is_now else SubscriptionStatus.pending,
        billing_time=subscription.billing_time,
        subscription_at=begins,
        started_at=_start(work, subscription.external_id, begins) if is_now else None,
        ending_at=subscription.ending_at,
        terminated_at=None,
        canceled_at=None,
        on_termination_invoice=OnTerminationInvoice.generate,
        consolidate_invoice=subscription.consolidate_invoice,
        purchase_order_number=subscription.purchase_order_number,
        payment_method_type=chosen.payment_method_type,
        payment_method_id=chosen.payment_method_id,
        created_at=work.now,
        updated_at=work.now,
    )
    work.rows.add(subscriptions, made, taken="external_id")
    if is_now:
        work.tell(SubscriptionStarted(subscription=made))
    return made, True


def update(work: Work, subscription: Subscription, changes: SubscriptionUpdate) -> Subscription:
    """Change what may change while a subscription runs.

    Raises: Invalid `subscription_at` and `ending_at: invalid_date`.
    """
    fields = given(changes)
    if isinstance(chosen := fields.pop("payment_method", None), PaymentMethodChoice):
        fields["payment_method_type"] = chosen.payment_method_type
        fields["payment_method_id"] = chosen.payment_method_id
    if subscription.status is not SubscriptionStatus.pending:
        fields.pop("subscription_at", None)
    after = replace(subscription, updated_at=work.now, **fields)
    _check_end(work, after.subscription_at, fields.get("ending_at"))
    work.rows.put(subscriptions, after)
    work.tell(SubscriptionUpdated(subscription=after), before=subscription)
    return after


def start(work: Work, subscription: Subscription) -> Subscription:
    """Make a pending subscription active, from the instant it was meant to begin.

    Raises: Conflict `subscription_<status>`.
    """
    after = replace(
        subscription,
        status=LIFE.move(subscription.status, "start"),
        started_at=_start(work, subscription.external_id, subscription.subscription_at),
        updated_at=work.now,
    )
    work.rows.put(subscriptions, after)
    work.tell(SubscriptionStarted(subscription=after), before=subscription)
    return after


def cancel(work: Work, subscription: Subscription) -> Subscription:
    """Give up a subscription that has not started.

    Raises: Conflict `subscription_<status>`.
    """
    after = replace(
        subscription,
        status=LIFE.move(subscription.status, "cancel"),
        canceled_at=work.now,
        updated_at=work.now,
    )
    work.rows.put(subscriptions, after)
    work.tell(SubscriptionCanceled(subscription=after), before=subscription)
    return after


def terminate(work: Work, subscription: Subscription) -> Subscription:
    """End a subscription now.

    Raises: Conflict `subscription_<status>`.
    """
    after = replace(
        subscription,
        status=LIFE.move(subscription.status, "terminate"),
        terminated_at=work.now,
        updated_at=work.now,
    )
    work.rows.put(subscriptions, after)
    work.tell(SubscriptionTerminated(subscription=after), before=subscription)
    return after


def _live(work: Work, external_id: str) -> Subscription | None:
    """Return the active subscription of an external id, else the pending one."""
    return next(
        iter(
            work.rows.all(
                subscriptions, Subscription,
                subscriptions.c.external_id == external_id,
                subscriptions.c.status.in_(["active", "pending"]),
                order=[subscriptions.c.status],
            )
        ),
        None,
    )  # fmt: skip


def _again(work: Work, known: Subscription, customer_id: str, plan_id: str) -> Subscription:
    if known.customer_id != customer_id:
        raise Invalid(external_id="value_already_exist")
    if known.plan_id == plan_id:
        return known
    if known.status is not SubscriptionStatus.pending:
        raise Invalid(plan_code="plan_change_not_available")
    after = replace(known, plan_id=plan_id, updated_at=work.now)
    work.rows.put(subscriptions, after)
    work.tell(SubscriptionUpdated(subscription=after), before=known)
    return after


def _start(work: Work, external_id: str, begins: datetime) -> datetime:
    """Return when it counts from: not before the last one of the same external id ended (TE5)."""
    ended = last_end(work, external_id)
    begins = min(begins, work.now)
    return begins if ended is None else max(begins, ended)


def _check_end(work: Work, begins: datetime, ends: object) -> None:
    if isinstance(ends, datetime):
        checks = Checks()
        checks.that(ends > work.now and ends > begins, ending_at="invalid_date")
        checks.done()
