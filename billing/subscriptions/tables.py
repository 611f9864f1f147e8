"""The tables of subscriptions."""

from sqlalchemy import Boolean, Column, ForeignKeyConstraint, Index, String, false

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
    Column("first_started_at", Instant),
    Column("trial_ended_at", Instant),
    Column("previous_id", String(36)),
    Column("is_settled", Boolean, nullable=False),
    Column("ending_at", Instant),
    Column("terminated_at", Instant),
    Column("canceled_at", Instant),
    Column("on_termination_invoice", String, nullable=False),
    Column("on_termination_credit_note", String, nullable=False),
    Column("consolidate_invoice", Boolean, nullable=False),
    Column("progressive_billing_disabled", Boolean, nullable=False, server_default=false()),
    Column("purchase_order_number", String),
    Column("payment_method_type", String, nullable=False),
    Column("payment_method_id", String(36)),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    ForeignKeyConstraint(
        ["organization_id", "customer_id"], ["customers.organization_id", "customers.id"]
    ),
    ForeignKeyConstraint(["organization_id", "plan_id"], ["plans.organization_id", "plans.id"]),
    ForeignKeyConstraint(
        ["organization_id", "previous_id"], ["subscriptions.organization_id", "subscriptions.id"]
    ),
)
for _status in ("active", "pending"):
    _live = subscriptions.c.status == _status
    Index(
        f"uq_subscriptions_{_status}", subscriptions.c.organization_id,
        subscriptions.c.external_id, unique=True, sqlite_where=_live, postgresql_where=_live,
    )  # fmt: skip
_open = (subscriptions.c.status == "terminated") & ~subscriptions.c.is_settled
Index(
    "ix_subscriptions_open", subscriptions.c.organization_id,
    sqlite_where=_open, postgresql_where=_open,
)  # fmt: skip
Index("ix_subscriptions_previous", subscriptions.c.organization_id, subscriptions.c.previous_id)
Index("ix_subscriptions_customer", subscriptions.c.organization_id, subscriptions.c.customer_id)
Index("ix_subscriptions_external", subscriptions.c.organization_id, subscriptions.c.external_id)
