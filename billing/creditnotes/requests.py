"""What may be asked of credit notes."""

from datetime import date
from decimal import Decimal

from msgspec import Struct, field

from billing.creditnotes.model import CreditNoteReason, RefundStatus
from metering.measures.refusals import Checks, Invalid
from metering.measures.shapes import UNSET, Maybe, PageQuery

MOST_KEYS, MOST_KEY, MOST_VALUE = 50, 100, 255


class CreditNoteItemInput(Struct, kw_only=True):
    """What to take back of one fee, before coupons and taxes."""

    fee_id: str
    amount_cents: int


class CreditNoteInput(Struct, kw_only=True):
    """A new credit note. Its parts add up to what its items come to with their taxes."""

    invoice_id: str
    reason: str | None = None
    description: str | None = None
    credit_amount_cents: int | None = None
    """What later invoices are paid with."""
    refund_amount_cents: int | None = None
    """What is paid back."""
    offset_amount_cents: int | None = None
    """What is taken off what is due on the same invoice."""
    items: list[CreditNoteItemInput] | None = None
    metadata: dict[str, str | None] | None = None

    def __post_init__(self) -> None:
        checks = Checks()
        is_known = not self.reason or self.reason in set(CreditNoteReason)
        checks.that(is_known, reason="value_is_invalid")
        checks.that(self.items is not None, items="must_be_an_array")
        check_metadata(checks, self.metadata)
        checks.done()


class CreditNoteEstimateInput(Struct, kw_only=True):
    """Items of a credit note that is not made yet."""

    invoice_id: str
    items: list[CreditNoteItemInput] | None = None

    def __post_init__(self) -> None:
        if self.items is None:
            raise Invalid(items="must_be_an_array")


class CreditNoteUpdate(Struct, kw_only=True):
    """Changes of a credit note; what is absent stays."""

    refund_status: Maybe[str] = UNSET
    """What became of the refund, where somebody paid it by hand."""
    metadata: Maybe[dict[str, str | None]] = UNSET
    """Pairs to add or to change; the others stay."""

    def __post_init__(self) -> None:
        checks = Checks()
        if self.refund_status is not UNSET:
            is_known = self.refund_status in set(RefundStatus)
            checks.that(is_known, refund_status="value_is_invalid")
        check_metadata(checks, self.metadata or None)
        checks.done()


class CreditNoteQuery(PageQuery, kw_only=True):
    """Which credit notes."""

    external_customer_id: str | None = None
    search_term: str | None = None
    """Part of a number or of the customer's name, or an id."""
    currency: str | None = None
    reason: list[str] = field(default_factory=list)
    credit_status: list[str] = field(default_factory=list)
    refund_status: list[str] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    """`credit`, `refund`, `offset`: those with a part of that kind."""
    status: list[str] = field(default_factory=list)
    invoice_number: str | None = None
    purchase_order_number: str | None = None
    issuing_date_from: date | None = None
    issuing_date_to: date | None = None
    amount_from: Decimal | None = None
    amount_to: Decimal | None = None
    self_billed: bool | None = None
    billing_entity_codes: list[str] = field(default_factory=list)


def check_metadata(checks: Checks, pairs: object) -> None:
    """Note what is wrong with the pairs that an operator keeps with a fact."""
    if not isinstance(pairs, dict):
        return
    checks.that(len(pairs) <= MOST_KEYS, metadata="too_many_keys")
    checks.that(all(len(key) <= MOST_KEY for key in pairs), metadata="key_too_long")
    is_short = all(len(text or "") <= MOST_VALUE for text in pairs.values())
    checks.that(is_short, metadata="value_too_long")
