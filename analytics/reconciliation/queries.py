"""What the ledger says about which events are billed by what."""

from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import Select, func, select

from billing import fees, invoices, plans, subscriptions
from metering import metrics
from sql.work import Work


def windows(
    work: Work, first: datetime | None = None, last: datetime | None = None, invoice_id: str = ""
) -> pl.DataFrame:
    """Return the usage that invoices billed, of which a part lies from `first` to `last`.

    Shape:   invoice_id, status, external_subscription_id, plan_id, start, charges_to, watermark,
             billed_at.
    """
    period, invoice = invoices.billing_periods, invoices.invoices
    joined = period.join(
        invoice,
        (period.c.organization_id == invoice.c.organization_id)
        & (period.c.invoice_id == invoice.c.id),
    )
    asked: Select[Any] = (
        select(
            period.c.organization_id, period.c.invoice_id, invoice.c.status,
            period.c.external_subscription_id, period.c.plan_id,
            period.c.charges_from.label("start"), period.c.charges_to, period.c.watermark,
            period.c.created_at.label("billed_at"),
        )
        .select_from(joined)
        .where(
            period.c.charges_from.is_not(None), period.c.watermark.is_not(None),
            invoice.c.status != "voided",
        )
    )  # fmt: skip
    if first is not None:
        asked = asked.where(period.c.charges_to >= first)
    if last is not None:
        asked = asked.where(period.c.charges_from <= last)
    if invoice_id:
        asked = asked.where(period.c.invoice_id == invoice_id)
    return work.rows.frame(asked)


def charges(work: Work) -> pl.DataFrame:
    """Return what charges in arrears count, deleted ones too, for every plan that charges them.

    Shape:   plan_id, charge_id, code, field, aggregation_type, recurring, since, until.
    """
    charge, metric, holder = plans.charges, metrics.metrics, plans.plans
    own, base = charge.alias("own"), charge.alias("base")
    instead = select(1).where(
        own.c.organization_id == charge.c.organization_id, own.c.plan_id == holder.c.id,
        own.c.parent_id == charge.c.id,
    )  # fmt: skip
    inherited = (holder.c.parent_id == charge.c.plan_id) & ~instead.exists()
    joined = (
        charge.join(
            metric,
            (charge.c.organization_id == metric.c.organization_id)
            & (charge.c.billable_metric_id == metric.c.id),
        )
        .join(
            holder,
            (charge.c.organization_id == holder.c.organization_id)
            & ((holder.c.id == charge.c.plan_id) | inherited),
        )
        .outerjoin(
            base,
            (charge.c.organization_id == base.c.organization_id)
            & (charge.c.parent_id == base.c.id),
        )
    )
    return work.rows.frame(
        select(
            charge.c.organization_id, holder.c.id.label("plan_id"),
            charge.c.id.label("charge_id"),
            metric.c.event_code.label("code"), metric.c.field_name.label("field"),
            metric.c.aggregation_type, metric.c.recurring,
            func.coalesce(base.c.created_at, charge.c.created_at).label("since"),
            charge.c.deleted_at.label("until"),
        )
        .select_from(joined)
        .where(charge.c.pay_in_advance.is_(False))
    )  # fmt: skip


def spans(work: Work) -> pl.DataFrame:
    """Return from when to when somebody was on a plan.

    Shape:   external_subscription_id, plan_id, start, terminated_at, on_termination_invoice.
    """
    c = subscriptions.subscriptions.c
    return work.rows.frame(
        select(
            c.external_id.label("external_subscription_id"), c.plan_id,
            c.started_at.label("start"), c.terminated_at, c.on_termination_invoice,
        ).where(c.started_at.is_not(None))
    )  # fmt: skip


def codes(work: Work) -> pl.DataFrame:
    """Return the codes of events that a metric counts."""
    c = metrics.metrics.c
    return work.rows.frame(
        select(c.event_code.label("code")).where(c.deleted_at.is_(None))
    ).unique()


def counted(work: Work, ids: list[str]) -> pl.DataFrame:
    """Return what the usage fees of invoices say that they counted, and by which digest.

    Shape:   invoice_id, external_subscription_id, charge_id, events_read, events_digest; a row per
             fee.
    """
    fee = fees.fees
    found = [
        work.rows.frame(
            select(
                fee.c.organization_id, fee.c.invoice_id, fee.c.external_subscription_id,
                fee.c.charge_id, fee.c.events_read, fee.c.events_digest,
            ).where(
                fee.c.fee_type == "charge", fee.c.events_read.is_not(None),
                fee.c.pay_in_advance.is_(False), fee.c.invoice_id.in_(ids[start : start + MANY]),
            )
        )
        for start in range(0, max(len(ids), 1), MANY)
    ]  # fmt: skip
    return pl.concat(found)


MANY = 1_000
"""Invoices that are asked for at once."""
