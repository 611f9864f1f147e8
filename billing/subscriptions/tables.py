"""The tables of subscriptions."""

from sqlalchemy import Boolean, Column, ForeignKeyConstraint, Index, String

from sql.ledger import table
from sql.types import Instant

subscriptions = table(
    "subscriptions",
    Column("external_id", String, nullable=False),
    Column("customer_id", String(36), nullable=False),
    Column("plan_id", String(36), nullable=False),
    Column("name", String),
    Column("status", String, nullable=False),
    Column("billing_time", String, nullable=False),
    Column("subscription_at", Instant, nullable=False),
    Column("started_at", Instant),
    Column("ending_at", Instant),
    Column("terminated_at", Instant),
    Column("canceled_at", Instant),
    Column("on_termination_invoice", String, nullable=False),
    Column("consolidate_invoice", Boolean, nullable=False),
    Column("purchase_order_number", String),
    Column("payment_method_type", String, nullable=False),
    Column("payment_method_id", String(36)),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    ForeignKeyConstraint(
        ["organization_id", "customer_id"], ["customers.organization_id", "customers.id"]
    ),
    ForeignKeyConstraint(["organization_id", "plan_id"], ["plans.organization_id", "plans.id"]),
)
for _status in ("active", "pending"):
    _live = subscriptions.c.status == _status
    Index(
        f"uq_subscriptions_{_status}", subscriptions.c.organization_id,
        subscriptions.c.external_id, unique=True, sqlite_where=_live, postgresql_where=_live,
    )  # fmt: skip
Index("ix_subscriptions_customer", subscriptions.c.organization_id, subscriptions.c.customer_id)
Index("ix_subscriptions_external", subscriptions.c.organization_id, subscriptions.c.external_id)
