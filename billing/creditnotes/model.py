"""The facts about credit notes."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from msgspec import UNSET, Struct, UnsetType

from billing.credits import CreditStatus
from billing.customers import Customer
from billing.fees import FeeView
from metering.measures.forms import Number
from metering.measures.machine import Machine


class CreditNoteReason(StrEnum):
    """Why something is taken back."""

    duplicated_charge = "duplicated_charge"
    product_unsatisfactory = "product_unsatisfactory"
    order_change = "order_change"
    order_cancellation = "order_cancellation"
    fraudulent_charge = "fraudulent_charge"
    other = "other"


class CreditNoteStatus(StrEnum):
    """Whether a credit note holds: one on a draft waits for it."""

    draft = "draft"
    finalized = "finalized"


class RefundStatus(StrEnum):
    """Whether what is to be paid back has been."""

    pending = "pending"
    succeeded = "succeeded"
    failed = "failed"


LIFE = Machine(
    "credit_note",
    (CreditNoteStatus.draft, "finalize", CreditNoteStatus.finalized),
)


class CreditNote(Struct, frozen=True, kw_only=True):
    """What is taken back of one invoice. Amounts are whole minor units of `currency`."""

    id: str
    invoice_id: str
    customer_id: str
    sequential_id: int
    number: str
    status: CreditNoteStatus
    reason: CreditNoteReason
    description: str | None
    issuing_date: date
    refund_status: RefundStatus | None
    currency: str
    total_amount_cents: int
    precise_total_amount_cents: Decimal
    taxes_amount_cents: int
    precise_taxes_amount_cents: Decimal
    taxes_rate: Number
    sub_total_excluding_taxes_amount_cents: int
    coupons_adjustment_amount_cents: int
    precise_coupons_adjustment_amount_cents: Decimal
    credit_amount_cents: int
    refund_amount_cents: int
    offset_amount_cents: int
    metadata: dict[str, str | None] | None
    created_at: datetime
    updated_at: datetime

    def __post_init__(self) -> None:
        parts = self.credit_amount_cents + self.refund_amount_cents + self.offset_amount_cents
        assert self.total_amount_cents == parts > 0, self
        net = self.sub_total_excluding_taxes_amount_cents
        assert self.total_amount_cents == net + self.taxes_amount_cents, self
        assert (self.refund_amount_cents > 0) == (self.refund_status is not None), self


class CreditNoteItem(Struct, frozen=True, kw_only=True):
    """What a credit note takes back of one fee, before coupons and taxes."""

    id: str
    credit_note_id: str
    fee_id: str
    amount_cents: int
    precise_amount_cents: Decimal
    amount_currency: str


class CreditNoteItemView(Struct, frozen=True, kw_only=True):
    """What a credit note takes back of one fee, as it is shown."""

    id: str
    amount_cents: int
    precise_amount_cents: Decimal
    amount_currency: str
    fee: FeeView


class CreditNoteTax(Struct, frozen=True, kw_only=True):
    """What one tax comes to on a credit note."""

    id: str
    credit_note_id: str
    tax_id: str
    tax_name: str
    tax_code: str
    tax_rate: Number
    tax_description: str | None
    base_amount_cents: int
    amount_cents: int
    amount_currency: str
    created_at: datetime


class CreditNoteView(Struct, frozen=True, kw_only=True):
    """A credit note as it is shown. Amounts are whole minor units of `currency`."""

    id: str
    billing_entity_code: str
    sequential_id: int
    number: str
    invoice_id: str
    invoice_number: str
    purchase_order_number: str | None
    issuing_date: date
    status: CreditNoteStatus
    credit_status: CreditStatus | None
    """Null where nothing is credited."""
    refund_status: RefundStatus | None
    """Null where nothing is paid back."""
    reason: CreditNoteReason
    description: str | None
    currency: str
    total_amount_cents: int
    precise_total_amount_cents: Decimal
    taxes_amount_cents: int
    precise_taxes_amount_cents: Decimal
    sub_total_excluding_taxes_amount_cents: int
    balance_amount_cents: int
    credit_amount_cents: int
    refund_amount_cents: int
    offset_amount_cents: int
    coupons_adjustment_amount_cents: int
    precise_coupons_adjustment_amount_cents: Decimal
    taxes_rate: Number
    created_at: datetime
    updated_at: datetime
    file_url: str | None = None
    xml_url: str | None = None
    self_billed: bool = False
    customer: Customer
    items: list[CreditNoteItemView]
    applied_taxes: list[CreditNoteTax]
    metadata: dict[str, str | None] | UnsetType = UNSET


class EstimatedItem(Struct, frozen=True, kw_only=True):
    """What would be taken back of one fee."""

    fee_id: str
    amount_cents: int


class EstimatedTax(Struct, frozen=True, kw_only=True):
    """What one tax would come to."""

    tax_id: str
    tax_name: str
    tax_code: str
    tax_rate: Number
    tax_description: str | None
    base_amount_cents: int
    amount_cents: int
    amount_currency: str


class EstimatedCreditNote(Struct, frozen=True, kw_only=True):
    """What a credit note of these items would come to. Amounts are in minor units."""

    invoice_id: str
    invoice_number: str
    currency: str
    taxes_amount_cents: int
    precise_taxes_amount_cents: Decimal
    sub_total_excluding_taxes_amount_cents: int
    max_creditable_amount_cents: int
    max_refundable_amount_cents: int
    max_offsettable_amount_cents: int
    coupons_adjustment_amount_cents: int
    precise_coupons_adjustment_amount_cents: Decimal
    taxes_rate: Number
    items: list[EstimatedItem]
    applied_taxes: list[EstimatedTax]
