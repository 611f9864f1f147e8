"""What can be asked about fees."""

from collections.abc import Sequence

import polars as pl
from sqlalchemy import ColumnElement, select

from billing import customers
from billing.fees.model import Fee, FeeItem, FeeTax, FeeType, FeeView
from billing.fees.requests import FeeQuery
from billing.fees.tables import fee_taxes, fees
from metering.measures import money
from metering.measures.money import plain
from metering.measures.refusals import Missing
from metering.measures.shapes import Page
from sql.work import Work

ITEM_TYPES = {
    FeeType.charge: "BillableMetric",
    FeeType.add_on: "AddOn",
    FeeType.fixed_charge: "AddOn",
    FeeType.credit: "WalletTransaction",
    FeeType.subscription: "Subscription",
    FeeType.commitment: "Subscription",
}


STAMPED = ("created_at", "succeeded_at", "failed_at", "refunded_at")
"""The instants by which fees are looked for."""


def find(work: Work, id: str) -> FeeView:
    """Return one fee, with what taxes come to on it.

    Raises: Missing `fee_not_found`.
    """
    found = work.rows.all(fees, Fee, fees.c.id == id)
    if not found:
        raise Missing("fee", id)
    (shown,) = _showing(work, found)
    return shown


def browse(work: Work, query: FeeQuery) -> Page[FeeView]:
    """List fees, newest first.

    Raises: Missing `customer_not_found`.
    """
    where = _where(query)
    if query.external_customer_id:
        owner = customers.find(work, query.external_customer_id)
        where.append(fees.c.customer_id == owner.id)
    page = work.rows.page(fees, Fee, query, *where)
    page.items = _showing(work, page.items)  # type: ignore[assignment]
    return page  # type: ignore[return-value]


def _where(query: FeeQuery) -> list[ColumnElement[bool]]:
    equal = {
        "fee_type": query.fee_type,
        "payment_status": query.payment_status,
        "external_subscription_id": query.external_subscription_id,
        "currency": query.currency and query.currency.upper(),
        "event_transaction_id": query.event_transaction_id,
    }
    where = [fees.c[name] == value for name, value in equal.items() if value]
    if query.billable_metric_code:
        where.append(fees.c.item_code == query.billable_metric_code)
        where.append(fees.c.fee_type == FeeType.charge)
    for name in STAMPED:
        if (first := getattr(query, f"{name}_from")) is not None:
            where.append(fees.c[name] >= first)
        if (last := getattr(query, f"{name}_to")) is not None:
            where.append(fees.c[name] <= last)
    return where


def _showing(work: Work, found: Sequence[Fee]) -> list[FeeView]:
    owners = customers.by_ids(work, {fee.customer_id for fee in found})
    taxed: dict[str, list[FeeTax]] = {}
    ids = [fee.id for fee in found]
    for tax in work.rows.all(fee_taxes, FeeTax, fee_taxes.c.fee_id.in_(ids)):
        taxed.setdefault(tax.fee_id, []).append(tax)
    return [view(fee, taxed.get(fee.id, []), owners[fee.customer_id].external_id) for fee in found]


def of_invoices(work: Work, ids: Sequence[str]) -> list[Fee]:
    """Return the fees of invoices, in the order they were made."""
    return work.rows.all(fees, Fee, fees.c.invoice_id.in_(ids))


def some(work: Work, ids: Sequence[str]) -> list[Fee]:
    """Return fees by their ids, in the order they were made."""
    return work.rows.all(fees, Fee, work.rows.among(fees.c.id, ids))


def taxes_of_invoices(work: Work, ids: Sequence[str]) -> dict[str, list[FeeTax]]:
    """Return what taxes came to on the fees of invoices, by fee."""
    found: dict[str, list[FeeTax]] = {}
    for tax in work.rows.all(fee_taxes, FeeTax, fee_taxes.c.invoice_id.in_(ids)):
        found.setdefault(tax.fee_id, []).append(tax)
    return found


def tax_lines(work: Work, ids: Sequence[str]) -> pl.DataFrame:
    """Return what taxes came to on fees, as columns; a row for each fee and tax."""
    c = fee_taxes.c
    names = ("id", "fee_id", "tax_id", "tax_code", "tax_name", "tax_rate", "tax_description",
             "amount_cents", "amount_currency")  # fmt: skip
    asked = select(*(c[name] for name in names))
    return work.rows.frame(asked.where(work.rows.among(c.fee_id, ids)).order_by(c.sequence))


def credited(work: Work, ids: Sequence[str]) -> pl.DataFrame:
    """Return what credit notes have taken back of fees, as columns: id, credited_amount_cents."""
    asked = select(fees.c.id, fees.c.credited_amount_cents)
    return work.rows.frame(asked.where(work.rows.among(fees.c.id, ids)))


def view(fee: Fee, taxes: Sequence[FeeTax], external_customer_id: str) -> FeeView:
    """Return a fee as it is shown."""
    same = {name: getattr(fee, name) for name in FeeView.__struct_fields__ if hasattr(fee, name)}
    major = money.digits(fee.currency)
    taxed = plain(fee.precise_amount + fee.taxes_precise_amount)
    return FeeView(
        **same,
        item=FeeItem(
            type=fee.fee_type,
            code=fee.item_code,
            name=fee.item_name,
            invoice_display_name=fee.item_display_name or fee.item_name,
            filters=fee.filters,
            filter_invoice_display_name=fee.filter_display_name,
            item_id=fee.item_id,
            item_type=ITEM_TYPES[fee.fee_type],
            grouped_by={key: value or "" for key, value in (fee.grouped_by or {}).items()},
        ),
        external_customer_id=external_customer_id,
        amount_currency=fee.currency,
        total_amount_cents=fee.amount_cents + fee.taxes_amount_cents,
        total_amount_currency=fee.currency,
        precise_total_amount=taxed,
        sub_total_excluding_taxes_amount_cents=fee.amount_cents,
        sub_total_excluding_taxes_precise_amount_cents=plain(fee.precise_amount.scaleb(major)),
        applied_taxes=list(taxes),
    )
