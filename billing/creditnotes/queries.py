"""What can be asked about credit notes."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

import polars as pl
from msgspec import UNSET
from msgspec.structs import replace
from sqlalchemy import ColumnElement, false, func, or_, select

from billing import credits, customers, entities, fees, invoices
from billing.creditnotes.model import (
    CreditNote,
    CreditNoteItem,
    CreditNoteItemView,
    CreditNoteTax,
    CreditNoteView,
)
from billing.creditnotes.requests import CreditNoteQuery
from billing.creditnotes.tables import credit_note_items, credit_note_taxes, credit_notes
from metering import columns
from metering.measures.refusals import Missing
from metering.measures.shapes import Page, PageQuery
from sql.work import Work

BEYOND = 10**18
"""More minor units than any note comes to."""

PARTS = ("credit", "refund", "offset")
"""What a note can be of, and has an amount of."""


def find(work: Work, id: str) -> CreditNoteView:
    """Return one credit note with what it takes back.

    Raises: Missing `credit_note_not_found`.
    """
    return some(work, [bare(work, id)])[0]


def bare(work: Work, id: str) -> CreditNote:
    """Return one credit note as the row has it.

    Raises: Missing `credit_note_not_found`.
    """
    if (note := work.rows.find(credit_notes, CreditNote, id=id)) is None:
        raise Missing("credit_note", id)
    return note


def browse(work: Work, query: CreditNoteQuery) -> Page[CreditNoteView]:
    """List credit notes, drafts too, newest first.

    Raises: Missing `customer_not_found`.
    """
    where = _where(work, query)
    if query.external_customer_id:
        owner = customers.find(work, query.external_customer_id)
        where.append(credit_notes.c.customer_id == owner.id)
    return _page(work, query, where)


def of_customer(work: Work, external_id: str, query: CreditNoteQuery) -> Page[CreditNoteView]:
    """List one customer's credit notes, newest first.

    Raises: Missing `customer_not_found`.
    """
    return browse(work, replace(query, external_customer_id=external_id))


def of_invoice(work: Work, id: str, query: PageQuery) -> Page[CreditNoteView]:
    """List the credit notes of one invoice, newest first.

    Raises: Missing `invoice_not_found`.
    """
    return _page(work, query, [credit_notes.c.invoice_id == invoices.find(work, id).id])


def some(work: Work, found: Sequence[CreditNote]) -> list[CreditNoteView]:
    """Return credit notes as they are shown, in the order given."""
    ids = [note.id for note in found]
    billed = {one.id: one for one in invoices.bare(work, [note.invoice_id for note in found])}
    issuers = entities.by_ids(work, {one.entity_id for one in billed.values()})
    owners = customers.by_ids(work, {note.customer_id for note in found})
    left = credits.by_ids(work, ids)
    items, taxed = _items(work, found, owners), _taxes(work, ids)
    same = [n for n in CreditNoteView.__struct_fields__ if n in CreditNote.__struct_fields__]
    return [
        CreditNoteView(
            **{name: getattr(note, name) for name in same if name != "metadata"},
            billing_entity_code=issuers[billed[note.invoice_id].entity_id].code,
            invoice_number=billed[note.invoice_id].number,
            purchase_order_number=billed[note.invoice_id].purchase_order_number,
            credit_status=left[note.id].status if note.id in left else None,
            balance_amount_cents=left[note.id].balance_cents if note.id in left else 0,
            customer=owners[note.customer_id],
            items=items.get(note.id, []),
            applied_taxes=taxed.get(note.id, []),
            metadata=note.metadata or UNSET,
        )
        for note in found
    ]


def items_of(work: Work, ids: Sequence[str]) -> list[CreditNoteItem]:
    """Return what credit notes take back, in the order it was said."""
    mine = work.rows.among(credit_note_items.c.credit_note_id, ids)
    return work.rows.all(credit_note_items, CreditNoteItem, mine)


def base_fees(work: Work, subscription_ids: Sequence[str], since: date = date.min) -> pl.DataFrame:
    """Return the base fees in advance of subscriptions for time up to `since` or later.

    Shape:   subscription_id, invoice_id, fee_id, fee_cents, coupons_cents, credited_cents,
             fee_taxes_cents, fee_taxes_rate, plan_cents as it was billed, and subscription_first,
             _last and _days; of invoices that are drafts or final, in the order of billing.
    """
    fee, period, invoice = fees.fees.c, invoices.billing_periods.c, invoices.invoices.c
    joined = invoices.billing_periods.join(
        fees.fees,
        (fee.organization_id == period.organization_id)
        & (fee.invoice_id == period.invoice_id)
        & (fee.subscription_id == period.subscription_id)
        & (fee.from_date == period.subscription_from),
    ).join(
        invoices.invoices,
        (invoice.organization_id == period.organization_id) & (invoice.id == period.invoice_id),
    )
    asked = select(
        period.subscription_id, period.invoice_id, period.subscription_first,
        period.subscription_last, period.subscription_days,
        fee.id.label("fee_id"), fee.amount_cents.label("fee_cents"),
        fee.precise_coupons_amount_cents.label("coupons_cents"),
        fee.credited_amount_cents.label("credited_cents"),
        fee.taxes_amount_cents.label("fee_taxes_cents"), fee.taxes_rate.label("fee_taxes_rate"),
        fee.amount_details,
    )  # fmt: skip
    found = work.rows.frame(
        asked.select_from(joined)
        .where(
            work.rows.among(period.subscription_id, subscription_ids),
            period.subscription_last >= since,
            fee.fee_type == "subscription",
            fee.pay_in_advance,
            invoice.status.in_(["draft", "finalized"]),
        )
        .order_by(period.sequence)
    )
    plan = pl.col("amount_details").str.json_path_match("$.plan_amount_cents")
    return found.with_columns(plan_cents=plan.cast(pl.Int64)).drop("amount_details")


def fee_taxes(work: Work, fee_ids: Sequence[str]) -> pl.DataFrame:
    """Return the taxes of fees, as columns: fee_id, tax_id, tax_code, tax_name, tax_rate, ….

    In the order in which they were applied.
    """
    c = fees.fee_taxes.c
    return work.rows.frame(
        select(c.fee_id, c.tax_id, c.tax_code, c.tax_name, c.tax_rate, c.tax_description)
        .where(work.rows.among(c.fee_id, fee_ids))
        .order_by(c.sequence)
    )


def left(work: Work, invoice_ids: Sequence[str]) -> pl.DataFrame:
    """Return what notes have left of invoices, as columns.

    Shape:   invoice_id, left_cents of all its fees, earlier_cents, by how much the taxes of its
             notes were rounded, and last, the number within the invoice that was given last.
    """
    fee, note = fees.fees.c, credit_notes.c
    open_ = select(
        fee.invoice_id, func.sum(fee.amount_cents - fee.credited_amount_cents).label("left_cents")
    ).where(work.rows.among(fee.invoice_id, invoice_ids)).group_by(fee.invoice_id)  # fmt: skip
    taken = work.rows.frame(
        select(
            note.invoice_id, note.sequential_id, note.status, note.taxes_amount_cents,
            note.precise_taxes_amount_cents,
        ).where(work.rows.among(note.invoice_id, invoice_ids))
    )  # fmt: skip
    rounding = pl.col("taxes_amount_cents").cast(pl.Decimal(38, 12)) - pl.col(
        "precise_taxes_amount_cents"
    )
    is_final = pl.col("status") == "finalized"
    earlier = taken.group_by("invoice_id").agg(
        earlier_cents=columns.total(rounding.filter(is_final)), last=pl.col("sequential_id").max()
    )
    whole = work.rows.frame(open_).with_columns(pl.col("left_cents").cast(pl.Int64))
    return whole.join(earlier, on="invoice_id", how="left", maintain_order="left").with_columns(
        pl.col("earlier_cents").fill_null(Decimal(0)), pl.col("last").fill_null(0)
    )


def issued(work: Work, invoice_id: str) -> dict[str, int]:
    """Return what the notes of an invoice come to so far: `total` and each of PARTS."""
    names = ("total", *PARTS)
    sums = [func.coalesce(func.sum(credit_notes.c[f"{n}_amount_cents"]), 0) for n in names]
    ((*found,),) = work.rows.rows(
        select(*sums).select_from(credit_notes).where(credit_notes.c.invoice_id == invoice_id)
    )
    return {name: int(cents) for name, cents in zip(names, found, strict=True)}


def awaited(work: Work, invoice_ids: Sequence[str]) -> list[str]:
    """Return which of these invoices have notes that wait for them, in the order given."""
    c = credit_notes.c
    asked = select(c.invoice_id).where(
        work.rows.among(c.invoice_id, invoice_ids), c.status == "draft"
    )
    found = {id for (id,) in work.rows.rows(asked)}
    return [id for id in invoice_ids if id in found]


def drafts(work: Work, invoice_ids: Sequence[str]) -> pl.DataFrame:
    """Return the notes that wait for these invoices, the oldest first, as columns.

    Shape:   id, invoice_id, subscription_id, unused_days, mode, sequential_id, description,
             created_at.
    """
    c = credit_notes.c
    names = (
        "id", "invoice_id", "subscription_id", "unused_days", "mode", "sequential_id",
        "description", "created_at",
    )  # fmt: skip
    return work.rows.frame(
        select(*(c[name] for name in names))
        .where(work.rows.among(c.invoice_id, invoice_ids), c.status == "draft")
        .order_by(c.sequence)
    )


def _page(
    work: Work, query: PageQuery, where: Sequence[ColumnElement[bool]]
) -> Page[CreditNoteView]:
    page = work.rows.page(credit_notes, CreditNote, query, *where)
    page.items = some(work, page.items)  # type: ignore[assignment]
    return page  # type: ignore[return-value]


def _items(
    work: Work, found: Sequence[CreditNote], owners: dict[str, customers.Customer]
) -> dict[str, list[CreditNoteItemView]]:
    """Return what notes take back, with the fees it is taken of."""
    said = items_of(work, [note.id for note in found])
    known = {fee.id: fee for fee in fees.some(work, [item.fee_id for item in said])}
    taxed = fees.taxes_of_invoices(work, [note.invoice_id for note in found])
    shown: dict[str, list[CreditNoteItemView]] = {}
    for item in said:
        fee = known[item.fee_id]
        view = fees.view(fee, taxed.get(fee.id, []), owners[fee.customer_id].external_id)
        same = {name: getattr(item, name) for name in CreditNoteItemView.__struct_fields__[:-1]}
        shown.setdefault(item.credit_note_id, []).append(CreditNoteItemView(**same, fee=view))
    return shown


def _taxes(work: Work, ids: Sequence[str]) -> dict[str, list[CreditNoteTax]]:
    mine = work.rows.among(credit_note_taxes.c.credit_note_id, ids)
    shown: dict[str, list[CreditNoteTax]] = {}
    for tax in work.rows.all(credit_note_taxes, CreditNoteTax, mine):
        shown.setdefault(tax.credit_note_id, []).append(tax)
    return shown


def _cents(amount: Decimal) -> int:
    return min(max(int(amount), -BEYOND), BEYOND)


def _where(work: Work, query: CreditNoteQuery) -> list[ColumnElement[bool]]:
    c = credit_notes.c
    where: list[ColumnElement[bool]] = []
    for name, wanted in (
        ("reason", query.reason), ("refund_status", query.refund_status), ("status", query.status),
    ):  # fmt: skip
        if wanted:
            where.append(c[name].in_(wanted))
    if query.types:
        where.append(or_(false(), *(c[f"{p}_amount_cents"] > 0 for p in PARTS if p in query.types)))
    if query.currency:
        where.append(c.currency == query.currency.upper())
    if query.amount_from is not None:
        where.append(c.total_amount_cents >= _cents(query.amount_from))
    if query.amount_to is not None:
        where.append(c.total_amount_cents <= _cents(query.amount_to))
    if query.issuing_date_from:
        where.append(c.issuing_date >= query.issuing_date_from)
    if query.issuing_date_to:
        where.append(c.issuing_date <= query.issuing_date_to)
    if query.self_billed:
        where.append(c.id.is_(None))  # nobody bills itself yet
    if query.credit_status:
        where.append(credits.having(work, c.id, query.credit_status))
    return where + _where_told_elsewhere(work, query)


def _where_told_elsewhere(work: Work, query: CreditNoteQuery) -> list[ColumnElement[bool]]:
    """What is asked of notes that their invoices and customers know."""
    c, invoice, customer = credit_notes.c, invoices.invoices.c, customers.customers.c
    wanted: list[ColumnElement[bool]] = []
    if query.invoice_number:
        wanted.append(invoice.number == query.invoice_number)
    if query.purchase_order_number:
        wanted.append(invoice.purchase_order_number == query.purchase_order_number)
    if query.billing_entity_codes:
        named = select(entities.entities.c.id).where(
            entities.entities.c.organization_id == work.organization,
            entities.entities.c.code.in_(query.billing_entity_codes),
        )
        wanted.append(invoice.entity_id.in_(named))
    where: list[ColumnElement[bool]] = []
    if wanted:
        mine = select(invoice.id).where(invoice.organization_id == work.organization, *wanted)
        where.append(c.invoice_id.in_(mine))
    if query.search_term:
        like = f"%{query.search_term}%"
        named = select(customer.id).where(
            customer.organization_id == work.organization,
            or_(customer.name.ilike(like), customer.external_id.ilike(like)),
        )
        where.append(or_(c.number.ilike(like), c.id == query.search_term, c.customer_id.in_(named)))
    return where
