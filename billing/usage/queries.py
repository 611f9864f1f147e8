"""What can be asked about usage. Nothing here writes."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import msgspec
import polars as pl

from billing import customers, plans, subscriptions, taxes
from billing.usage import rules
from billing.usage.model import (
    ChargeSummary,
    ChargeUsage,
    CustomerUsage,
    FilterUsage,
    GroupUsage,
    MetricSummary,
)
from billing.usage.requests import UsageQuery
from metering import rating
from metering.measures import money, period
from metering.measures.money import plain
from metering.measures.refusals import Conflict, Missing
from sql.types import INSTANT
from sql.work import Work

SECOND = timedelta(seconds=1)
NOTHING = Decimal("0.0")


def priced(work: Work, periods: pl.DataFrame, book: plans.Book, until: int) -> pl.DataFrame:
    """Price the usage of all billed periods: one call of `rate` for the whole chunk.

    Shape:   in, periods as rules.lines takes them, with digits; out, one row per line, bucket and
             group as metering.rating.rate returns them, with the period's and charge's columns.
    """
    asked = rules.lines(
        periods.with_columns(organization_id=pl.lit(work.organization)), book.charges
    )
    found = rating.rate(work.warehouse, asked, book.prices, book.metrics, until)
    named = book.filters.drop("charge_id")
    return found.join(asked, on="line", how="left", maintain_order="left").join(
        named, on="filter_id", how="left", maintain_order="left"
    )


def current(work: Work, external_id: str, query: UsageQuery) -> CustomerUsage:
    """Return what a customer has used so far in the current period of one subscription.

    Raises: Missing `customer_not_found`, `charge_not_found`; Conflict `no_active_subscription`;
            Invalid `external_subscription_id: value_is_mandatory`.
    """
    customer = customers.find(work, external_id)
    subscription = _active(work, customer.id, query.external_subscription_id)
    plan = plans.by_ids(work, [subscription.plan_id])[subscription.plan_id]
    zone = customer.applicable_timezone
    today = period.local(work.now, zone)
    interval = period.Interval.monthly if plan.bill_charges_monthly else plan.interval
    held = period.containing(today, interval, subscriptions.anchor(subscription, zone))
    assert subscription.started_at is not None
    first = max(period.starts(held.first, zone), subscription.started_at)
    stop = period.starts(held.last + timedelta(days=1), zone)
    book = _chosen(plans.book(work, [subscription.plan_id]), query)
    span = pl.DataFrame(
        {
            "period": [0],
            "external_id": [subscription.external_id],
            "plan_id": [subscription.plan_id],
            "customer_id": [customer.id],
            "entity_id": [customers.entity_id(work, customer)],
            "digits": [money.digits(plan.amount_currency)],
            "charges_from": [first],
            "charges_stop": [stop],
        },
        schema_overrides={"charges_from": INSTANT, "charges_stop": INSTANT},
    )
    found = rules.settled(priced(work, span, book, work.warehouse.watermark()))
    amount = int(found["amount_cents"].sum())
    taxed = _taxes(work, found) if query.apply_taxes else 0
    return CustomerUsage(
        from_datetime=first,
        to_datetime=stop - SECOND,
        issuing_date=held.last + timedelta(days=1),
        currency=plan.amount_currency,
        amount_cents=amount,
        taxes_amount_cents=taxed,
        total_amount_cents=amount + taxed,
        charges_usage=_charges(found, plan.amount_currency),
    )


def _active(work: Work, customer_id: str, external_id: str) -> subscriptions.Subscription:
    try:
        found = subscriptions.find(work, external_id)
    except Missing:
        found = None
    if found is None or found.customer_id != customer_id:
        raise Conflict("no_active_subscription", f"{external_id} is no active subscription.")
    return found


def _chosen(book: plans.Book, query: UsageQuery) -> plans.Book:
    """Keep the charges that the query names."""
    wanted = book.charges
    if query.charge_id:
        wanted = wanted.filter(charge_id=query.charge_id)
    if query.charge_code:
        wanted = wanted.filter(code=query.charge_code)
    if query.billable_metric_code:
        wanted = wanted.filter(metric_code=query.billable_metric_code)
    if wanted.is_empty() and not book.charges.is_empty():
        raise Missing("charge", query.charge_id or query.charge_code or "")
    return book.keeping(wanted)


def _taxes(work: Work, found: pl.DataFrame) -> int:
    """Return the rounded sum of all taxes, as an invoice of this usage would have it."""
    fees = found.with_row_index("id").with_columns(
        pl.col("id").cast(pl.String), fee_type=pl.lit("charge"), taxable_cents="amount_cents"
    )
    exact = taxes.tax(work, fees)["exact"].sum()
    return money.whole(Decimal(exact)) if exact else 0


def _charges(found: pl.DataFrame, currency: str) -> list[ChargeUsage]:
    """Fold the buckets and groups of one subscription into what is shown, in plan order."""
    shown = []
    for _, part in found.group_by("charge_id", maintain_order=True):
        rows = part.rows(named=True)
        one = rows[0]
        is_grouped = any(row["grouped_by"] is not None for row in rows)
        shown.append(
            ChargeUsage(
                **_sums(rows),
                amount_currency=currency,
                charge=ChargeSummary(
                    id=one["charge_id"], code=one["code"], charge_model=one["charge_model"],
                    invoice_display_name=one["invoice_display_name"],
                ),
                billable_metric=MetricSummary(
                    id=one["metric_id"], name=one["metric_name"], code=one["metric_code"],
                    aggregation_type=one["aggregation_type"],
                ),
                filters=_filters(rows),
                grouped_usage=_groups(rows) if is_grouped else [],
            )
        )  # fmt: skip
    return shown


def _sums(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Add up what buckets and groups have in common."""
    return {
        "units": plain(sum((row["units"] for row in rows), NOTHING)),
        "total_aggregated_units": plain(
            sum((row["total_aggregated_units"] or NOTHING for row in rows), NOTHING)
        ),
        "events_count": sum(row["events_count"] for row in rows),
        "amount_cents": sum(row["amount_cents"] for row in rows),
    }


def _filters(rows: list[dict[str, Any]]) -> list[FilterUsage]:
    """One entry per filter and one for the rest; none where the charge has no filter."""
    if all(row["filter_id"] is None for row in rows):
        return []
    by_filter: dict[str | None, list[dict[str, Any]]] = {}
    for row in rows:
        by_filter.setdefault(row["filter_id"], []).append(row)
    return [
        FilterUsage(
            **_sums(some),
            invoice_display_name=some[0]["filter_display_name"],
            values=_decoded(some[0]["filters"], dict[str, list[str]]),
        )
        for some in by_filter.values()
    ]


def _groups(rows: list[dict[str, Any]]) -> list[GroupUsage]:
    by_group: dict[str | None, list[dict[str, Any]]] = {}
    for row in rows:
        by_group.setdefault(row["grouped_by"], []).append(row)
    return [
        GroupUsage(
            **_sums(some),
            grouped_by=_decoded(key, dict[str, str | None]) or {},
            filters=_filters(some),
        )
        for key, some in by_group.items()
    ]


def _decoded(text: str | None, kind: Any) -> Any:
    return msgspec.json.decode(text, type=kind) if text else None
