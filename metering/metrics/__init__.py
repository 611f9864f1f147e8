"""Billable metrics: what is counted, and how events become a quantity."""

from metering.metrics.model import (
    AggregationType,
    BillableMetric,
    MetricFilter,
    RoundingFunction,
    WeightedInterval,
)
from metering.metrics.queries import among, browse, expressed, find
from metering.metrics.requests import (
    BillableMetricInput,
    BillableMetricQuery,
    BillableMetricUpdate,
    MetricFilterInput,
)
from metering.metrics.service import create, delete, update
from metering.metrics.tables import metrics

__all__ = [
    "AggregationType", "BillableMetric", "BillableMetricInput", "BillableMetricQuery",
    "BillableMetricUpdate", "MetricFilter", "MetricFilterInput", "RoundingFunction",
    "WeightedInterval", "among", "browse", "create", "delete", "expressed", "find",
    "metrics", "update",
]  # fmt: skip
