"""The tables of add-ons."""

from sqlalchemy import BigInteger, Column, Index, String

from sql.ledger import table
from sql.types import Instant

add_ons = table(
    "add_ons",
    Column("name", String, nullable=False),
    Column("invoice_display_name", String),
    Column("code", String, nullable=False),
    Column("amount_cents", BigInteger, nullable=False),
    Column("amount_currency", String(3), nullable=False),
    Column("description", String),
    Column("created_at", Instant, nullable=False),
    Column("deleted_at", Instant),
)
Index(
    "uq_add_ons_code", add_ons.c.organization_id, add_ons.c.code, unique=True,
    sqlite_where=add_ons.c.deleted_at.is_(None), postgresql_where=add_ons.c.deleted_at.is_(None),
)  # fmt: skip
