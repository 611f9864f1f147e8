"""Facts: what was invoiced, copied from the ledger into the warehouse.

The outbox names an invoice; it is copied as it is when the outbox is drained, with all its fees,
under its version. A version that is there already is not written again, so a copy may be repeated.
"""

from collections.abc import Sequence
from typing import Any

import polars as pl
from sqlalchemy import Select, select

from billing import customers, fees, invoices
from sql.work import Work

INVOICE = (
    "version", "number", "invoice_type", "status", "payment_status", "customer_id", "currency",
    "issuing_date", "payment_due_date", "fees_amount_cents", "coupons_amount_cents",
    "taxes_amount_cents", "total_amount_cents", "total_paid_amount_cents", "finalized_at",
)  # fmt: skip
"""Columns of an invoice that a fact has under the same name."""

FEE = (
    "invoice_id", "customer_id", "external_subscription_id", "fee_type", "item_code", "filters",
    "grouped_by", "currency", "units", "events_count", "amount_cents", "taxes_amount_cents",
    "from_date", "to_date", "created_at",
)  # fmt: skip
"""Columns of a fee that a fact has under the same name."""


def copy(work: Work, ids: Sequence[str]) -> int:
    """Copy invoices and their fees into the warehouse, and return how many invoices were new.

    Fees go first: an invoice that is there has all its fees there, also after a crash between.
    """
    asked = list(ids)
    found = _invoices(work, asked)
    lines = _fees(work, asked, found)
    fresh = _unknown(work, "facts/known_invoices", "invoice_id", found)
    fresh_lines = _unknown(work, "facts/known_fees", "fee_id", lines)
    tables = {"fee_facts": fresh_lines, "invoice_facts": fresh}
    filled = {name: frame for name, frame in tables.items() if not frame.is_empty()}
    if filled:
        work.warehouse.append(filled, token=f"{work.organization}-{fresh_lines.hash_rows().sum()}")
    return fresh.height


def _invoices(work: Work, ids: list[str]) -> pl.DataFrame:
    table, owner = invoices.invoices, customers.customers
    joined = table.join(
        owner,
        (table.c.organization_id == owner.c.organization_id) & (table.c.customer_id == owner.c.id),
    )
    asked: Select[Any] = (
        select(
            table.c.organization_id,
            table.c.id.label("invoice_id"),
            table.c.entity_id.label("billing_entity_id"),
            owner.c.external_id.label("external_customer_id"),
            *(table.c[name] for name in INVOICE),
        )
        .select_from(joined)
        .where(table.c.id.in_(ids), table.c.status.in_(["finalized", "voided"]))
    )
    return work.rows.frame(asked)


def _fees(work: Work, ids: list[str], found: pl.DataFrame) -> pl.DataFrame:
    table = fees.fees
    asked = select(
        table.c.organization_id, table.c.id.label("fee_id"), *(table.c[name] for name in FEE)
    ).where(table.c.invoice_id.in_(ids))
    owners = found.select("invoice_id", "version", "billing_entity_id")
    return work.rows.frame(asked).join(owners, on="invoice_id", maintain_order="left")


def _unknown(work: Work, statement: str, key: str, frame: pl.DataFrame) -> pl.DataFrame:
    """Leave out what is there already in the same version."""
    if frame.is_empty():
        return frame
    wanted = frame.select(key, "version")
    known = work.warehouse.query(
        statement, frames={"wanted": wanted}, organization_id=work.organization
    )
    return frame.join(known, on=[key, "version"], how="anti", maintain_order="left")
