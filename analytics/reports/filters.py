"""The filters that all reports share, and how a report is asked for."""

import re
from datetime import date
from typing import Any

import polars as pl

from billing import customers, entities
from metering.measures.money import CURRENCIES
from metering.measures.period import add_months
from metering.measures.refusals import Checks, Missing
from metering.measures.shapes import Query
from sql.work import Work

MONTH = re.compile(r"^(?!0000)[0-9]{4}-(0[1-9]|1[0-2])\Z")
DAWN = date(1970, 1, 1)
DUSK = date(2200, 1, 1)


class ReportQuery(Query, kw_only=True):
    """Which revenue: all of it, unless said."""

    currency: str | None = None
    billing_entity_code: str | None = None
    external_customer_id: str | None = None
    months: int | None = None
    """This month and the ones before it, so many in all."""
    month_from: str | None = None
    """The first month, `2026-01`."""
    month_to: str | None = None
    """The last month, `2026-12`."""

    def __post_init__(self) -> None:
        checks = Checks()
        checks.that((self.currency or "EUR").upper() in CURRENCIES, currency="value_is_invalid")
        checks.that(1 <= (self.months or 1) <= 1200, months="value_is_out_of_range")
        for name in ("month_from", "month_to"):
            said = getattr(self, name)
            checks.that(said is None or MONTH.match(said), **{name: "invalid_date"})
        checks.done()


def ask(work: Work, report: str, query: ReportQuery, **more: Any) -> pl.DataFrame:
    """Run sql/<dialect>/revenue/<report>.sql for the caller's organization.

    Raises: Missing `customer_not_found`, `billing_entity_not_found`.
    """
    return work.warehouse.query(f"revenue/{report}", **_params(work, query), **more)


def _params(work: Work, query: ReportQuery) -> dict[str, Any]:
    """Turn the filters into what statements bind; an empty text filters nothing."""
    this = work.now.date().replace(day=1)
    first = _months_before(this, query.months - 1) if query.months else DAWN
    last = this if query.months else DUSK
    if query.month_from:
        first = max(first, date.fromisoformat(f"{query.month_from}-01"))
    if query.month_to:
        last = min(last, date.fromisoformat(f"{query.month_to}-01"))
    return {
        "organization_id": work.organization,
        "currency": (query.currency or "").upper(),
        "billing_entity_id": _entity(work, query.billing_entity_code),
        "customer_id": (
            customers.find(work, query.external_customer_id).id
            if query.external_customer_id
            else ""
        ),
        "start": first,
        "stop": add_months(last, 1) if last < DUSK else DUSK,
    }


def _months_before(this: date, months: int) -> date:
    """Return the month so many before this one, no earlier than there can be any revenue."""
    most = (this.year - DAWN.year) * 12 + this.month - DAWN.month
    return add_months(this, -min(months, most))


def _entity(work: Work, code: str | None) -> str:
    if code is None:
        return ""
    found = work.rows.find(entities.entities, entities.Entity, code=code)
    if found is None:
        raise Missing("billing_entity", code)
    return found.id
