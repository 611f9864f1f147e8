"""What makes a metric one that can be counted."""

from metering import expressions
from metering.aggregations import KINDS
from metering.measures.money import fits
from metering.measures.refusals import Checks, Forbidden
from metering.metrics.model import CUSTOM, BillableMetric

HUNDRED = 100

PRECISION = range(-26, 13)
"""Decimals a quantity can be rounded to: as many as it can have."""


def check(metric: BillableMetric) -> None:
    """Refuse a metric that cannot be counted.

    Raises: Forbidden `feature_unavailable` for scripted aggregations; Invalid
            `field_name: value_is_mandatory`, `weighted_interval: value_is_invalid`,
            `recurring: not_compatible_with_aggregation_type`, `expression: invalid_expression`,
            `rounding_precision: value_is_out_of_range`, `percentile: value_is_mandatory` or
            `value_is_out_of_range`.
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
    if wrong := expression_wrong(metric):
        checks.add("expression", "invalid_expression", f"expression: {wrong}")
    precision = metric.rounding_precision
    checks.that(
        precision is None or precision in PRECISION, rounding_precision="value_is_out_of_range"
    )
    said = metric.percentile
    checks.that(said is not None or not counted.has_percentile, percentile="value_is_mandatory")
    is_fit = said is None or (fits(said) and 0 <= said <= HUNDRED)
    checks.that(is_fit, percentile="value_is_out_of_range")
    checks.done()


def expression_wrong(metric: BillableMetric) -> str | None:
    """Say what is wrong with an expression: it cannot be read, or its result has no property."""
    if metric.expression is None:
        return None
    if metric.field_name is None:
        return "there is no field_name to keep its result"
    try:
        expressions.parse(metric.expression)
    except expressions.Wrong as wrong:
        return str(wrong)
    return None
