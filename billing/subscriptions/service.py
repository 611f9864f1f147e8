"""What can be done with subscriptions. Bills are the conductor's (cycle); here only the life."""

from collections.abc import Sequence
from datetime import datetime

import polars as pl
from msgspec.structs import replace

from billing import customers, plans
from billing.subscriptions.model import (
    LIFE,
    OnTerminationCreditNote,
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
from billing.subscriptions.queries import first_start, last_end
from billing.subscriptions.requests import (
    PaymentMethodChoice,
    SubscriptionInput,
    SubscriptionUpdate,
)
from billing.subscriptions.tables import subscriptions
from metering.measures import ids
from metering.measures.period import local
from metering.measures.refusals import Checks
from metering.measures.shapes import UNSET, given
from sql.types import INSTANT
from sql.work import Work


def create(
    work: Work, customer: customers.Customer, plan_id: str, asked: SubscriptionInput
) -> Subscription:
    """Put a customer on a plan, now or from a day to come.

    Raises: Invalid `external_id: value_already_exist`, `ending_at: invalid_date`.
    """
    begins = asked.subscription_at or work.now
    _check_end(work, begins, asked.ending_at)
    zone = customer.applicable_timezone
    is_now = local(begins, zone) <= local(work.now, zone)
    chosen = asked.payment_method or PaymentMethodChoice()
    made = Subscription(
        id=ids.new(),
        external_id=asked.external_id,
        customer_id=customer.id,
        plan_id=plan_id,
        name=asked.name,
        status=SubscriptionStatus.pending,
        billing_time=asked.billing_time,
        subscription_at=begins,
        started_at=None,
        first_started_at=None,
        trial_ended_at=None,
        previous_id=None,
        ending_at=asked.ending_at,
        terminated_at=None,
        canceled_at=None,
        on_termination_invoice=OnTerminationInvoice.generate,
        on_termination_credit_note=OnTerminationCreditNote.credit,
        consolidate_invoice=asked.consolidate_invoice,
        progressive_billing_disabled=asked.progressive_billing_disabled,
        purchase_order_number=asked.purchase_order_number,
        payment_method_type=chosen.payment_method_type,
        payment_method_id=chosen.payment_method_id,
        created_at=work.now,
        updated_at=work.now,
    )
    if is_now:
        made = _started(work, made, _start(work, asked.external_id, begins))
    work.rows.add(subscriptions, made, taken="external_id", is_settled=False)
    plans.write_thresholds(work, asked.usage_thresholds or [], subscription_id=made.id)
    if is_now:
        work.tell(SubscriptionStarted(subscription=made))
    return made


def follow(
    work: Work, known: Subscription, plan_id: str, asked: SubscriptionInput, *, is_now: bool
) -> Subscription:
    """Make the subscription that takes over from another: now, or when its period is over.

    It keeps the external id, the anchor, the billing time and, unless another is given, the last
    day; `known` must have ended if it is to take over now.

    Raises: Invalid `ending_at: invalid_date`; `external_id: value_already_exist` if another change
            got there first.
    """
    _check_end(work, known.subscription_at, asked.ending_at)
    made = replace(
        known,
        id=ids.new(),
        plan_id=plan_id,
        name=asked.name or known.name,
        status=SubscriptionStatus.pending,
        started_at=None,
        trial_ended_at=None,
        terminated_at=None,
        previous_id=known.id,
        progressive_billing_disabled=(
            asked.progressive_billing_disabled or known.progressive_billing_disabled
        ),
        ending_at=asked.ending_at or known.ending_at,
        created_at=work.now,
        updated_at=work.now,
    )
    if is_now:
        made = _started(work, made, work.now)
    work.rows.add(subscriptions, made, taken="external_id", is_settled=False)
    plans.write_thresholds(work, asked.usage_thresholds or [], subscription_id=made.id)
    if is_now:
        work.tell(SubscriptionStarted(subscription=made))
    return made


def change_plan(work: Work, known: Subscription, plan_id: str) -> Subscription:
    """Give a subscription that has not started another plan."""
    assert known.status is SubscriptionStatus.pending, known
    after = replace(known, plan_id=plan_id, updated_at=work.now)
    work.rows.put(subscriptions, after)
    work.tell(SubscriptionUpdated(subscription=after), before=known)
    return after


def put_on(work: Work, known: Subscription, plan_id: str) -> Subscription:
    """Let a subscription have its plan as another says it: an override of the same one."""
    after = replace(known, plan_id=plan_id, updated_at=work.now)
    work.rows.put(subscriptions, after)
    return after


def switch(work: Work, switched: pl.DataFrame) -> None:
    """End subscriptions and start those that take over from them, at the same instant.

    Shape:   in, subscription_id and next_id, and `at`, the instant.
    """
    now = pl.lit(work.now, INSTANT)
    ended = switched.select(
        id="subscription_id", status=pl.lit("terminated"), terminated_at="at", updated_at=now
    )
    begun = switched.select(
        id="next_id", status=pl.lit("active"), started_at="at", updated_at=now
    )  # fmt: skip
    work.rows.patch(subscriptions, ended)
    work.rows.patch(subscriptions, begun)
    work.tell_all("subscription.terminated", "subscription", ended["id"])
    work.tell_all("subscription.started", "subscription", begun["id"])


def settle(work: Work, ids: Sequence[str]) -> None:
    """Note that nothing is owed any more of subscriptions that ended."""
    work.rows.change(
        subscriptions, work.rows.among(subscriptions.c.id, ids),
        subscriptions.c.status == SubscriptionStatus.terminated, is_settled=True,
    )  # fmt: skip


def end_trials(work: Work, ended: pl.DataFrame) -> None:
    """Note that trials are over. Shape: in, subscription_id and trial_end."""
    rows = ended.select(id="subscription_id", trial_ended_at="trial_end")
    work.rows.patch(subscriptions, rows)
    work.tell_all("subscription.trial_ended", "subscription", rows["id"])


def update(work: Work, subscription: Subscription, changes: SubscriptionUpdate) -> Subscription:
    """Change what may change while a subscription runs.

    Raises: Invalid `subscription_at` and `ending_at: invalid_date`.
    """
    fields = given(changes)
    fields.pop("plan_overrides", None)
    if isinstance(chosen := fields.pop("payment_method", None), PaymentMethodChoice):
        fields["payment_method_type"] = chosen.payment_method_type
        fields["payment_method_id"] = chosen.payment_method_id
    fields.pop("usage_thresholds", None)
    if changes.usage_thresholds is not UNSET:
        wanted = changes.usage_thresholds or []
        plans.write_thresholds(work, wanted, subscription_id=subscription.id)
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
    begins = _start(work, subscription.external_id, subscription.subscription_at)
    after = _started(work, replace(subscription, updated_at=work.now), begins)
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


def _started(work: Work, one: Subscription, at: datetime) -> Subscription:
    first = one.first_started_at or first_start(work, one.external_id) or at
    return replace(
        one, status=LIFE.move(one.status, "start"), started_at=at, first_started_at=min(first, at)
    )


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
