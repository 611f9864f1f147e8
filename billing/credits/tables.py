"""The tables of credits."""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
)

from sql.ledger import table
from sql.types import Instant

available_credits = table(
    "available_credits",
    Column("customer_id", String(36), nullable=False),
    Column("currency", String(3), nullable=False),
    Column("code", String, nullable=False),
    Column("name", String, nullable=False),
    Column("description", String),
    Column("amount_cents", BigInteger, nullable=False),
    Column("balance_cents", BigInteger, nullable=False),
    Column("voided_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    CheckConstraint(
        "balance_cents between 0 and amount_cents", name="ck_available_credits_balance"
    ),
)
Index(
    "ix_available_credits_customer",
    available_credits.c.organization_id,
    available_credits.c.customer_id,
)

credit_entries = table(
    "credit_entries",
    Column("credit_id", String(36), nullable=False),
    Column("reason", String, nullable=False),
    Column("cause_id", String(36), nullable=False),
    Column("amount_cents", BigInteger, nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("organization_id", "credit_id", "reason", "cause_id"),
    ForeignKeyConstraint(
        ["organization_id", "credit_id"],
        ["available_credits.organization_id", "available_credits.id"],
    ),
)
Index("ix_credit_entries_cause", credit_entries.c.organization_id, credit_entries.c.cause_id)
