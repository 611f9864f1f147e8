"""The tables of billable metrics."""

from sqlalchemy import Boolean, Column, Index, Integer, String

from metering.metrics.model import MetricFilter
from sql.ledger import table
from sql.types import Exact, Instant, Json

metrics = table(
    "metrics",
    Column("name", String, nullable=False),
    Column("code", String, nullable=False),
    Column("event_code", String, nullable=False),
    Column("description", String),
    Column("aggregation_type", String, nullable=False),
    Column("weighted_interval", String),
    Column("recurring", Boolean, nullable=False),
    Column("rounding_function", String),
    Column("rounding_precision", Integer),
    Column("percentile", Exact),
    Column("field_name", String),
    Column("expression", String),
    Column("filters", Json(list[MetricFilter]), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("deleted_at", Instant),
)
Index(
    "uq_metrics_code", metrics.c.organization_id, metrics.c.code, unique=True,
    sqlite_where=metrics.c.deleted_at.is_(None), postgresql_where=metrics.c.deleted_at.is_(None),
)  # fmt: skip
