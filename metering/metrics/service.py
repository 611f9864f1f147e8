"""What can be done with billable metrics.

Whether a plan uses a metric is known to billing alone; the API's verbs for changing and deleting
one are `billing.plans.update_metric` and `delete_metric`, which end here.
"""

from decimal import Decimal

from msgspec.structs import replace

from metering.aggregations import KINDS
from metering.measures import ids
from metering.measures.money import fits, plain
from metering.measures.refusals import Invalid
from metering.measures.shapes import given
from metering.metrics.model import BillableMetric
from metering.metrics.notices import (
    BillableMetricCreated,
    BillableMetricDeleted,
    BillableMetricUpdated,
)
from metering.metrics.queries import expressed, find
from metering.metrics.requests import BillableMetricInput, BillableMetricUpdate, declared
from metering.metrics.rules import check
from metering.metrics.tables import metrics
from sql.work import Work

IN_USE = frozenset({"name", "description", "filters"})
"""What may change once a plan prices a metric."""


def create(work: Work, billable_metric: BillableMetricInput) -> BillableMetric:
    """Define a billable metric. Its events may have come in before.

    Raises: Invalid `code: value_already_exist`, `field_name: value_already_exist` where another
            metric computes the same property of the same events differently, and what
            `rules.check` names; Forbidden `feature_unavailable`.
    """
    fields = given(billable_metric) | {
        "event_code": billable_metric.event_code or billable_metric.code,
        "recurring": bool(billable_metric.recurring),
        "filters": declared(billable_metric.filters or []),
    }
    made = _settled(BillableMetric(id=ids.new(), created_at=work.now, **fields))  # type: ignore[arg-type]
    check(made)
    _computed_once(work, made)
    work.rows.add(metrics, made, taken="code")
    work.tell(BillableMetricCreated(billable_metric=made))
    return made


def update(
    work: Work, code: str, billable_metric: BillableMetricUpdate, is_used: bool
) -> BillableMetric:
    """Change a metric; of one that is used, only name, description and filters.

    Raises: Missing `billable_metric_not_found`; Invalid `code: value_already_exist`,
            `field_name: value_already_exist`, and what `rules.check` names; Forbidden
            `feature_unavailable`.
    """
    before = find(work, code)
    fields = given(billable_metric)
    if is_used:
        fields = {name: value for name, value in fields.items() if name in IN_USE}
    if "filters" in fields:
        fields["filters"] = declared(billable_metric.filters or [])
    if "recurring" in fields:
        fields["recurring"] = bool(fields["recurring"])
    if before.event_code == before.code or "event_code" in fields:
        fields["event_code"] = fields.get("event_code") or fields.get("code", before.code)
    after = _settled(replace(before, **fields))
    check(after)
    _computed_once(work, after)
    work.rows.put(metrics, after, taken="code")
    work.tell(BillableMetricUpdated(billable_metric=after), before=before)
    return after


def delete(work: Work, code: str) -> BillableMetric:
    """Delete a metric. Its events stay, and are counted no more.

    Raises: Missing `billable_metric_not_found`.
    """
    metric = find(work, code)
    work.rows.change(metrics, metrics.c.id == metric.id, deleted_at=work.now)
    work.tell(BillableMetricDeleted(billable_metric=metric))
    return metric


def _computed_once(work: Work, metric: BillableMetric) -> None:
    """Refuse a second expression for one property of the same events: only one can be kept.

    Raises: Invalid `field_name: value_already_exist`.
    """
    if metric.expression is None:
        return
    work.rows.lock("expressions")
    for other in expressed(work, metric.event_code):
        is_same = other.id == metric.id or other.expression == metric.expression
        if other.field_name == metric.field_name and not is_same:
            raise Invalid(field_name="value_already_exist")


def _plainly(percentile: Decimal | None) -> Decimal | None:
    return plain(percentile) if percentile is not None and fits(percentile) else percentile


def _settled(metric: BillableMetric) -> BillableMetric:
    """Return the metric with what its aggregation leaves no choice about."""
    kind = KINDS.get(metric.aggregation_type)
    return replace(
        metric,
        field_name=None if kind and not kind.has_field else metric.field_name or None,
        expression=metric.expression or None,
        percentile=_plainly(metric.percentile) if kind and kind.has_percentile else None,
    )
