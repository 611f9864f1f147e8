"""The tables of fees."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    true,
)

from sql.ledger import table
from sql.types import Exact, Instant, Json

fees = table(
    "fees",
    Column("invoice_id", String(36)),
    Column("customer_id", String(36), nullable=False),
    Column("subscription_id", String(36)),
    Column("external_subscription_id", String),
    Column("fee_type", String, nullable=False),
    Column("charge_id", String(36)),
    Column("charge_filter_id", String(36)),
    Column("fixed_charge_id", String(36)),
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
    Column("precise_coupons_amount_cents", Exact, nullable=False, server_default="0"),
    Column("precise_credit_notes_amount_cents", Exact, nullable=False, server_default="0"),
    Column("credited_amount_cents", BigInteger, nullable=False, server_default="0"),
    Column("from_date", Instant),
    Column("to_date", Instant),
    Column("pay_in_advance", Boolean, nullable=False),
    Column("invoiceable", Boolean, nullable=False, server_default=true()),
    Column("payment_status", String, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("succeeded_at", Instant),
    Column("failed_at", Instant),
    Column("refunded_at", Instant),
    Column("true_up_fee_id", String(36)),
    Column("true_up_parent_fee_id", String(36)),
    # What was paid for at once: for which event, and the level that is paid for since (PA3).
    Column("event_sequence", BigInteger),
    Column("event_transaction_id", String),
    Column("paid_level", Exact),
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
    CheckConstraint("credited_amount_cents between 0 and amount_cents", name="ck_fees_credited"),
)
Index("ix_fees_invoice", fees.c.organization_id, fees.c.invoice_id)
Index("ix_fees_subscription", fees.c.organization_id, fees.c.subscription_id)
_of_event = fees.c.event_sequence.is_not(None)
Index(
    "uq_fees_event",
    *(fees.c[name] for name in (
        "organization_id", "subscription_id", "charge_id", "event_sequence",
    )),
    unique=True, sqlite_where=_of_event, postgresql_where=_of_event,
)  # fmt: skip
_paid_ahead = fees.c.pay_in_advance & fees.c.charge_id.is_not(None)
Index(
    "ix_fees_ahead", fees.c.organization_id, fees.c.subscription_id, fees.c.charge_id,
    sqlite_where=_paid_ahead, postgresql_where=_paid_ahead,
)  # fmt: skip
_alone = fees.c.invoice_id.is_(None)
Index(
    "ix_fees_alone", fees.c.organization_id, fees.c.external_subscription_id,
    sqlite_where=_alone, postgresql_where=_alone,
)  # fmt: skip

fee_taxes = table(
    "fee_taxes",
    Column("fee_id", String(36), nullable=False),
    Column("invoice_id", String(36)),
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
