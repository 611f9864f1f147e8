"""The tables of credit notes."""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    UniqueConstraint,
)

from sql.ledger import table
from sql.types import Exact, Instant, Json

credit_notes = table(
    "credit_notes",
    Column("invoice_id", String(36), nullable=False),
    Column("customer_id", String(36), nullable=False),
    Column("sequential_id", Integer, nullable=False),
    Column("number", String, nullable=False),
    Column("status", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("description", String),
    Column("issuing_date", Date, nullable=False),
    Column("refund_status", String),
    Column("currency", String(3), nullable=False),
    Column("total_amount_cents", BigInteger, nullable=False),
    Column("precise_total_amount_cents", Exact, nullable=False),
    Column("taxes_amount_cents", BigInteger, nullable=False),
    Column("precise_taxes_amount_cents", Exact, nullable=False),
    Column("taxes_rate", Exact, nullable=False),
    Column("sub_total_excluding_taxes_amount_cents", BigInteger, nullable=False),
    Column("coupons_adjustment_amount_cents", BigInteger, nullable=False),
    Column("precise_coupons_adjustment_amount_cents", Exact, nullable=False),
    Column("credit_amount_cents", BigInteger, nullable=False),
    Column("refund_amount_cents", BigInteger, nullable=False),
    Column("offset_amount_cents", BigInteger, nullable=False),
    Column("metadata", Json(dict[str, str | None])),
    # Of a note that was made because a subscription ended: what it gives back, and how.
    Column("subscription_id", String(36)),
    Column("unused_days", Integer),
    Column("mode", String),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    UniqueConstraint("organization_id", "invoice_id", "sequential_id"),
    ForeignKeyConstraint(
        ["organization_id", "invoice_id"], ["invoices.organization_id", "invoices.id"],
        deferrable=True, initially="deferred",  # a draft is taken away and written again
    ),
)  # fmt: skip
Index("ix_credit_notes_customer", credit_notes.c.organization_id, credit_notes.c.customer_id)
Index(
    "uq_credit_notes_subscription",
    credit_notes.c.organization_id,
    credit_notes.c.subscription_id,
    unique=True,
    sqlite_where=credit_notes.c.subscription_id.is_not(None),
    postgresql_where=credit_notes.c.subscription_id.is_not(None),
)

credit_note_items = table(
    "credit_note_items",
    Column("credit_note_id", String(36), nullable=False),
    Column("fee_id", String(36), nullable=False),
    Column("amount_cents", BigInteger, nullable=False),
    Column("precise_amount_cents", Exact, nullable=False),
    Column("amount_currency", String(3), nullable=False),
    ForeignKeyConstraint(
        ["organization_id", "credit_note_id"], ["credit_notes.organization_id", "credit_notes.id"]
    ),
)
Index(
    "ix_credit_note_items_note",
    credit_note_items.c.organization_id,
    credit_note_items.c.credit_note_id,
)

credit_note_taxes = table(
    "credit_note_taxes",
    Column("credit_note_id", String(36), nullable=False),
    Column("tax_id", String(36), nullable=False),
    Column("tax_code", String, nullable=False),
    Column("tax_name", String, nullable=False),
    Column("tax_rate", Exact, nullable=False),
    Column("tax_description", String),
    Column("base_amount_cents", BigInteger, nullable=False),
    Column("amount_cents", BigInteger, nullable=False),
    Column("amount_currency", String(3), nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("organization_id", "credit_note_id", "tax_id"),
    ForeignKeyConstraint(
        ["organization_id", "credit_note_id"], ["credit_notes.organization_id", "credit_notes.id"]
    ),
)
