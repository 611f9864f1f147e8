"""How credit notes are written, in bulk, and what follows from them."""

import polars as pl

from billing import credits, fees, invoices
from billing.creditnotes import queries
from billing.creditnotes.rules import tax_lines
from billing.creditnotes.tables import credit_note_items, credit_note_taxes, credit_notes
from metering import columns, periods
from sql.types import INSTANT
from sql.work import Work


def write(
    work: Work, notes: pl.DataFrame, items: pl.DataFrame, taxes: pl.DataFrame
) -> pl.DataFrame:
    """Write new notes with what they are made of, and what follows from those that are final.

    Shape:   in, `notes` as rules.rounded and rules.divided return them, with invoice_status,
             customer_id, currency, timezone and invoice_number of their invoices, reason and, if
             they have them, description, metadata, subscription_id, unused_days and mode; `items`
             and `taxes` as rules.amounts takes them; out, the notes with their ids. The caller
             holds the invoices.
    """
    if notes.is_empty():
        return notes
    numbered = _numbered(notes).with_columns(
        id=columns.ids(notes.height), created_at=pl.lit(work.now, INSTANT)
    )
    written = settled(work, numbered)
    load(work, credit_notes, written)
    parts(work, written, items, taxes)
    take_effect(work, written.filter(status="finalized"))
    return written


def settled(work: Work, numbered: pl.DataFrame) -> pl.DataFrame:
    """Return notes as their rows have them: final if their invoice is, and dated today."""
    is_final = pl.col("invoice_status") == "finalized"
    dated = periods.today(numbered, "timezone", work.now)
    return dated.with_columns(
        number=pl.format(
            "{}-CN{}", "invoice_number", pl.col("sequential_id").cast(pl.String).str.zfill(3)
        ),
        status=pl.when(is_final).then(pl.lit("finalized")).otherwise(pl.lit("draft")),
        issuing_date="today",
        refund_status=pl.when(pl.col("refund_cents") > 0).then(pl.lit("pending")),
        total_amount_cents="note_cents",
        credit_amount_cents="credit_cents",
        refund_amount_cents="refund_cents",
        offset_amount_cents="offset_cents",
        updated_at=pl.lit(work.now, INSTANT),
    ).drop("today")


def parts(work: Work, notes: pl.DataFrame, items: pl.DataFrame, taxes: pl.DataFrame) -> None:
    """Write the items and the taxes of notes, and note on the fees what is taken of them."""
    known = notes.select("note", "currency", "created_at", credit_note_id="id")
    mine = items.join(known, on="note", maintain_order="left_right").with_columns(
        amount_currency="currency", precise_amount_cents="precise"
    )
    load(work, credit_note_items, mine.with_columns(id=columns.ids(mine.height)))
    named = taxes.unique("tax_id", keep="first", maintain_order=True).drop("fee_id")
    lines = (
        tax_lines(items, taxes.select("fee_id", "tax_id", "tax_rate"))
        .join(named, on="tax_id", maintain_order="left")
        .join(known, on="note", maintain_order="left")
        .filter(pl.col("credit_note_id").is_not_null())
        .with_columns(amount_currency="currency")
    )
    load(work, credit_note_taxes, lines.with_columns(id=columns.ids(lines.height)))
    fees.credit(work, mine.select("fee_id", "amount_cents"))


def take_effect(work: Work, final: pl.DataFrame) -> None:
    """Credit the customers, and take off invoices, what notes that are final say (B-31)."""
    if final.is_empty():
        return
    credits.pay_in(
        work,
        final.filter(pl.col("credit_cents") > 0).select(
            "id", "customer_id", "currency", "created_at",
            amount_cents="credit_cents", code="number", name="invoice_number",
            description=pl.col("description") if "description" in final.columns else pl.lit(None),
        ),
    )  # fmt: skip
    invoices.correct(
        work, "credit_note",
        final.select("invoice_id", "currency", "offset_cents", "refund_cents", source_id="id"),
    )  # fmt: skip


def load(work: Work, table: object, frame: pl.DataFrame) -> None:
    """Write the columns of a frame that a table has."""
    names = [column.name for column in table.c if column.name in frame.columns]  # type: ignore[attr-defined]
    work.rows.load(table, frame.select(names))  # type: ignore[arg-type]


def held(work: Work, ids: list[str]) -> pl.DataFrame:
    """Hold invoices, and return what their notes ask of them, by invoice_id."""
    found = invoices.hold(work, ids)
    return found.rename(
        {"id": "invoice_id", "status": "invoice_status", "number": "invoice_number"}
    )


def left(work: Work, notes: pl.DataFrame) -> pl.DataFrame:
    """Return what is left of the invoices of notes."""
    return queries.left(work, notes["invoice_id"].unique().to_list())


def _numbered(notes: pl.DataFrame) -> pl.DataFrame:
    """Number the notes of each invoice after its last."""
    place = pl.int_range(1, pl.len() + 1).over("invoice_id")
    return notes.with_columns(sequential_id=pl.col("last") + place)
