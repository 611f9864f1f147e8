"""The facts about subscriptions."""

from datetime import date, datetime
from enum import StrEnum

from msgspec import UNSET, Struct, UnsetType

from billing.customers import Customer
from billing.features import SubscriptionEntitlement
from billing.plans import ApplicableUsageThreshold, Plan, UsageThreshold
from metering.measures.forms import Millis
from metering.measures.machine import Machine
from metering.measures.period import CALENDAR, local


class SubscriptionStatus(StrEnum):
    """Where a subscription is in its life."""

    pending = "pending"
    active = "active"
    terminated = "terminated"
    canceled = "canceled"


class BillingTime(StrEnum):
    """Whether periods follow the calendar or the day the subscription began."""

    calendar = "calendar"
    anniversary = "anniversary"


class OnTerminationCreditNote(StrEnum):
    """What becomes of the days that were paid in advance when a subscription ends."""

    credit = "credit"
    refund = "refund"
    offset = "offset"
    skip = "skip"


class OnTerminationInvoice(StrEnum):
    """Whether the last usage is invoiced when a subscription ends."""

    generate = "generate"
    skip = "skip"


LIFE = Machine(
    "subscription",
    (SubscriptionStatus.pending, "start", SubscriptionStatus.active),
    (SubscriptionStatus.pending, "cancel", SubscriptionStatus.canceled),
    (SubscriptionStatus.active, "terminate", SubscriptionStatus.terminated),
)


class Subscription(Struct, frozen=True, kw_only=True):
    """That a customer is on a plan, under an external id of the operator's choice."""

    id: str
    external_id: str
    customer_id: str
    plan_id: str
    name: str | None
    status: SubscriptionStatus
    billing_time: BillingTime
    subscription_at: datetime
    """From when it counts: the anchor of anniversary billing."""
    started_at: datetime | None
    first_started_at: datetime | None
    """When the first subscription of the external id started: trials are counted from here."""
    trial_ended_at: datetime | None
    previous_id: str | None
    """The subscription whose plan this one's replaces, or is to replace."""
    ending_at: datetime | None
    terminated_at: datetime | None
    canceled_at: datetime | None
    on_termination_invoice: OnTerminationInvoice
    on_termination_credit_note: OnTerminationCreditNote
    consolidate_invoice: bool
    progressive_billing_disabled: bool = False
    """Whether no threshold of usage holds for it."""
    purchase_order_number: str | None
    payment_method_type: str
    payment_method_id: str | None
    created_at: datetime
    updated_at: datetime

    def __post_init__(self) -> None:
        is_started = self.status in (SubscriptionStatus.active, SubscriptionStatus.terminated)
        assert is_started == (self.started_at is not None), self
        assert self.started_at is None or self.first_started_at is not None, self
        is_over = self.status is SubscriptionStatus.terminated
        assert is_over == (self.terminated_at is not None), self


class PaymentMethodReference(Struct, frozen=True, kw_only=True):
    """By what means invoices are paid."""

    payment_method_id: str | None
    payment_method_type: str


class SubscriptionView(Struct, frozen=True, kw_only=True):
    """A subscription as it is shown: with its plan's terms and its current period."""

    id: str
    external_id: str
    customer_id: str
    external_customer_id: str
    billing_entity_code: str
    name: str | None
    plan_code: str
    plan_amount_cents: int
    plan_amount_currency: str
    status: SubscriptionStatus
    billing_time: BillingTime
    subscription_at: datetime | None
    started_at: Millis | None
    trial_ended_at: datetime | None
    ending_at: datetime | None
    terminated_at: datetime | None
    canceled_at: datetime | None
    created_at: datetime
    previous_plan_code: str | None
    next_plan_code: str | None
    downgrade_plan_date: date | None
    current_billing_period_started_at: datetime | None
    current_billing_period_ending_at: datetime | None
    on_termination_credit_note: OnTerminationCreditNote | None
    """Null for a plan in arrears: nothing was paid ahead."""
    on_termination_invoice: OnTerminationInvoice
    progressive_billing_disabled: bool = False
    consolidate_invoice: bool
    purchase_order_number: str | None
    cancellation_reason: str | None = None
    activated_at: datetime | None
    payment_method: PaymentMethodReference
    plan: Plan | UnsetType = UNSET
    """Only where one subscription is shown."""
    applicable_usage_thresholds: list[ApplicableUsageThreshold] | UnsetType = UNSET
    """Its own, else its plan's; only where one subscription is shown."""
    customer: Customer | UnsetType = UNSET
    """Only where a threshold is told of."""
    usage_threshold: UsageThreshold | UnsetType = UNSET
    """The threshold that is told of."""
    entitlements: list[SubscriptionEntitlement] | UnsetType = UNSET
    """Only where one subscription is shown."""


def anchor(subscription: Subscription, zone: str) -> date:
    """Return the day from which a subscription's periods are counted."""
    if subscription.billing_time is BillingTime.calendar:
        return CALENDAR
    return local(subscription.subscription_at, zone)
