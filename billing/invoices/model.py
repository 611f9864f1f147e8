"""The facts about invoices."""

from datetime import date, datetime
from enum import StrEnum

from msgspec import UNSET, Struct, UnsetType

from billing.customers import Customer
from billing.fees import FeeView
from billing.plans import UsageThreshold
from billing.subscriptions import SubscriptionView
from metering.measures.forms import Number
from metering.measures.machine import Machine


class InvoiceType(StrEnum):
    """What an invoice bills."""

    subscription = "subscription"
    add_on = "add_on"
    credit = "credit"
    one_off = "one_off"
    advance_charges = "advance_charges"
    progressive_billing = "progressive_billing"


class InvoiceStatus(StrEnum):
    """Where an invoice is in its life. `closed` ones are never shown."""

    draft = "draft"
    finalized = "finalized"
    voided = "voided"
    failed = "failed"
    pending = "pending"
    closed = "closed"


class InvoicePaymentStatus(StrEnum):
    """Whether an invoice has been paid."""

    pending = "pending"
    succeeded = "succeeded"
    failed = "failed"


class InvoicingReason(StrEnum):
    """Why a subscription's period is billed."""

    subscription_starting = "subscription_starting"
    subscription_periodic = "subscription_periodic"
    subscription_terminating = "subscription_terminating"
    in_advance_charge = "in_advance_charge"
    in_advance_charge_periodic = "in_advance_charge_periodic"
    progressive_billing = "progressive_billing"


LIFE = Machine(
    "invoice",
    (InvoiceStatus.draft, "finalize", InvoiceStatus.finalized),
    (InvoiceStatus.draft, "close", InvoiceStatus.closed),
)


class Invoice(Struct, frozen=True, kw_only=True):
    """A bill to one customer. Amounts are whole minor units of `currency`."""

    id: str
    entity_id: str
    customer_id: str
    sequential_id: int | None
    entity_sequential_id: int | None
    number: str
    invoice_type: InvoiceType
    status: InvoiceStatus
    payment_status: InvoicePaymentStatus
    payment_overdue: bool
    currency: str
    timezone: str
    issuing_date: date
    payment_due_date: date
    net_payment_term: int
    expected_finalization_date: date
    fees_amount_cents: int
    coupons_amount_cents: int
    credit_notes_amount_cents: int
    progressive_billing_credit_amount_cents: int
    prepaid_credit_amount_cents: int
    sub_total_excluding_taxes_amount_cents: int
    taxes_amount_cents: int
    taxes_rate: Number
    sub_total_including_taxes_amount_cents: int
    total_amount_cents: int
    total_paid_amount_cents: int
    offset_amount_cents: int
    """What credit notes take off what is due."""
    refunded_amount_cents: int
    """What credit notes pay back of what was paid."""
    purchase_order_number: str | None
    billed_at: datetime
    finalized_at: datetime | None
    voided_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime

    def __post_init__(self) -> None:
        credits = self.credit_notes_amount_cents + self.prepaid_credit_amount_cents
        discount = self.coupons_amount_cents + self.progressive_billing_credit_amount_cents
        net = self.fees_amount_cents - discount
        assert self.sub_total_excluding_taxes_amount_cents == net, self
        gross = net + self.taxes_amount_cents
        assert self.sub_total_including_taxes_amount_cents == gross, self
        assert self.total_amount_cents == gross - credits >= 0, self
        assert 0 <= self.offset_amount_cents <= self.total_amount_cents, self
        is_numbered = self.status in (InvoiceStatus.finalized, InvoiceStatus.voided)
        assert is_numbered == (self.sequential_id is not None), self

    @property
    def due_cents(self) -> int:
        """What is still to be paid (money.md 0-6)."""
        if self.status is InvoiceStatus.voided:
            return 0
        return self.total_amount_cents - self.total_paid_amount_cents - self.offset_amount_cents


class BillingPeriod(Struct, frozen=True, kw_only=True):
    """What an invoice bills of one subscription. Bounds are null for what it does not bill.

    Of each kind: the local days that are billed, the days of the whole period, and the instants.
    """

    id: str
    invoice_id: str
    subscription_id: str
    external_subscription_id: str
    plan_id: str
    invoicing_reason: InvoicingReason
    billed_on: date
    subscription_first: date | None
    subscription_last: date | None
    subscription_days: int | None
    subscription_from: datetime | None
    subscription_to: datetime | None
    charges_first: date | None
    charges_last: date | None
    charges_days: int | None
    charges_from: datetime | None
    charges_to: datetime | None
    charges_seconds: int | None
    fixed_charges_first: date | None
    fixed_charges_last: date | None
    fixed_charges_days: int | None
    fixed_charges_from: datetime | None
    fixed_charges_to: datetime | None
    fixed_ahead_first: date | None
    fixed_ahead_last: date | None
    fixed_ahead_days: int | None
    fixed_ahead_from: datetime | None
    fixed_ahead_to: datetime | None
    commitment_first: date | None
    commitment_last: date | None
    commitment_days: int | None
    commitment_from: datetime | None
    commitment_to: datetime | None
    created_at: datetime


