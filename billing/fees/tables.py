"""The tables of fees."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
)

from sql.ledger import table
from sql.types import Exact, Instant, Json

fees = table(
    "fees",
    Column("invoice_id", String(36), nullable=False),
    Column("customer_id", String(36), nullable=False),
    Column("subscription_id", String(36)),
    Column("external_subscription_id", String),
    Column("fee_type", String, nullable=False),
    Column("charge_id", String(36)),
    Column("charge_filter_id", String(36)),
    Column("item_id", String(36), nullable=False),
    Column("item_code", String, nullable=False),
    Column("item_name", String, nullable=False),
    Column("item_display_name", String),
    Column("filters", Json(dict[str, list[str]] | None)),
    Column("filter_display_name", String),
    Column("grouped_by", Json(dict[str, str | None] | None)),
    Column("currency", String(3), nullable=False),
    Column("amount_cents", BigInteger, nullable=False),
    Column("precise_amount", Exact, nullable=False),
    Column("precise_unit_amount", Exact, nullable=False),
    Column("units", Exact, nullable=False),
    Column("total_aggregated_units", Exact),
    Column("events_count", BigInteger),
    Column("amount_details", Json(dict[str, object])),
    Column("taxes_amount_cents", BigInteger, nullable=False),
    Column("taxes_precise_amount", Exact, nullable=False),
    Column("taxes_rate", Exact, nullable=False),
    Column("from_date", Instant),
    Column("to_date", Instant),
    Column("pay_in_advance", Boolean, nullable=False),
    Column("payment_status", String, nullable=False),
    Column("created_at", Instant, nullable=False),
    # Provenance: what was known, by which prices and which statement, when this was computed.
    Column("price_id", String(36)),
    Column("watermark", BigInteger),
    Column("statement", String),
    Column("events_read", BigInteger),
    Column("events_sum", Exact),
    Column("events_digest", String),
    ForeignKeyConstraint(
        ["organization_id", "invoice_id"], ["invoices.organization_id", "invoices.id"]
    ),
)
Index("ix_fees_invoice", fees.c.organization_id, fees.c.invoice_id)

fee_taxes = table(
    "fee_taxes",
    Column("fee_id", String(36), nullable=False),
    Column("invoice_id", String(36), nullable=False),
    Column("tax_id", String(36), nullable=False),
    Column("tax_code", String, nullable=False),
    Column("tax_name", String, nullable=False),
    Column("tax_rate", Exact, nullable=False),
    Column("tax_description", String),
    Column("amount_cents", BigInteger, nullable=False),
    Column("amount_currency", String(3), nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("organization_id", "fee_id", "tax_id"),
    ForeignKeyConstraint(["organization_id", "fee_id"], ["fees.organization_id", "fees.id"]),
)
Index("ix_fee_taxes_invoice", fee_taxes.c.organization_id, fee_taxes.c.invoice_id)
