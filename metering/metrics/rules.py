"""What makes a metric one that can be counted."""

from metering.aggregations import KINDS
from metering.measures.refusals import Checks, Forbidden
from metering.metrics.model import CUSTOM, BillableMetric

PRECISION = range(-26, 13)
"""Decimals a quantity can be rounded to: as many as it can have."""


def check(metric: BillableMetric) -> None:
    """Refuse a metric that cannot be counted.

    Raises: Forbidden `feature_unavailable` for scripted aggregations; Invalid
            `field_name: value_is_mandatory`, `weighted_interval: value_is_invalid`,
            `recurring: not_compatible_with_aggregation_type`, `expression: invalid_expression`,
            `rounding_precision: value_is_out_of_range`.
    """
    kind = metric.aggregation_type
    if kind == CUSTOM:
        raise Forbidden("feature_unavailable", "Scripted aggregations are not offered.")
    counted = KINDS[kind]
    checks = Checks()
    checks.that(metric.name.strip(), name="value_is_mandatory")
    checks.that(metric.code.strip(), code="value_is_mandatory")
    checks.that(metric.field_name or not counted.has_field, field_name="value_is_mandatory")
    is_weighted = kind == "weighted_sum_agg"
    checks.that(not is_weighted or metric.weighted_interval, weighted_interval="value_is_invalid")
    can_recur = counted.recurs or not metric.recurring
    checks.that(can_recur, recurring="not_compatible_with_aggregation_type")
    # Expressions are evaluated when an event comes in, which no release does yet: a metric that
    # silently ignored its own would bill what nobody sent.
    checks.that(metric.expression is None, expression="invalid_expression")
    precision = metric.rounding_precision
    checks.that(
        precision is None or precision in PRECISION, rounding_precision="value_is_out_of_range"
    )
    checks.done()