class InvoiceTax(Struct, frozen=True, kw_only=True):
    """What one tax comes to on an invoice."""

    id: str
    invoice_id: str
    tax_id: str
    tax_code: str
    tax_name: str
    tax_rate: Number
    tax_description: str | None
    amount_cents: int
    amount_currency: str
    fees_amount_cents: int
    created_at: datetime


class BillingPeriodView(Struct, frozen=True, kw_only=True):
    """What an invoice bills of one subscription, as it is shown."""

    subscription_id: str
    external_subscription_id: str
    plan_id: str
    subscription_from_datetime: datetime | None
    subscription_to_datetime: datetime | None
    charges_from_datetime: datetime | None
    charges_to_datetime: datetime | None
    fixed_charges_from_datetime: datetime | None
    fixed_charges_to_datetime: datetime | None
    invoicing_reason: InvoicingReason


class CreditItemType(StrEnum):
    """What takes something off an invoice."""

    coupon = "coupon"
    credit_note = "credit_note"
    invoice = "invoice"


class CreditItem(Struct, frozen=True, kw_only=True):
    """The coupon, credit note or earlier invoice that takes something off an invoice."""

    item_id: str
    type: CreditItemType
    code: str
    name: str
    description: str | None = None


class CreditInvoice(Struct, frozen=True, kw_only=True):
    """The invoice that something is taken off."""

    id: str
    payment_status: InvoicePaymentStatus


class Credit(Struct, frozen=True, kw_only=True):
    """What a coupon, a credit note or an earlier invoice takes off an invoice."""

    id: str
    amount_cents: int
    amount_currency: str
    before_taxes: bool
    item: CreditItem
    invoice: CreditInvoice


class AppliedUsageThreshold(Struct, frozen=True, kw_only=True):
    """A threshold that an invoice was made for, as it was then."""

    lifetime_usage_amount_cents: int
    """What all usage of the subscription had come to."""
    created_at: datetime
    usage_threshold: UsageThreshold


class AppliedRow(Struct, frozen=True, kw_only=True):
    """A threshold that an invoice was made for: the row."""

    id: str
    invoice_id: str
    subscription_id: str
    lifetime_usage_amount_cents: int
    threshold_id: str
    threshold_display_name: str | None
    amount_cents: int
    recurring: bool
    threshold_created_at: datetime
    threshold_updated_at: datetime
    created_at: datetime


class ProgressiveCredit(Struct, frozen=True, kw_only=True):
    """What an invoice takes off for usage that a progressive one has billed."""

    id: str
    invoice_id: str
    progressive_invoice_id: str
    amount_cents: int
    created_at: datetime


class InvoiceMetadata(Struct, frozen=True, kw_only=True):
    """A pair that the operator keeps with an invoice."""

    id: str
    key: str
    value: str
    created_at: datetime


class InvoiceView(Struct, frozen=True, kw_only=True):
    """An invoice as it is shown. Amounts are whole minor units of `currency`."""

    id: str
    billing_entity_code: str
    sequential_id: int | None
    number: str
    purchase_order_number: str | None
    issuing_date: date
    payment_due_date: date
    net_payment_term: int
    invoice_type: InvoiceType
    status: InvoiceStatus
    payment_status: InvoicePaymentStatus
    payment_dispute_lost_at: datetime | None = None
    payment_overdue: bool
    currency: str
    fees_amount_cents: int
    taxes_amount_cents: int
    taxes_rate: Number
    progressive_billing_credit_amount_cents: int
    coupons_amount_cents: int
    credit_notes_amount_cents: int
    sub_total_excluding_taxes_amount_cents: int
    sub_total_including_taxes_amount_cents: int
    total_amount_cents: int
    total_due_amount_cents: int
    total_paid_amount_cents: int
    total_offsetted_credit_note_amount_cents: int = 0
    creditable_amount_cents: int | UnsetType = UNSET
    """What credit notes can still take back, taxes included; where one invoice is shown."""
    refundable_amount_cents: int | UnsetType = UNSET
    """What credit notes can still pay back; where one invoice is shown."""
    offsettable_amount_cents: int | UnsetType = UNSET
    """What credit notes can still take off what is due; where one invoice is shown."""
    prepaid_credit_amount_cents: int
    prepaid_granted_credit_amount_cents: int | None = None
    prepaid_purchased_credit_amount_cents: int | None = None
    file_url: str | None = None
    xml_url: str | None = None
    web_url: str | None = None
    version_number: int = 4
    self_billed: bool = False
    created_at: datetime
    updated_at: datetime
    voided_at: datetime | None
    customer: Customer | UnsetType = UNSET
    subscriptions: list[SubscriptionView] | UnsetType = UNSET
    billing_periods: list[BillingPeriodView] | UnsetType = UNSET
    fees: list[FeeView] | UnsetType = UNSET
    credits: list[Credit] | UnsetType = UNSET
    metadata: list[InvoiceMetadata] | UnsetType = UNSET
    applied_taxes: list[InvoiceTax] | UnsetType = UNSET
    applied_usage_thresholds: list[AppliedUsageThreshold] | UnsetType = UNSET
    """Of a progressive invoice; where one invoice is shown."""
