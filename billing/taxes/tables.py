"""The tables of taxes."""

from sqlalchemy import Boolean, Column, ForeignKeyConstraint, Index, String, UniqueConstraint

from sql.ledger import table
from sql.types import Exact, Instant

taxes = table(
    "taxes",
    Column("name", String, nullable=False),
    Column("code", String, nullable=False),
    Column("rate", Exact, nullable=False),
    Column("description", String),
    Column("applied_to_organization", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("deleted_at", Instant),
)
Index(
    "uq_taxes_code", taxes.c.organization_id, taxes.c.code, unique=True,
    sqlite_where=taxes.c.deleted_at.is_(None), postgresql_where=taxes.c.deleted_at.is_(None),
)  # fmt: skip

applied_taxes = table(
    "applied_taxes",
    Column("tax_id", String(36), nullable=False),
    Column("level", String, nullable=False),
    Column("owner_id", String(36), nullable=False),
    UniqueConstraint("organization_id", "level", "owner_id", "tax_id"),
    ForeignKeyConstraint(["organization_id", "tax_id"], ["taxes.organization_id", "taxes.id"]),
)
