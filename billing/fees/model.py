"""The facts about fees."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from msgspec import Struct

from metering.measures.forms import Number


class FeeType(StrEnum):
    """What a fee is for."""

    charge = "charge"
    add_on = "add_on"
    subscription = "subscription"
    credit = "credit"
    commitment = "commitment"
    fixed_charge = "fixed_charge"


class FeePaymentStatus(StrEnum):
    """Whether a fee has been paid."""

    pending = "pending"
    succeeded = "succeeded"
    failed = "failed"
    refunded = "refunded"


class Fee(Struct, frozen=True, kw_only=True):
    """A settled line of an invoice, or one that stands alone.

    Amounts in cents are whole minor units of `currency`; precise ones are unrounded major units.
    """

    id: str
    invoice_id: str | None
    customer_id: str
    subscription_id: str | None
    external_subscription_id: str | None
    fee_type: FeeType
    charge_id: str | None
    charge_filter_id: str | None
    fixed_charge_id: str | None
    item_id: str
    item_code: str
    item_name: str
    item_display_name: str | None
    filters: dict[str, list[str]] | None
    filter_display_name: str | None
    grouped_by: dict[str, str | None] | None
    currency: str
    amount_cents: int
    precise_amount: Decimal
    precise_unit_amount: Decimal
    units: Decimal
    total_aggregated_units: Decimal | None
    events_count: int | None
    amount_details: dict[str, object] | None
    taxes_amount_cents: int
    taxes_precise_amount: Decimal
    taxes_rate: Number
    precise_coupons_amount_cents: Decimal
    """What coupons take off it, in minor units of 5 decimals."""
    precise_credit_notes_amount_cents: Decimal
    """What earlier credit pays of it, taxes included, in minor units of 5 decimals."""
    credited_amount_cents: int
    """What credit notes have taken back of it, before coupons and taxes."""
    from_date: datetime | None
    to_date: datetime | None
    pay_in_advance: bool
    invoiceable: bool
    payment_status: FeePaymentStatus
    created_at: datetime
    succeeded_at: datetime | None
    failed_at: datetime | None
    refunded_at: datetime | None
    event_transaction_id: str | None
    price_id: str | None
    watermark: int | None
    statement: str | None
    events_read: int | None
    events_sum: Decimal | None
    events_digest: str | None
    true_up_fee_id: str | None
    """The fee that lifts this one's charge to its minimum."""
    true_up_parent_fee_id: str | None


class FeeTax(Struct, frozen=True, kw_only=True):
    """What one tax comes to on one fee."""

    id: str
    fee_id: str
    invoice_id: str | None
    tax_id: str
    tax_code: str
    tax_name: str
    tax_rate: Number
    tax_description: str | None
    amount_cents: int
    amount_currency: str
    created_at: datetime


class FeeItem(Struct, frozen=True, kw_only=True):
    """What a fee is for, as it was called when it was billed."""

    type: FeeType
    code: str
    name: str
    description: str | None = None
    invoice_display_name: str
    filters: dict[str, list[str]] | None
    filter_invoice_display_name: str | None
    item_id: str
    item_type: str
    grouped_by: dict[str, str]


class FeeView(Struct, frozen=True, kw_only=True):
    """A fee as it is shown."""

    id: str
    charge_id: str | None
    charge_filter_id: str | None
    fixed_charge_id: str | None
    invoice_id: str | None
    true_up_fee_id: str | None
    true_up_parent_fee_id: str | None
    original_fee_id: str | None = None
    subscription_id: str | None
    external_subscription_id: str | None
    customer_id: str
    external_customer_id: str
    item: FeeItem
    pay_in_advance: bool
    invoiceable: bool
    event_transaction_id: str | None
    amount_cents: int
    amount_currency: str
    precise_amount: Decimal
    precise_total_amount: Decimal
    taxes_amount_cents: int
    taxes_precise_amount: Decimal
    taxes_rate: Number
    total_aggregated_units: Decimal | None
    total_amount_cents: int
    total_amount_currency: str
    units: Decimal
    description: str | None = None
    precise_unit_amount: Decimal
    precise_coupons_amount_cents: Decimal = Decimal("0.0")
    precise_credit_notes_amount_cents: Decimal = Decimal("0.0")
    sub_total_excluding_taxes_amount_cents: int
    sub_total_excluding_taxes_precise_amount_cents: Decimal
    events_count: int | None
    payment_status: FeePaymentStatus
    created_at: datetime
    succeeded_at: datetime | None
    failed_at: datetime | None
    refunded_at: datetime | None
    amount_details: dict[str, object] | None
    self_billed: bool = False
    from_date: datetime | None
    to_date: datetime | None
    applied_taxes: list[FeeTax]
