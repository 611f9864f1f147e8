"""The tables of billing entities."""

from sqlalchemy import Boolean, Column, Integer, String, UniqueConstraint

from sql.ledger import table
from sql.types import Instant

entities = table(
    "entities",
    Column("code", String, nullable=False),
    Column("name", String, nullable=False),
    Column("default_currency", String(3), nullable=False),
    Column("timezone", String, nullable=False),
    Column("document_numbering", String, nullable=False),
    Column("document_number_prefix", String, nullable=False),
    Column("net_payment_term", Integer, nullable=False),
    Column("invoice_grace_period", Integer, nullable=False),
    Column("is_default", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    UniqueConstraint("organization_id", "code"),
)
