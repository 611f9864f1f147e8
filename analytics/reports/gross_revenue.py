"""Gross revenue: what final invoices came to, by the month they were issued."""

from datetime import datetime

import msgspec
from msgspec import Struct

from analytics.reports.filters import ReportQuery, ask
from sql.work import Work


class GrossRevenue(Struct, frozen=True, kw_only=True):
    """Revenue of one month, currency and billing entity. Amounts are whole minor units."""

    month: datetime
    amount_cents: int
    currency: str
    invoices_count: int
    billing_entity_id: str


def gross_revenues(work: Work, query: ReportQuery) -> list[GrossRevenue]:
    """Report gross revenue by month, currency and billing entity, the oldest month first.

    Raises: Missing `customer_not_found`, `billing_entity_not_found`.
    """
    return msgspec.convert(ask(work, "gross_revenue", query).to_dicts(), list[GrossRevenue])
