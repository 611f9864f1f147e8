"""The tables of the logs."""

from typing import Any

from sqlalchemy import Column, Index, Integer, String

from sql.ledger import table
from sql.types import Instant, Json

activity_logs = table(
    "activity_logs",
    Column("activity_type", String, nullable=False),
    Column("activity_source", String, nullable=False),
    Column("activity_object", Json(dict[str, Any])),
    Column("activity_object_changes", Json(dict[str, Any])),
    Column("resource_id", String, nullable=False),
    Column("resource_type", String, nullable=False),
    Column("external_customer_id", String),
    Column("external_subscription_id", String),
    Column("api_key_id", String(36)),
    Column("logged_at", Instant, nullable=False),
    Index(None, "organization_id", "resource_id"),
)

request_logs = table(
    "request_logs",
    Column("request_id", String, nullable=False),
    Column("client", String),
    Column("http_method", String, nullable=False),
    Column("http_status", Integer, nullable=False),
    Column("request_origin", String, nullable=False),
    Column("request_path", String, nullable=False),
    Column("request_body", Json(dict[str, Any]), nullable=False),
    Column("request_response", Json(dict[str, Any])),
    Column("api_version", String, nullable=False),
    Column("logged_at", Instant, nullable=False),
    Index(None, "organization_id", "request_id"),
)
