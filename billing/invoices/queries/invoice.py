"""What can be asked about invoices."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import polars as pl
from msgspec.structs import replace
from sqlalchemy import ColumnElement, func, or_, select

from billing import credits, customers, entities, fees, subscriptions
from billing.invoices import rules
from billing.invoices.model import (
    BillingPeriod,
    BillingPeriodView,
    Credit,
    CreditInvoice,
    CreditItem,
    CreditItemType,
    Invoice,
    InvoiceStatus,
    InvoiceTax,
    InvoiceView,
)
from billing.invoices.queries.progressive import applied, credited
from billing.invoices.requests import InvoiceQuery
from billing.invoices.tables import billing_periods, invoice_taxes, invoices
from metering import periods as local_periods
from metering.measures.refusals import Missing
from metering.measures.shapes import Page
from sql.work import Work

VISIBLE = ("draft", "finalized", "voided", "failed", "pending")
"""The states in which an invoice is shown."""

BEYOND = 10**18
"""More minor units than any invoice comes to."""

KEPT = ("sequence", "id", "customer_id", "currency", "timezone", "invoice_type", "billed_at",
        "created_at", "purchase_order_number", "version")  # fmt: skip
"""What a draft keeps when it is computed again."""


def find(work: Work, id: str) -> InvoiceView:
    """Return one invoice with all it is made of.

    Raises: Missing `invoice_not_found`.
    """
    found = some(work, [id])
    if not found:
        raise Missing("invoice", id)
    return found[0]


def some(work: Work, ids: Sequence[str]) -> list[InvoiceView]:
    """Return invoices with all they are made of, oldest first."""
    shown = work.rows.all(invoices, Invoice, invoices.c.id.in_(ids), invoices.c.status.in_(VISIBLE))
    lines: dict[str | None, list[fees.Fee]] = {}
    for fee in fees.of_invoices(work, ids):
        lines.setdefault(fee.invoice_id, []).append(fee)
    taxed = fees.taxes_of_invoices(work, ids)
    billed: dict[str, list[BillingPeriod]] = {}
    for period in work.rows.all(
        billing_periods, BillingPeriod, billing_periods.c.invoice_id.in_(ids)
    ):
        billed.setdefault(period.invoice_id, []).append(period)
    spent = _credits(work, shown)
    passed, taken = applied(work, ids), credited(work, shown)
    left = {one.id: rules.correctable(one, lines.get(one.id, [])) for one in shown}
    return [
        replace(
            view,
            **left[view.id],
            subscriptions=subscriptions.some(
                work, [period.subscription_id for period in billed.get(view.id, [])]
            ),
            billing_periods=[_period(period) for period in billed.get(view.id, [])],
            fees=[
                fees.view(fee, taxed.get(fee.id, []), view.customer.external_id)  # type: ignore[union-attr]
                for fee in lines.get(view.id, [])
            ],
            credits=[*taken.get(view.id, []), *spent[view.id]],
            applied_usage_thresholds=passed.get(view.id, []),
        )
        for view in _showing(work, shown)
    ]


def browse(work: Work, query: InvoiceQuery) -> Page[InvoiceView]:
    """List invoices, newest first.

    Raises: Missing `customer_not_found`.
    """
    where = _where(work, query)
    if query.external_customer_id:
        owner = customers.find(work, query.external_customer_id)
        where.append(invoices.c.customer_id == owner.id)
    page = work.rows.page(invoices, Invoice, query, *where)
    page.items = _showing(work, page.items)  # type: ignore[assignment]
    return page  # type: ignore[return-value]


def of_customer(work: Work, external_id: str, query: InvoiceQuery) -> Page[InvoiceView]:
    """List one customer's invoices, newest first.

    Raises: Missing `customer_not_found`.
    """
    return browse(work, replace(query, external_customer_id=external_id))


def draft(work: Work, id: str) -> Invoice:
    """Return an invoice that is still a draft.

    Raises: Missing `invoice_not_found`, also when it is no draft.
    """
    found = work.rows.find(invoices, Invoice, id=id, status=InvoiceStatus.draft)
    if found is None:
        raise Missing("invoice", id)
    return found


def waiting(work: Work, customer_id: str = "") -> list[str]:
    """Return the ids of all drafts, or those of one customer, oldest first."""
    asked = select(invoices.c.id).where(invoices.c.status == InvoiceStatus.draft)
    if customer_id:
        asked = asked.where(invoices.c.customer_id == customer_id)
    return [id for (id,) in work.rows.rows(asked.order_by(invoices.c.sequence))]


def drafts(work: Work, ids: Sequence[str]) -> pl.DataFrame:
    """Return what drafts keep when they are computed again, as columns: KEPT."""
    return work.rows.frame(
        select(*(invoices.c[name] for name in KEPT))
        .where(invoices.c.id.in_(ids), invoices.c.status == InvoiceStatus.draft)
        .order_by(invoices.c.sequence)
    )


def periods(work: Work, ids: Sequence[str]) -> pl.DataFrame:
    """Return what invoices bill, as columns, in the order it was billed."""
    names = [name for name in BillingPeriod.__struct_fields__ if name not in ("id", "created_at")]
    found = work.rows.frame(
        select(*(billing_periods.c[name] for name in names))
        .where(billing_periods.c.invoice_id.in_(ids))
        .order_by(billing_periods.c.sequence)
    )
    return found.rename({"invoicing_reason": "reason"}).with_columns(
        charges_stop=pl.col("charges_to") + pl.duration(seconds=1)
    )


def due_drafts(work: Work) -> list[str]:
    """Return the ids of the drafts whose grace period is over in their local time."""
    told = local_periods.today(_expected(work), "timezone", work.now)
    return told.filter(pl.col("expected_finalization_date") <= pl.col("today"))["id"].to_list()


def still_drafts(work: Work, ids: Sequence[str]) -> list[str]:
    """Return those of the ids that are drafts now."""
    return drafts(work, ids)["id"].to_list()


def next_finalization(work: Work, after: datetime) -> datetime | None:
    """Return the first instant after `after` at which a draft's grace period is over."""
    told = local_periods.starts(_expected(work), "timezone", at="expected_finalization_date")
    return told.filter(pl.col("at") > after)["at"].min()  # type: ignore[return-value]


