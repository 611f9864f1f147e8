"""The facts about billing entities."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class DocumentNumbering(StrEnum):
    """Whose invoices are counted together when one is numbered."""

    per_customer = "per_customer"
    per_billing_entity = "per_billing_entity"


class IssuingDateAnchor(StrEnum):
    """Which day a periodic invoice is dated from."""

    current_period_end = "current_period_end"
    next_period_start = "next_period_start"


class IssuingDateAdjustment(StrEnum):
    """Whether finalizing an invoice moves its date."""

    keep_anchor = "keep_anchor"
    align_with_finalization_date = "align_with_finalization_date"


class Entity(Struct, frozen=True, kw_only=True):
    """Who issues invoices: a name, an address, a numbering and the defaults of its customers."""

    id: str
    code: str
    name: str
    default_currency: str
    created_at: datetime
    updated_at: datetime
    country: str | None = None
    address_line1: str | None = None
    address_line2: str | None = None
    phone: str | None = None
    city: str | None = None
    state: str | None = None
    zipcode: str | None = None
    einvoicing: bool = False
    email: str | None = None
    legal_name: str | None = None
    legal_number: str | None = None
    timezone: str = "UTC"
    """An IANA name; the calendar of every customer that names none of its own."""
    net_payment_term: int = 0
    """Days from the issuing date to the due date."""
    email_settings: list[str] = []
    """Which documents are mailed to customers."""
    document_numbering: DocumentNumbering = DocumentNumbering.per_customer
    document_number_prefix: str
    tax_identification_number: str | None = None
    finalize_zero_amount_invoice: bool = True
    invoice_footer: str | None = None
    invoice_grace_period: int = 0
    """Days for which an invoice stays a draft."""
    subscription_invoice_issuing_date_adjustment: IssuingDateAdjustment = (
        IssuingDateAdjustment.align_with_finalization_date
    )
    subscription_invoice_issuing_date_anchor: IssuingDateAnchor = (
        IssuingDateAnchor.next_period_start
    )
    document_locale: str = "en"
    is_default: bool = False
    eu_tax_management: bool = False
    logo_url: str | None = None
