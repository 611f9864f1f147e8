"""The tables of entitlements: what subscriptions have instead of what their plans grant."""

from sqlalchemy import Boolean, Column, ForeignKeyConstraint, String, UniqueConstraint

from billing import features
from sql.ledger import table


def _of_subscription() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["organization_id", "subscription_id"],
        ["subscriptions.organization_id", "subscriptions.id"],
    )


subscription_entitlements = table(
    "subscription_entitlements",
    Column("subscription_id", String(36), nullable=False),
    Column("feature_id", String(36), nullable=False),
    Column("is_removed", Boolean, nullable=False),
    UniqueConstraint("organization_id", "subscription_id", "feature_id"),
    features.belongs("feature_id", "features"),
    _of_subscription(),
)
"""That a subscription has something of its own about a feature, or the feature no more."""

subscription_values = table(
    "subscription_values",
    Column("subscription_id", String(36), nullable=False),
    Column("privilege_id", String(36), nullable=False),
    Column("value", String),
    Column("is_removed", Boolean, nullable=False),
    UniqueConstraint("organization_id", "subscription_id", "privilege_id"),
    features.belongs("privilege_id", "privileges"),
    _of_subscription(),
)
"""What a subscription has of a privilege, as text, or that it has it no more."""
