"""Daily usage: how much was used on each local day, in one pass for all days."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import groupby

import polars as pl

from billing import customers, plans, subscriptions
from billing.subscriptions import Subscription
from billing.usage import rules
from billing.usage.model import DailyChargeUsage, DailyUsage
from billing.usage.queries.folding import Row, charge, metric
from billing.usage.queries.window import DAY, SECOND
from billing.usage.requests import OUT_OF_RANGE, DailyUsageQuery
from metering import quantities
from metering.measures import period
from metering.measures.money import plain
from metering.measures.period import Interval
from metering.measures.refusals import Invalid, Missing
from sql.types import INSTANT
from sql.work import Work

MOST_DAYS = 366

MICROSECOND = timedelta(microseconds=1)


def daily(work: Work, external_id: str, query: DailyUsageQuery) -> list[DailyUsage]:
    """Return how much a subscription used on each local day of its customer, oldest first.

    Units are those of the day alone, counted anew each day; what recurs is what was there when the
    day ended. Days on which the subscription did not run are left out.

    Raises: Missing `subscription_not_found`, `charge_not_found`; Invalid `to_date:
            value_is_out_of_range` for a day before `from_date`, or more than a year of days.
    """
    found = subscriptions.find(work, external_id, query.status)
    zone = customers.find_by_id(work, found.customer_id).applicable_timezone
    book = plans.tariff(work, [found.plan_id])
    charges, days = _chosen(book, query), _days(work, found, zone, query)
    asked = rules.days(_calendar(work, found, zone, days), charges)
    until = work.warehouse.watermark()
    counted = quantities.quantities(work.warehouse, asked, book.metrics, until)
    rows = asked.join(counted, on="line", maintain_order="left").rows(named=True)
    return [
        _told(day, list(some)) for day, some in groupby(rows, key=lambda row: row["usage_date"])
    ]


def _days(work: Work, found: Subscription, zone: str, query: DailyUsageQuery) -> list[date]:
    """Return the local days that are asked for and on which a subscription ran.

    Raises: Invalid `to_date: value_is_out_of_range`.
    """
    if found.started_at is None:
        return []
    ended = found.terminated_at - MICROSECOND if found.terminated_at else work.now
    last = query.to_date or period.local(ended, zone)
    plan = plans.by_ids(work, [found.plan_id])[found.plan_id]
    interval = Interval.monthly if plan.bill_charges_monthly else plan.interval
    held = period.containing(last, interval, subscriptions.anchor(found, zone))
    first = query.from_date or held.first
    if not 0 <= (last - first).days < MOST_DAYS:
        raise Invalid(to_date=OUT_OF_RANGE)
    first = max(first, period.local(found.started_at, zone))
    last = min(last, period.local(ended, zone))
    return [first + n * DAY for n in range((last - first).days + 1)]


def _calendar(work: Work, found: Subscription, zone: str, days: Sequence[date]) -> pl.DataFrame:
    """Lay out days as rules.days wants them."""
    return pl.DataFrame({"usage_date": days}, schema={"usage_date": pl.Date}).with_columns(
        period=pl.lit(0),
        organization_id=pl.lit(work.organization),
        external_id=pl.lit(found.external_id),
        plan_id=pl.lit(found.plan_id),
        timezone=pl.lit(zone),
        started_at=pl.lit(found.started_at, INSTANT),
        terminated_at=pl.lit(found.terminated_at, INSTANT),
    )


def _chosen(book: plans.Tariff, query: DailyUsageQuery) -> pl.DataFrame:
    """Keep the charges that are asked for.

    Raises: Missing `charge_not_found`.
    """
    asked = {"code": query.charge_code, "metric_code": query.billable_metric_code}
    wanted = {column: value for column, value in asked.items() if value}
    found = book.charges.filter(**wanted) if wanted else book.charges
    if wanted and found.is_empty():
        raise Missing("charge", ", ".join(wanted.values()))
    return found


def _told(day: date, rows: Sequence[Row]) -> DailyUsage:
    return DailyUsage(
        usage_date=day,
        from_datetime=rows[0]["charges_from"],
        to_datetime=rows[0]["charges_stop"] - SECOND,
        charges_usage=[
            DailyChargeUsage(
                units=plain(row["quantity"]),
                events_count=row["events_count"],
                charge=charge(row),
                billable_metric=metric(row),
            )
            for row in rows
        ],
    )
