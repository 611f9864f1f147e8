"""Invoiced usage: what usage came to before tax, by metric and the month it was billed."""

from datetime import datetime

import msgspec
from msgspec import Struct

from analytics.reports.filters import ReportQuery, ask
from sql.work import Work


class InvoicedUsageQuery(ReportQuery, kw_only=True):
    """Which usage revenue, and how finely it is told apart."""

    by_filter: bool = False
    """Whether each filter of a charge has a row of its own: revenue by region, by model."""


class InvoicedUsage(Struct, frozen=True, kw_only=True):
    """Usage revenue of one month, metric and currency. Amounts are whole minor units."""

    month: datetime
    code: str
    currency: str
    filters: dict[str, list[str]] | None
    """The values of the charge's filter; null for what no filter took, and unless asked for."""
    amount_cents: int


def invoiced_usages(work: Work, query: InvoicedUsageQuery) -> list[InvoicedUsage]:
    """Report invoiced usage by month, metric and currency, the newest month first.

    Raises: Missing `customer_not_found`, `billing_entity_not_found`.
    """
    rows = ask(work, "invoiced_usage", query, by_filter=query.by_filter).to_dicts()
    decode = msgspec.json.Decoder(dict[str, list[str]]).decode
    return [
        InvoicedUsage(**{**row, "filters": decode(row["filters"]) if row["filters"] else None})
        for row in rows
    ]
