"""The tables of organizations and of their keys."""

from sqlalchemy import Column, String, UniqueConstraint

from sql.ledger import table
from sql.types import Instant, Json

organizations = table(
    "organizations",
    Column("name", String, nullable=False),
    Column("default_currency", String(3), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("test_clock", Instant),
)

api_keys = table(
    "api_keys",
    Column("name", String, nullable=False),
    Column("hint", String(4), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("permissions", Json(dict[str, list[str]]), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("revoked_at", Instant),
    UniqueConstraint("organization_id", "digest"),
)
