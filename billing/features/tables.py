"""The tables of features."""

from sqlalchemy import Column, ForeignKeyConstraint, String, UniqueConstraint

from sql.ledger import table
from sql.types import Instant, Json


def belongs(column: str, owner: str) -> ForeignKeyConstraint:
    """Say that a row goes when the feature or privilege it is about goes."""
    return ForeignKeyConstraint(
        ["organization_id", column], [f"{owner}.organization_id", f"{owner}.id"],
        ondelete="CASCADE",
    )  # fmt: skip


features = table(
    "features",
    Column("code", String, nullable=False),
    Column("name", String),
    Column("description", String),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("organization_id", "code"),
)

privileges = table(
    "privileges",
    Column("feature_id", String(36), nullable=False),
    Column("code", String, nullable=False),
    Column("name", String),
    Column("value_type", String, nullable=False),
    Column("select_options", Json(list[str])),
    UniqueConstraint("organization_id", "feature_id", "code"),
    belongs("feature_id", "features"),
)

plan_entitlements = table(
    "plan_entitlements",
    Column("plan_id", String(36), nullable=False),
    Column("feature_id", String(36), nullable=False),
    UniqueConstraint("organization_id", "plan_id", "feature_id"),
    belongs("feature_id", "features"),
)
"""That a plan grants a feature."""

plan_values = table(
    "plan_values",
    Column("plan_id", String(36), nullable=False),
    Column("privilege_id", String(36), nullable=False),
    Column("value", String),
    UniqueConstraint("organization_id", "plan_id", "privilege_id"),
    belongs("privilege_id", "privileges"),
)
"""What a plan grants of a privilege, as text; null is a privilege without a value."""
