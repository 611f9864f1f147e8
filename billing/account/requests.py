"""What a customer may ask about itself."""

from datetime import date
from typing import Literal

from msgspec import field

from metering.measures.shapes import PageQuery, Query


class AccountQuery(Query, kw_only=True):
    """Which of the customer's subscriptions; its oldest active one, unless said."""

    external_subscription_id: str | None = None


class AccountUsageQuery(AccountQuery, kw_only=True):
    """Which usage of the customer."""

    apply_taxes: bool = True


class MyInvoiceQuery(PageQuery, kw_only=True):
    """Which of the customer's invoices. Drafts are not among them."""

    status: list[Literal["finalized", "voided"]] = field(
        default_factory=lambda: ["finalized", "voided"]
    )
    payment_status: list[str] = field(default_factory=list)
    search_term: str | None = None
    issuing_date_from: date | None = None
    issuing_date_to: date | None = None
