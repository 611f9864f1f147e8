"""What progressive invoices have billed, and what others take off for it."""

from collections.abc import Sequence

import polars as pl
from sqlalchemy import func, select

from billing import fees
from billing.invoices.model import (
    AppliedRow,
    AppliedUsageThreshold,
    Credit,
    CreditInvoice,
    CreditItem,
    CreditItemType,
    Invoice,
    InvoiceStatus,
    ProgressiveCredit,
)
from billing.invoices.tables import (
    applied_usage_thresholds,
    billing_periods,
    invoices,
    progressive_credits,
)
from billing.plans import UsageThreshold
from metering import columns
from metering.columns import AMOUNT
from sql.work import Work


def progressive(work: Work, asked: pl.DataFrame, but: Sequence[str] = ()) -> pl.DataFrame:
    """Return what progressive invoices have billed of usage periods, before taxes.

    Shape:   in, subscription_id and charges_first; out, one row for each that has such an invoice
             which stands: these, progressive_invoice_id of the last of them, and billed_cents, what
             all have billed, less what notes took back of it and what other invoices have taken off
             for it, those of `but` aside.
    """
    keys = ["subscription_id", "charges_first"]
    found = progressive_left(work, asked)
    ids = found["progressive_invoice_id"].to_list()
    sums = (
        _spent(work, ids, but)
        .group_by("progressive_invoice_id")
        .agg(spent_cents=pl.col("amount_cents").sum())
    )
    return (
        found.join(sums, on="progressive_invoice_id", how="left", maintain_order="left")
        .with_columns(billed_cents=pl.col("left_cents") - pl.col("spent_cents").fill_null(0))
        .group_by(keys, maintain_order=True)
        .agg(pl.col("progressive_invoice_id").last(), pl.col("billed_cents").sum())
    )


def progressive_left(work: Work, asked: pl.DataFrame) -> pl.DataFrame:
    """Return the progressive invoices of usage periods, with what notes have left of them.

    Shape:   as progressive_invoices, and left_cents, before taxes.
    Rule:    a note takes back of what a fee billed the part that it takes of the fee.
    Rounds:  what is taken back of an invoice, to minor units, halves away from zero.
    """
    keys = ["subscription_id", "charges_first"]
    ids = asked["subscription_id"].unique().to_list()
    found = progressive_invoices(work, ids).join(
        asked.select(keys), on=keys, how="semi", maintain_order="left"
    )
    billed = progressive_fees(work, found["progressive_invoice_id"].to_list())
    taken = billed.filter(pl.col("credited_cents") > 0)
    net = pl.col("was_cents").cast(AMOUNT) - pl.col("off_cents")
    back = pl.col("credited_cents").cast(AMOUNT) * (net / pl.col("was_cents").cast(AMOUNT))
    sums = taken.group_by("progressive_invoice_id").agg(
        back_cents=columns.settle(columns.total(back), 0)
    )
    return found.join(
        sums, on="progressive_invoice_id", how="left", maintain_order="left"
    ).with_columns(left_cents=pl.col("net_cents") - pl.col("back_cents").fill_null(0))


def _spent(work: Work, ids: Sequence[str], but: Sequence[str]) -> pl.DataFrame:
    """Return what invoices that close periods have taken off for progressive ones."""
    taken, taker = progressive_credits.c, invoices.c
    by = progressive_credits.join(
        invoices,
        (taken.organization_id == taker.organization_id) & (taken.invoice_id == taker.id),
    )
    return work.rows.frame(
        select(taken.progressive_invoice_id, taken.amount_cents)
        .select_from(by)
        .where(
            work.rows.among(taken.progressive_invoice_id, ids),
            taker.invoice_type != "progressive_billing",
            taker.status != "voided",
            taken.invoice_id.not_in(but),
        )
    )


def progressive_numbers(work: Work, subscription_ids: Sequence[str]) -> pl.DataFrame:
    """Return how many progressive invoices usage periods have had, voided ones too, as `number`.

    Shape:   subscription_id, charges_first, number.
    """
    c = billing_periods.c
    keys = (c.subscription_id, c.charges_first)
    asked = select(*keys, func.max(c.progressive_number).label("number")).where(
        c.invoicing_reason == "progressive_billing",
        work.rows.among(c.subscription_id, subscription_ids),
    )
    return work.rows.frame(asked.group_by(*keys))


