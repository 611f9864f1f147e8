"""Projected usage: what will have been used when the period ends, if it goes on as until today."""

from decimal import Decimal

from msgspec.structs import replace

from billing.usage import rules
from billing.usage.model import CustomerProjectedUsage
from billing.usage.queries.folding import PROJECTED, Row, folded
from billing.usage.queries.slices import slices, taxed
from billing.usage.queries.window import DAY, SECOND, window
from billing.usage.requests import ProjectedUsageQuery
from metering.measures import money, period
from metering.measures.money import WIDE, whole
from sql.work import Work


def projected(work: Work, external_id: str, query: ProjectedUsageQuery) -> CustomerProjectedUsage:
    """Return what a customer has used so far, and will have used at the end of the period.

    What was used up to today is carried on evenly over all days of the period, and priced anew;
    what recurs stays as it is. Taxes and totals are those of the usage so far.

    Raises: Missing `customer_not_found`; Conflict `no_active_subscription`; Invalid
            `external_subscription_id: value_is_mandatory`.
    """
    span = window(work, external_id, query.external_subscription_id)
    ratio = rules.Ratio(
        passed=period.days(span.first, span.today), whole=period.days(span.first, span.whole.last)
    )
    found = slices(work, span)
    digits = money.digits(span.currency)
    told = rules.projected(found.frame, found.book.prices, found.book.metrics, ratio, digits)
    rows = replace(found, frame=told).rows()
    for row in rows:
        row["projected_breakdowns"] = _carried(row)
    amount = int(told["amount_cents"].sum())
    taxes = taxed(work, told) if query.apply_taxes else 0
    return CustomerProjectedUsage(
        from_datetime=span.start,
        to_datetime=span.stop - SECOND,
        issuing_date=span.whole.last + DAY,
        currency=span.currency,
        amount_cents=amount,
        projected_amount_cents=int(told["projected_amount_cents"].sum()),
        taxes_amount_cents=taxes,
        total_amount_cents=amount + taxes,
        charges_usage=folded(rows, span.currency, PROJECTED),
    )


def _carried(row: Row) -> list[tuple[str, Decimal]]:
    """Carry on what is presented as its bucket and group is: in proportion."""
    units, expected = row["units"], row["projected_units"]
    if units == expected:
        return list(row["breakdowns"])
    return [(by, _share(part, expected, units)) for by, part in row["breakdowns"]]


def _share(part: Decimal, expected: Decimal, units: Decimal) -> Decimal:
    """Return `part * expected / units`, rounded as projected units are."""
    exact = WIDE.divide(WIDE.multiply(part, expected), units)
    return Decimal(whole(exact.scaleb(rules.DECIMALS))).scaleb(-rules.DECIMALS)
