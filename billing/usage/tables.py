"""The tables of usage: what usage elsewhere came to. All other usage is counted when asked for."""

from sqlalchemy import BigInteger, Column, String, UniqueConstraint

from sql.ledger import table
from sql.types import Instant

histories = table(
    "usage_histories",
    Column("external_subscription_id", String, nullable=False),
    Column("subscription_at", Instant, nullable=False),
    Column("external_historical_usage_amount_cents", BigInteger, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    UniqueConstraint("organization_id", "external_subscription_id", "subscription_at"),
)