def hold(work: Work, ids: Sequence[str]) -> pl.DataFrame:
    """Return what correcting invoices asks of them, and hold them to the end of the work.

    Shape:   id, status, invoice_type, payment_status, customer_id, currency, timezone, number and
             the amounts; oldest first.
    """
    names = [
        "id", "status", "invoice_type", "payment_status", "customer_id", "currency", "timezone",
        "number", "sub_total_including_taxes_amount_cents", "total_amount_cents",
        "total_paid_amount_cents", "offset_amount_cents", "refunded_amount_cents",
    ]  # fmt: skip
    return work.rows.frame(
        select(*(invoices.c[name] for name in names))
        .where(work.rows.among(invoices.c.id, ids))
        .order_by(invoices.c.sequence)
        .with_for_update()
    )


def bare(work: Work, ids: Sequence[str]) -> list[Invoice]:
    """Return invoices without what they are made of, whatever their state, oldest first."""
    return work.rows.all(invoices, Invoice, work.rows.among(invoices.c.id, ids))


def highest(work: Work, final: pl.DataFrame, number: str, *by: str) -> pl.DataFrame:
    """Return the highest number given so far to invoices that are alike in `by`, as columns."""
    keys = [invoices.c[name] for name in by]
    asked = select(*keys, func.max(invoices.c[number]).label(number)).group_by(*keys)
    wanted = {key.name: final[key.name].unique().to_list() for key in keys}
    return work.rows.frame(asked.where(*(key.in_(wanted[key.name]) for key in keys)))


def _expected(work: Work) -> pl.DataFrame:
    return work.rows.frame(
        select(invoices.c.id, invoices.c.timezone, invoices.c.expected_finalization_date)
        .where(invoices.c.status == InvoiceStatus.draft)
        .order_by(invoices.c.sequence)
    )


def _cents(amount: Decimal) -> int:
    """Return an amount in whole minor units, held to what every engine's integers can say."""
    return min(max(int(amount), -BEYOND), BEYOND)


