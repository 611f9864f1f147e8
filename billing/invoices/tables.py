"""The tables of invoices."""

from typing import Any

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
    Column("offset_amount_cents", BigInteger, nullable=False, server_default="0"),
    Column("refunded_amount_cents", BigInteger, nullable=False, server_default="0"),
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


def _bounds(kind: str) -> list[Column[Any]]:
    """The days and instants of what is billed of one kind."""
    return [
        Column(f"{kind}_first", Date),
        Column(f"{kind}_last", Date),
        Column(f"{kind}_days", Integer),
        Column(f"{kind}_from", Instant),
        Column(f"{kind}_to", Instant),
    ]


billing_periods = table(
    "billing_periods",
    Column("invoice_id", String(36), nullable=False),
    Column("subscription_id", String(36), nullable=False),
    Column("external_subscription_id", String, nullable=False),
    Column("plan_id", String(36), nullable=False),
    Column("invoicing_reason", String, nullable=False),
    Column("billed_on", Date, nullable=False),
    *_bounds("subscription"),
    *_bounds("charges"),
    Column("charges_seconds", BigInteger),
    Column("watermark", BigInteger),  # the last event known when this was computed
    *_bounds("fixed_charges"),
    *_bounds("fixed_ahead"),
    *_bounds("commitment"),
    # Of a progressive invoice: which one of its usage period it is, counted from 1.
    Column("progressive_number", Integer),
    Column("created_at", Instant, nullable=False),
    ForeignKeyConstraint(
        ["organization_id", "invoice_id"], ["invoices.organization_id", "invoices.id"]
    ),
    ForeignKeyConstraint(
        ["organization_id", "subscription_id"],
        ["subscriptions.organization_id", "subscriptions.id"],
    ),
)
_once = billing_periods.c.invoicing_reason.in_(
    ["subscription_starting", "subscription_periodic", "subscription_terminating"]
)
Index(
    "uq_billing_periods_once",
    *(billing_periods.c[name] for name in (
        "organization_id", "subscription_id", "invoicing_reason", "billed_on",
    )),
    unique=True, sqlite_where=_once, postgresql_where=_once,
)  # fmt: skip
_progressive = billing_periods.c.invoicing_reason == "progressive_billing"
Index(
    "uq_billing_periods_progressive",
    *(billing_periods.c[name] for name in (
        "organization_id", "subscription_id", "charges_first", "progressive_number",
    )),
    unique=True, sqlite_where=_progressive, postgresql_where=_progressive,
)  # fmt: skip
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

progressive_credits = table(
    "progressive_credits",
    Column("invoice_id", String(36), nullable=False),
    Column("progressive_invoice_id", String(36), nullable=False),
    Column("amount_cents", BigInteger, nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("organization_id", "invoice_id", "progressive_invoice_id"),
    ForeignKeyConstraint(
        ["organization_id", "invoice_id"], ["invoices.organization_id", "invoices.id"]
    ),
    ForeignKeyConstraint(
        ["organization_id", "progressive_invoice_id"], ["invoices.organization_id", "invoices.id"]
    ),
)
"""What invoices take off for usage that progressive invoices of the period have billed."""
Index(
    "ix_progressive_credits_progressive",
    progressive_credits.c.organization_id,
    progressive_credits.c.progressive_invoice_id,
)

applied_usage_thresholds = table(
    "applied_usage_thresholds",
    Column("invoice_id", String(36), nullable=False),
    Column("subscription_id", String(36), nullable=False),
    Column("lifetime_usage_amount_cents", BigInteger, nullable=False),
    Column("threshold_id", String(36), nullable=False),
    Column("threshold_display_name", String),
    Column("amount_cents", BigInteger, nullable=False),
    Column("recurring", Boolean, nullable=False),
    Column("threshold_created_at", Instant, nullable=False),
    Column("threshold_updated_at", Instant, nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("organization_id", "invoice_id", "threshold_id"),
    ForeignKeyConstraint(
        ["organization_id", "invoice_id"], ["invoices.organization_id", "invoices.id"]
    ),
)
"""Which thresholds a progressive invoice was made for, as they were then."""
Index(
    "ix_applied_usage_thresholds_subscription",
    applied_usage_thresholds.c.organization_id,
    applied_usage_thresholds.c.subscription_id,
)

invoice_settlements = table(
    "invoice_settlements",
    Column("invoice_id", String(36), nullable=False),
    Column("source", String, nullable=False),
    Column("source_id", String(36), nullable=False),
    Column("amount_cents", BigInteger, nullable=False),
    Column("amount_currency", String(3), nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("organization_id", "source", "source_id", "invoice_id"),
    ForeignKeyConstraint(
        ["organization_id", "invoice_id"], ["invoices.organization_id", "invoices.id"]
    ),
)
Index(
    "ix_invoice_settlements_invoice",
    invoice_settlements.c.organization_id,
    invoice_settlements.c.invoice_id,
)
