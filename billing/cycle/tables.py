"""The tables of the conductor."""

from sqlalchemy import BigInteger, Column, Index, String, UniqueConstraint

from sql.ledger import table

advance_marks = table(
    "advance_marks",
    Column("reached", BigInteger, nullable=False),
    UniqueConstraint("organization_id"),
)
"""Up to which ingestion sequence an organization's events are paid for, where they are at once."""

usage_marks = table(
    "usage_marks",
    Column("reached", BigInteger, nullable=False),
    UniqueConstraint("organization_id"),
)
"""Up to which ingestion sequence an organization's usage is held against its thresholds."""

recounts = table(
    "recounts",
    Column("subscription_id", String(36)),
    Column("plan_id", String(36)),
)
"""Whose usage is held against thresholds again though nothing new came: of whoever has one, or of
all who are on a plan."""
Index("ix_recounts_organization", recounts.c.organization_id)
