"""The tables of billing entities."""

from sqlalchemy import Boolean, Column, Index, Integer, String, UniqueConstraint

from sql.ledger import table
from sql.types import Instant, Json

entities = table(
    "entities",
    Column("code", String, nullable=False),
    Column("name", String, nullable=False),
    Column("default_currency", String(3), nullable=False),
    Column("country", String(2)),
    Column("address_line1", String),
    Column("address_line2", String),
    Column("phone", String),
    Column("city", String),
    Column("state", String),
    Column("zipcode", String),
    Column("einvoicing", Boolean, nullable=False),
    Column("email", String),
    Column("legal_name", String),
    Column("legal_number", String),
    Column("timezone", String, nullable=False),
    Column("net_payment_term", Integer, nullable=False),
    Column("email_settings", Json(list[str]), nullable=False),
    Column("document_numbering", String, nullable=False),
    Column("document_number_prefix", String, nullable=False),
    Column("tax_identification_number", String),
    Column("finalize_zero_amount_invoice", Boolean, nullable=False),
    Column("invoice_footer", String),
    Column("invoice_grace_period", Integer, nullable=False),
    Column("subscription_invoice_issuing_date_adjustment", String, nullable=False),
    Column("subscription_invoice_issuing_date_anchor", String, nullable=False),
    Column("document_locale", String, nullable=False),
    Column("is_default", Boolean, nullable=False),
    Column("eu_tax_management", Boolean, nullable=False),
    Column("logo_url", String),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    UniqueConstraint("organization_id", "code"),
)
Index(
    "uq_entities_default", entities.c.organization_id, unique=True,
    sqlite_where=entities.c.is_default, postgresql_where=entities.c.is_default,
)  # fmt: skip