def progressive_invoices(work: Work, subscription_ids: Sequence[str]) -> pl.DataFrame:
    """Return the progressive invoices of subscriptions that are not voided, oldest first.

    Shape:   subscription_id, charges_first, progressive_invoice_id, fees_cents; net_cents, what it
             billed of them, before taxes.
    """
    period, invoice = billing_periods.c, invoices.c
    of = billing_periods.join(
        invoices,
        (period.organization_id == invoice.organization_id) & (period.invoice_id == invoice.id),
    )
    asked = select(
        period.subscription_id, period.charges_first,
        period.invoice_id.label("progressive_invoice_id"),
        invoice.fees_amount_cents.label("fees_cents"),
        invoice.sub_total_excluding_taxes_amount_cents.label("net_cents"),
    ).select_from(of)  # fmt: skip
    return work.rows.frame(
        asked.where(
            period.invoicing_reason == "progressive_billing",
            work.rows.among(period.subscription_id, subscription_ids),
            invoice.status == InvoiceStatus.finalized,
        ).order_by(period.sequence)
    )


def progressive_fees(work: Work, ids: Sequence[str]) -> pl.DataFrame:
    """Return the fees of progressive invoices, as columns.

    Shape:   progressive_invoice_id, id, charge_id, charge_filter_id, grouped_by, was_cents, and of
             that off_cents, what was taken off before taxes, and credited_cents, what notes took
             back; the largest first.
    """
    c = fees.fees.c
    asked = select(
        c.invoice_id.label("progressive_invoice_id"), c.id, c.charge_id, c.charge_filter_id,
        c.grouped_by, c.amount_cents.label("was_cents"),
        c.precise_coupons_amount_cents.label("off_cents"),
        c.credited_amount_cents.label("credited_cents"),
    )  # fmt: skip
    mine = work.rows.among(c.invoice_id, ids)
    return work.rows.frame(asked.where(mine).order_by(c.amount_cents.desc(), c.sequence))


def applied(work: Work, ids: Sequence[str]) -> dict[str, list[AppliedUsageThreshold]]:
    """Return the thresholds that invoices were made for."""
    found: dict[str, list[AppliedUsageThreshold]] = {}
    for row in work.rows.all(
        applied_usage_thresholds, AppliedRow, applied_usage_thresholds.c.invoice_id.in_(ids)
    ):
        threshold = UsageThreshold(
            id=row.threshold_id,
            threshold_display_name=row.threshold_display_name,
            amount_cents=row.amount_cents,
            recurring=row.recurring,
            created_at=row.threshold_created_at,
            updated_at=row.threshold_updated_at,
        )
        shown = AppliedUsageThreshold(
            lifetime_usage_amount_cents=row.lifetime_usage_amount_cents,
            created_at=row.created_at,
            usage_threshold=threshold,
        )
        found.setdefault(row.invoice_id, []).append(shown)
    return found


def credited(work: Work, shown: Sequence[Invoice]) -> dict[str, list[Credit]]:
    """Return what was taken off invoices for usage that progressive invoices billed."""
    c = progressive_credits.c
    mine = work.rows.among(c.invoice_id, [one.id for one in shown])
    rows = work.rows.all(progressive_credits, ProgressiveCredit, mine)
    asked = select(invoices.c.id, invoices.c.number).where(
        work.rows.among(invoices.c.id, [row.progressive_invoice_id for row in rows])
    )
    numbers: dict[str, str] = dict(map(tuple, work.rows.rows(asked))) if rows else {}
    by_id = {one.id: one for one in shown}
    found: dict[str, list[Credit]] = {}
    for row in rows:
        number = numbers[row.progressive_invoice_id]
        one = by_id[row.invoice_id]
        credit = Credit(
            id=row.id,
            amount_cents=row.amount_cents,
            amount_currency=one.currency,
            before_taxes=True,
            item=CreditItem(
                item_id=row.progressive_invoice_id,
                type=CreditItemType.invoice,
                code=number,
                name=number,
            ),
            invoice=CreditInvoice(id=one.id, payment_status=one.payment_status),
        )
        found.setdefault(one.id, []).append(credit)
    return found
