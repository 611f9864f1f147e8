"""What may be asked of subscriptions."""

from datetime import UTC, datetime
from typing import Literal

from msgspec import Struct, field

from billing.plans import PlanOverrides, UsageThresholdInput, check_thresholds
from billing.subscriptions.model import (
    BillingTime,
    OnTerminationCreditNote,
    OnTerminationInvoice,
)
from metering.measures.refusals import Checks
from metering.measures.shapes import UNSET, Maybe, PageQuery, Query

PaymentMethodType = Literal["provider", "manual"]


class PaymentMethodChoice(Struct, kw_only=True):
    """By what means invoices are paid."""

    payment_method_type: PaymentMethodType = "provider"
    payment_method_id: str | None = None


class SubscriptionInput(Struct, kw_only=True):
    """A new subscription. The customer is created if there is none of that id."""

    external_customer_id: str
    plan_code: str
    external_id: str
    name: str | None = None
    billing_time: BillingTime = BillingTime.calendar
    subscription_at: datetime | None = None
    """Now, unless given. The past backdates it; the future leaves it pending until then."""
    ending_at: datetime | None = None
    consolidate_invoice: bool = True
    progressive_billing_disabled: bool = False
    usage_thresholds: list[UsageThresholdInput] | None = None
    """Thresholds of its own, in place of its plan's."""
    purchase_order_number: str | None = None
    payment_method: PaymentMethodChoice | None = None
    plan_overrides: PlanOverrides | None = None
    """What the plan is to say differently for this subscription."""

    def __post_init__(self) -> None:
        self.external_id = self.external_id.strip()
        self.subscription_at = _whole(self.subscription_at)
        self.ending_at = _whole(self.ending_at)
        checks = Checks()
        for name in ("external_customer_id", "plan_code", "external_id"):
            checks.that(getattr(self, name).strip(), **{name: "value_is_mandatory"})
        checks.that(
            len(self.purchase_order_number or "") <= 255,
            purchase_order_number="value_is_too_long",
        )
        check_thresholds(checks, self.usage_thresholds or [])
        checks.done()


class SubscriptionUpdate(Struct, kw_only=True):
    """Changes of a subscription; what is absent stays."""

    name: Maybe[str] = UNSET
    subscription_at: Maybe[datetime] = UNSET
    """Only while it is pending."""
    ending_at: Maybe[datetime] = UNSET
    on_termination_invoice: Maybe[OnTerminationInvoice] = UNSET
    on_termination_credit_note: Maybe[OnTerminationCreditNote] = UNSET
    """Of a plan paid in advance."""
    consolidate_invoice: Maybe[bool] = UNSET
    progressive_billing_disabled: Maybe[bool] = UNSET
    usage_thresholds: Maybe[list[UsageThresholdInput]] = UNSET
    """All thresholds of its own, in place of those it had; none: those of its plan hold."""
    purchase_order_number: Maybe[str] = UNSET
    payment_method: Maybe[PaymentMethodChoice] = UNSET
    plan_overrides: Maybe[PlanOverrides] = UNSET
    """What the plan is to say differently for this subscription, beside what it does already."""

    def __post_init__(self) -> None:
        checks = Checks()
        for name in (
            "subscription_at",
            "on_termination_invoice",
            "on_termination_credit_note",
            "consolidate_invoice",
            "progressive_billing_disabled",
        ):
            checks.that(getattr(self, name) is not None, **{name: "value_is_mandatory"})
        number = self.purchase_order_number
        checks.that(
            not isinstance(number, str) or len(number) <= 255,
            purchase_order_number="value_is_too_long",
        )
        check_thresholds(checks, self.usage_thresholds or [])
        checks.done()
        if isinstance(self.subscription_at, datetime):
            self.subscription_at = _whole(self.subscription_at)
        if isinstance(self.ending_at, datetime):
            self.ending_at = _whole(self.ending_at)


class SubscriptionQuery(PageQuery, kw_only=True):
    """Which subscriptions: the active ones, unless `status` says otherwise."""

    external_customer_id: str | None = None
    external_id: str | None = None
    plan_code: str | None = None
    currency: str | None = None
    status: list[str] = field(default_factory=lambda: ["active"])


class SubscriptionChoice(Query, kw_only=True):
    """Which of the subscriptions that share an external id: the active one, unless said."""

    status: str | None = None


class SubscriptionStatusQuery(Query, kw_only=True):
    """Which of the subscriptions that share an external id: the active one, unless said."""

    subscription_status: str | None = None


class Termination(Query, kw_only=True):
    """How a subscription ends."""

    status: str | None = None
    """`pending` cancels one that has not started."""
    on_termination_credit_note: str | None = None
    on_termination_invoice: str | None = None


def _whole(instant: datetime | None) -> datetime | None:
    """Keep whole seconds of UTC: what the wire shows is what holds."""
    if instant is None:
        return None
    zoned = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return zoned.astimezone(UTC).replace(microsecond=0)
