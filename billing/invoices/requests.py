"""What may be asked of invoices."""

from datetime import date
from decimal import Decimal

from msgspec import field

from metering.measures.shapes import PageQuery


class InvoiceQuery(PageQuery, kw_only=True):
    """Which invoices."""

    external_customer_id: str | None = None
    search_term: str | None = None
    """Part of a number or an id."""
    status: list[str] = field(default_factory=list)
    statuses: list[str] = field(default_factory=list)
    payment_status: list[str] = field(default_factory=list)
    payment_statuses: list[str] = field(default_factory=list)
    payment_overdue: bool | None = None
    invoice_type: list[str] = field(default_factory=list)
    currency: str | None = None
    amount_from: Decimal | None = None
    amount_to: Decimal | None = None
    issuing_date_from: date | None = None
    issuing_date_to: date | None = None
    purchase_order_number: str | None = None
    billing_entity_codes: list[str] = field(default_factory=list)
