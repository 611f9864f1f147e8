"""Past usage: the periods of a subscription that were invoiced, told by their fees."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from billing import customers, fees, invoices, plans
from billing.usage.model import UsagePeriod
from billing.usage.queries.folding import CURRENT, Row, folded
from billing.usage.requests import PastUsageQuery
from metering import metrics
from metering.measures.refusals import Invalid
from metering.measures.shapes import Page
from sql.work import Work

INVOICED = ("draft", "finalized", "failed", "pending")
"""The states of invoices whose periods are told: what a voided one said does not hold any more."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def past(work: Work, external_id: str, query: PastUsageQuery) -> Page[UsagePeriod]:
    """List what a customer used in the periods of one subscription that were invoiced.

    The newest period comes first. Of a draft it is what was known when it was computed last.

    Raises: Missing `customer_not_found`; Invalid `external_subscription_id: value_is_mandatory`,
            `cursor: value_is_invalid`.
    """
    owner = customers.find(work, external_id)
    every = _periods(work, owner.id, query.external_subscription_id)[: query.periods_count]
    if query.cursor is None:
        begin = (query.page - 1) * query.per_page
        listed = every[begin : begin + query.per_page]
    else:
        before = _before(query.cursor)
        listed = [one for one in every if one.charges_from < before][: query.per_page]
    used = _used(work, listed, query.billable_metric_code)
    told = [_told(one, used.get((one.invoice_id, one.subscription_id), [])) for one in listed]
    is_more = len(listed) == query.per_page
    cursor = str((listed[-1].charges_from - EPOCH) // MICROSECOND) if is_more else None
    return Page(told, len(every), query, cursor)


def _before(cursor: str) -> datetime:
    """Read a cursor: the beginning of the last period that was listed."""
    if not cursor.isdecimal() or len(cursor) > 17:
        raise Invalid(cursor="value_is_invalid")
    return EPOCH + int(cursor) * MICROSECOND


def _periods(work: Work, customer_id: str, external_id: str) -> Sequence[Any]:
    """Return the invoiced usage periods of a subscription, the newest first."""
    period, invoice = invoices.billing_periods, invoices.invoices
    same = invoice.c.organization_id == period.c.organization_id
    return work.rows.rows(
        select(
            period.c.invoice_id, period.c.subscription_id, period.c.charges_from,
            period.c.charges_to, invoice.c.issuing_date, invoice.c.currency,
        )
        .select_from(period.join(invoice, same & (invoice.c.id == period.c.invoice_id)))
        .where(
            period.c.external_subscription_id == external_id,
            period.c.charges_from.is_not(None),
            invoice.c.customer_id == customer_id,
            invoice.c.status.in_(INVOICED),
        )
        .order_by(period.c.charges_from.desc(), period.c.sequence.desc())
    )  # fmt: skip


def _used(
    work: Work, listed: Sequence[Any], metric_code: str | None
) -> dict[tuple[str, str], list[Row]]:
    """Return the usage fees of periods, by invoice and subscription, as rows to be folded."""
    fee, charge, metric = fees.fees, plans.charges, metrics.metrics
    of_charge = (fee.c.organization_id == charge.c.organization_id) & (
        fee.c.charge_id == charge.c.id
    )
    of_metric = (fee.c.organization_id == metric.c.organization_id) & (fee.c.item_id == metric.c.id)
    asked = (
        select(
            fee.c.invoice_id, fee.c.subscription_id, fee.c.charge_id, charge.c.code,
            charge.c.charge_model, fee.c.item_display_name.label("invoice_display_name"),
            fee.c.item_id.label("metric_id"), fee.c.item_name.label("metric_name"),
            fee.c.item_code.label("metric_code"), metric.c.aggregation_type,
            fee.c.charge_filter_id.label("filter_id"), fee.c.filter_display_name, fee.c.filters,
            fee.c.grouped_by, fee.c.units, fee.c.total_aggregated_units, fee.c.events_count,
            fee.c.amount_cents, fee.c.taxes_amount_cents,
        )
        .select_from(fee.join(charge, of_charge).join(metric, of_metric))
        .where(fee.c.fee_type == "charge", fee.c.invoice_id.in_([one.invoice_id for one in listed]))
        .order_by(fee.c.sequence)
    )  # fmt: skip
    if metric_code:
        asked = asked.where(fee.c.item_code == metric_code)
    found: dict[tuple[str, str], list[Row]] = {}
    for row in work.rows.frame(asked).rows(named=True):
        found.setdefault((row["invoice_id"], row["subscription_id"]), []).append(row)
    return found


def _told(period: Any, rows: Sequence[Row]) -> UsagePeriod:
    amount = sum(row["amount_cents"] for row in rows)
    taxes = sum(row["taxes_amount_cents"] for row in rows)
    return UsagePeriod(
        from_datetime=period.charges_from,
        to_datetime=period.charges_to,
        issuing_date=period.issuing_date,
        currency=period.currency,
        amount_cents=amount,
        taxes_amount_cents=taxes,
        total_amount_cents=amount + taxes,
        invoice_id=period.invoice_id,
        charges_usage=folded(rows, period.currency, CURRENT),
    )