def _where(work: Work, query: InvoiceQuery) -> list[ColumnElement[bool]]:
    table = invoices.c
    asked = [*query.status, *query.statuses]
    where: list[ColumnElement[bool]] = [table.status.in_(VISIBLE)]
    if asked:
        where.append(table.status.in_(asked))
    if wanted := [*query.payment_status, *query.payment_statuses]:
        where.append(table.payment_status.in_(wanted))
    if query.payment_overdue is not None:
        where.append(table.payment_overdue.is_(query.payment_overdue))
    if query.invoice_type:
        where.append(table.invoice_type.in_(query.invoice_type))
    if query.currency:
        where.append(table.currency == query.currency.upper())
    if query.amount_from is not None:
        where.append(table.total_amount_cents >= _cents(query.amount_from))
    if query.amount_to is not None:
        where.append(table.total_amount_cents <= _cents(query.amount_to))
    if query.issuing_date_from:
        where.append(table.issuing_date >= query.issuing_date_from)
    if query.issuing_date_to:
        where.append(table.issuing_date <= query.issuing_date_to)
    if query.purchase_order_number:
        where.append(table.purchase_order_number == query.purchase_order_number)
    if query.search_term:
        like = f"%{query.search_term}%"
        where.append(or_(table.number.ilike(like), table.id == query.search_term))
    if query.billing_entity_codes:
        named = select(entities.entities.c.id).where(
            entities.entities.c.organization_id == work.organization,
            entities.entities.c.code.in_(query.billing_entity_codes),
        )
        where.append(table.entity_id.in_(named))
    return where


def _showing(work: Work, found: Sequence[Invoice]) -> list[InvoiceView]:
    """Return invoices as a list shows them: with their customer and taxes."""
    owners = customers.by_ids(work, {one.customer_id for one in found})
    issuers = entities.by_ids(work, {one.entity_id for one in found})
    taxed: dict[str, list[InvoiceTax]] = {}
    ids = [one.id for one in found]
    for tax in work.rows.all(invoice_taxes, InvoiceTax, invoice_taxes.c.invoice_id.in_(ids)):
        taxed.setdefault(tax.invoice_id, []).append(tax)
    same = [name for name in InvoiceView.__struct_fields__ if name in Invoice.__struct_fields__]
    return [
        InvoiceView(
            **{name: getattr(one, name) for name in same},
            billing_entity_code=issuers[one.entity_id].code,
            total_due_amount_cents=one.due_cents,
            total_offsetted_credit_note_amount_cents=one.offset_amount_cents,
            customer=owners[one.customer_id],
            metadata=[],
            applied_taxes=taxed.get(one.id, []),
        )
        for one in found
    ]


def _credits(work: Work, shown: Sequence[Invoice]) -> dict[str, list[Credit]]:
    """Return what was taken off invoices by earlier credit, in the order it was taken."""
    spent = credits.spent_on(work, [one.id for one in shown])
    known = credits.by_ids(work, [entry.credit_id for of in spent.values() for entry in of])
    return {
        one.id: [
            Credit(
                id=entry.id,
                amount_cents=-entry.amount_cents,
                amount_currency=one.currency,
                before_taxes=False,
                item=CreditItem(
                    item_id=entry.credit_id,
                    type=CreditItemType.credit_note,
                    code=known[entry.credit_id].code,
                    name=known[entry.credit_id].name,
                    description=known[entry.credit_id].description,
                ),
                invoice=CreditInvoice(id=one.id, payment_status=one.payment_status),
            )
            for entry in spent.get(one.id, [])
        ]
        for one in shown
    }


def _period(period: BillingPeriod) -> BillingPeriodView:
    return BillingPeriodView(
        subscription_id=period.subscription_id,
        external_subscription_id=period.external_subscription_id,
        plan_id=period.plan_id,
        subscription_from_datetime=period.subscription_from,
        subscription_to_datetime=period.subscription_to,
        charges_from_datetime=period.charges_from,
        charges_to_datetime=period.charges_to,
        fixed_charges_from_datetime=period.fixed_charges_from,
        fixed_charges_to_datetime=period.fixed_charges_to,
        invoicing_reason=period.invoicing_reason,
    )
