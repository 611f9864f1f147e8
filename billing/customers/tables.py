"""The tables of customers."""

from sqlalchemy import Boolean, Column, ForeignKeyConstraint, Index, Integer, String
from sqlalchemy import UniqueConstraint as Unique

from billing.customers.model import BillingConfiguration, ShippingAddress
from sql.ledger import table
from sql.types import Instant, Json

customers = table(
    "customers",
    Column("billing_entity_id", String(36), nullable=False),
    Column("external_id", String, nullable=False),
    Column("account_type", String, nullable=False),
    Column("name", String),
    Column("firstname", String),
    Column("lastname", String),
    Column("customer_type", String),
    Column("sequential_id", Integer, nullable=False),
    Column("slug", String, nullable=False),
    Column("country", String(2)),
    Column("address_line1", String),
    Column("address_line2", String),
    Column("state", String),
    Column("zipcode", String),
    Column("email", String),
    Column("city", String),
    Column("url", String),
    Column("phone", String),
    Column("logo_url", String),
    Column("legal_name", String),
    Column("legal_number", String),
    Column("currency", String(3)),
    Column("tax_identification_number", String),
    Column("timezone", String),
    Column("net_payment_term", Integer),
    Column("external_salesforce_id", String),
    Column("finalize_zero_amount_invoice", String, nullable=False),
    Column("billing_configuration", Json(BillingConfiguration), nullable=False),
    Column("shipping_address", Json(ShippingAddress), nullable=False),
    Column("skip_invoice_custom_sections", Boolean, nullable=False),
    Column("exclude_from_dunning_campaign", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    Column("deleted_at", Instant),
    Unique("organization_id", "sequential_id"),
    ForeignKeyConstraint(
        ["organization_id", "billing_entity_id"], ["entities.organization_id", "entities.id"]
    ),
)
Index(
    "uq_customers_external_id", customers.c.organization_id, customers.c.external_id, unique=True,
    sqlite_where=customers.c.deleted_at.is_(None),
    postgresql_where=customers.c.deleted_at.is_(None),
)  # fmt: skip

customer_metadata = table(
    "customer_metadata",
    Column("customer_id", String(36), nullable=False),
    Column("key", String, nullable=False),
    Column("value", String, nullable=False),
    Column("display_in_invoice", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Unique("organization_id", "customer_id", "key"),
    ForeignKeyConstraint(
        ["organization_id", "customer_id"], ["customers.organization_id", "customers.id"]
    ),
)
