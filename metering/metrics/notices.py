"""What webhooks are told about billable metrics."""

from metering.metrics.model import BillableMetric
from sql.work import Notice


class BillableMetricCreated(Notice, frozen=True, kw_only=True):
    """A billable metric was created."""

    type = "billable_metric.created"
    billable_metric: BillableMetric


class BillableMetricUpdated(Notice, frozen=True, kw_only=True):
    """A billable metric was changed."""

    type = "billable_metric.updated"
    billable_metric: BillableMetric


class BillableMetricDeleted(Notice, frozen=True, kw_only=True):
    """A billable metric was deleted; its events stay, and are no longer counted."""

    type = "billable_metric.deleted"
    billable_metric: BillableMetric
