"""The tables of invoices."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    UniqueConstraint,
)

from sql.ledger import table
from sql.types import Exact, Instant

invoices = table(
    "invoices",
    Column("entity_id", String(36), nullable=False),
    Column("customer_id", String(36), nullable=False),
    Column("sequential_id", Integer),
    Column("entity_sequential_id", Integer),
    Column("number", String, nullable=False),
    Column("invoice_type", String, nullable=False),
    Column("status", String, nullable=False),
    Column("payment_status", String, nullable=False),
    Column("payment_overdue", Boolean, nullable=False),
    Column("currency", String(3), nullable=False),
    Column("timezone", String, nullable=False),
    Column("issuing_date", Date, nullable=False),
    Column("payment_due_date", Date, nullable=False),
    Column("net_payment_term", Integer, nullable=False),
    Column("expected_finalization_date", Date, nullable=False),
    Column("fees_amount_cents", BigInteger, nullable=False),
    Column("coupons_amount_cents", BigInteger, nullable=False),
    Column("credit_notes_amount_cents", BigInteger, nullable=False),
    Column("progressive_billing_credit_amount_cents", BigInteger, nullable=False),
    Column("prepaid_credit_amount_cents", BigInteger, nullable=False),
    Column("sub_total_excluding_taxes_amount_cents", BigInteger, nullable=False),
    Column("taxes_amount_cents", BigInteger, nullable=False),
    Column("taxes_rate", Exact, nullable=False),
    Column("sub_total_including_taxes_amount_cents", BigInteger, nullable=False),
    Column("total_amount_cents", BigInteger, nullable=False),
    Column("total_paid_amount_cents", BigInteger, nullable=False),
    Column("purchase_order_number", String),
    Column("billed_at", Instant, nullable=False),
    Column("finalized_at", Instant),
    Column("voided_at", Instant),
    Column("version", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    UniqueConstraint("organization_id", "entity_id", "customer_id", "sequential_id"),
    UniqueConstraint("organization_id", "entity_id", "entity_sequential_id"),
    ForeignKeyConstraint(
        ["organization_id", "customer_id"], ["customers.organization_id", "customers.id"]
    ),
    ForeignKeyConstraint(
        ["organization_id", "entity_id"], ["entities.organization_id", "entities.id"]
    ),
)
Index("ix_invoices_customer", invoices.c.organization_id, invoices.c.customer_id)
Index("ix_invoices_status", invoices.c.organization_id, invoices.c.status)

billing_periods = table(
    "billing_periods",
    Column("invoice_id", String(36), nullable=False),
    Column("subscription_id", String(36), nullable=False),
    Column("external_subscription_id", String, nullable=False),
    Column("plan_id", String(36), nullable=False),
    Column("invoicing_reason", String, nullable=False),
    Column("billed_on", Date, nullable=False),
    Column("fee_first", Date),
    Column("fee_last", Date),
    Column("full_days", Integer),
    Column("subscription_from", Instant),
    Column("subscription_to", Instant),
    Column("charges_from", Instant),
    Column("charges_to", Instant),
    Column("fixed_charges_from", Instant),
    Column("fixed_charges_to", Instant),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("organization_id", "subscription_id", "invoicing_reason", "billed_on"),
    ForeignKeyConstraint(
        ["organization_id", "invoice_id"], ["invoices.organization_id", "invoices.id"]
    ),
    ForeignKeyConstraint(
        ["organization_id", "subscription_id"],
        ["subscriptions.organization_id", "subscriptions.id"],
    ),
)
Index("ix_billing_periods_invoice", billing_periods.c.organization_id, billing_periods.c.invoice_id)

invoice_taxes = table(
    "invoice_taxes",
    Column("invoice_id", String(36), nullable=False),
    Column("tax_id", String(36), nullable=False),
    Column("tax_code", String, nullable=False),
    Column("tax_name", String, nullable=False),
    Column("tax_rate", Exact, nullable=False),
    Column("tax_description", String),
    Column("amount_cents", BigInteger, nullable=False),
    Column("amount_currency", String(3), nullable=False),
    Column("fees_amount_cents", BigInteger, nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("organization_id", "invoice_id", "tax_id"),
    ForeignKeyConstraint(
        ["organization_id", "invoice_id"], ["invoices.organization_id", "invoices.id"]
    ),
)
