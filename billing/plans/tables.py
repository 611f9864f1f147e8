"""The tables of plans."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
)

from sql.ledger import table
from sql.types import Exact, Instant, Json


def _unique(name: str, of: Table, where: ColumnElement[bool], *columns: str) -> None:
    """Make columns unique within an organization among the rows that `where` admits."""
    keys = [of.c[column] for column in ("organization_id", *columns)]
    Index(name, *keys, unique=True, sqlite_where=where, postgresql_where=where)


def _owner(column: str, owner: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["organization_id", column], [f"{owner}.organization_id", f"{owner}.id"]
    )


plans = table(
    "plans",
    Column("name", String, nullable=False),
    Column("invoice_display_name", String),
    Column("code", String, nullable=False),
    Column("interval", String, nullable=False),
    Column("description", String),
    Column("amount_cents", BigInteger, nullable=False),
    Column("amount_currency", String(3), nullable=False),
    Column("trial_period", Exact),
    Column("pay_in_advance", Boolean, nullable=False),
    Column("bill_charges_monthly", Boolean),
    Column("bill_fixed_charges_monthly", Boolean),
    Column("parent_id", String(36)),
    Column("pending_deletion", Boolean, nullable=False),
    Column("metadata", Json(dict[str, str | None])),
    Column("created_at", Instant, nullable=False),
    _owner("parent_id", "plans"),
)
_unique("uq_plans_code", plans, plans.c.pending_deletion.is_(False) & plans.c.parent_id.is_(None),
        "code")  # fmt: skip

Index("ix_plans_parent", plans.c.organization_id, plans.c.parent_id)

charges = table(
    "charges",
    Column("plan_id", String(36), nullable=False),
    Column("billable_metric_id", String(36), nullable=False),
    Column("code", String, nullable=False),
    Column("invoice_display_name", String),
    Column("charge_model", String, nullable=False),
    Column("invoiceable", Boolean, nullable=False),
    Column("regroup_paid_fees", String),
    Column("pay_in_advance", Boolean, nullable=False),
    Column("prorated", Boolean, nullable=False),
    Column("min_amount_cents", BigInteger, nullable=False),
    Column("accepts_target_wallet", Boolean, nullable=False),
    Column("parent_id", String(36)),
    Column("created_at", Instant, nullable=False),
    Column("deleted_at", Instant),
    _owner("plan_id", "plans"),
    _owner("billable_metric_id", "metrics"),
    _owner("parent_id", "charges"),
)
_unique("uq_charges_code", charges, charges.c.deleted_at.is_(None), "plan_id", "code")
_ahead = charges.c.pay_in_advance & charges.c.deleted_at.is_(None)
Index(
    "ix_charges_ahead", charges.c.organization_id, sqlite_where=_ahead, postgresql_where=_ahead
)  # fmt: skip
Index("ix_charges_plan", charges.c.organization_id, charges.c.plan_id)
Index("ix_charges_metric", charges.c.organization_id, charges.c.billable_metric_id)

charge_filters = table(
    "charge_filters",
    Column("charge_id", String(36), nullable=False),
    Column("invoice_display_name", String),
    Column("values", Json(dict[str, list[str]]), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("deleted_at", Instant),
    _owner("charge_id", "charges"),
)
Index("ix_charge_filters_charge", charge_filters.c.organization_id, charge_filters.c.charge_id)

fixed_charges = table(
    "fixed_charges",
    Column("plan_id", String(36), nullable=False),
    Column("add_on_id", String(36), nullable=False),
    Column("code", String, nullable=False),
    Column("invoice_display_name", String),
    Column("charge_model", String, nullable=False),
    Column("pay_in_advance", Boolean, nullable=False),
    Column("prorated", Boolean, nullable=False),
    Column("units", Exact, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("deleted_at", Instant),
    _owner("plan_id", "plans"),
    _owner("add_on_id", "add_ons"),
)
_unique("uq_fixed_charges_code", fixed_charges, fixed_charges.c.deleted_at.is_(None), "plan_id",
        "code")  # fmt: skip
Index("ix_fixed_charges_plan", fixed_charges.c.organization_id, fixed_charges.c.plan_id)

prices = table(
    "prices",
    Column("charge_id", String(36)),
    Column("filter_id", String(36)),
    Column("fixed_charge_id", String(36)),
    Column("version", Integer, nullable=False),
    Column("charge_model", String, nullable=False),
    Column("properties", Json(dict[str, Any]), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("superseded_at", Instant),
    _owner("charge_id", "charges"),
    _owner("filter_id", "charge_filters"),
    _owner("fixed_charge_id", "fixed_charges"),
)
_standing = prices.c.superseded_at.is_(None)
for _name, _of in {
    "charge_id": prices.c.filter_id.is_(None) & prices.c.charge_id.is_not(None),
    "filter_id": prices.c.filter_id.is_not(None),
    "fixed_charge_id": prices.c.fixed_charge_id.is_not(None),
}.items():
    _unique(f"uq_prices_{_name}_version", prices, _of, _name, "version")
    _unique(f"uq_prices_{_name}_standing", prices, _of & _standing, _name)
Index("ix_prices_charge", prices.c.organization_id, prices.c.charge_id)

fixed_units = table(
    "fixed_units",
    Column("fixed_charge_id", String(36), nullable=False),
    Column("subscription_id", String(36)),
    Column("units", Exact, nullable=False),
    Column("is_immediate", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    _owner("fixed_charge_id", "fixed_charges"),
)
"""How many units of a fixed charge were wanted since when: of its plan, or of one subscription."""
Index("ix_fixed_units_fixed_charge", fixed_units.c.organization_id, fixed_units.c.fixed_charge_id)

usage_thresholds = table(
    "usage_thresholds",
    Column("plan_id", String(36)),
    Column("subscription_id", String(36)),
    Column("threshold_display_name", String),
    Column("amount_cents", BigInteger, nullable=False),
    Column("recurring", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    _owner("plan_id", "plans"),
    CheckConstraint(
        "(plan_id is null) <> (subscription_id is null)", name="ck_usage_thresholds_owner"
    ),
)
"""At what usage an invoice is made at once: of a plan, or of one subscription in its place."""
_unique("uq_usage_thresholds_recurring", usage_thresholds, usage_thresholds.c.recurring.is_(True),
        "plan_id")  # fmt: skip
_unique("uq_usage_thresholds_subscription_recurring", usage_thresholds,
        usage_thresholds.c.recurring.is_(True), "subscription_id")  # fmt: skip
Index("ix_usage_thresholds_plan", usage_thresholds.c.organization_id, usage_thresholds.c.plan_id)
Index(
    "ix_usage_thresholds_subscription",
    usage_thresholds.c.organization_id,
    usage_thresholds.c.subscription_id,
)

commitments = table(
    "commitments",
    Column("plan_id", String(36), nullable=False),
    Column("invoice_display_name", String),
    Column("amount_cents", BigInteger, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    _owner("plan_id", "plans"),
)
Index("uq_commitments_plan", commitments.c.organization_id, commitments.c.plan_id, unique=True)
