"""What may be asked of billable metrics."""

from decimal import Decimal

from msgspec import UNSET, Struct

from metering.measures.refusals import Checks
from metering.measures.shapes import Maybe, PageQuery
from metering.metrics.model import (
    AggregationType,
    MetricFilter,
    RoundingFunction,
    WeightedInterval,
)


class MetricFilterInput(Struct, kw_only=True):
    """A property by which a charge may price differently, and the values it can have."""

    key: str = ""
    values: list[str] = []


class BillableMetricInput(Struct, kw_only=True):
    """A new billable metric."""

    name: str
    code: str
    aggregation_type: AggregationType
    event_code: str | None = None
    """The code of the events it counts: its own, unless several metrics count the same events."""
    description: str | None = None
    weighted_interval: WeightedInterval | None = None
    recurring: bool | None = False
    """Whether the quantity outlives the period (seats), or starts again at nothing (calls)."""
    field_name: str | None = None
    """The property that is aggregated; none where events are counted."""
    expression: str | None = None
    """Computes that property when an event comes in, from the event: see the list of functions in
    `POST /billable_metrics/evaluate_expression`."""
    rounding_function: RoundingFunction | None = None
    rounding_precision: int | None = None
    percentile: Decimal | None = None
    """Which percentile of the values is the quantity: "95" for the 95th. Only of a percentile."""
    filters: list[MetricFilterInput] | None = None

    def __post_init__(self) -> None:
        check_filters(self.filters or [])


class BillableMetricUpdate(Struct, kw_only=True):
    """Changes of a billable metric; what is absent stays.

    Once a plan uses it, only name, description and filters change, and the rest is passed over.
    """

    name: Maybe[str] = UNSET
    code: Maybe[str] = UNSET
    event_code: Maybe[str] = UNSET
    description: Maybe[str] = UNSET
    aggregation_type: Maybe[AggregationType] = UNSET
    weighted_interval: Maybe[WeightedInterval] = UNSET
    recurring: Maybe[bool] = UNSET
    field_name: Maybe[str] = UNSET
    expression: Maybe[str] = UNSET
    rounding_function: Maybe[RoundingFunction] = UNSET
    rounding_precision: Maybe[int] = UNSET
    percentile: Maybe[Decimal] = UNSET
    filters: Maybe[list[MetricFilterInput]] = UNSET
    """All filters, in place of those it had."""

    def __post_init__(self) -> None:
        checks = Checks()
        checks.that(self.name is not None, name="value_is_mandatory")
        checks.that(self.code is not None, code="value_is_mandatory")
        checks.that(self.aggregation_type is not None, aggregation_type="value_is_invalid")
        checks.done()
        check_filters(self.filters or [])


class BillableMetricQuery(PageQuery, kw_only=True):
    """Which billable metrics."""

    aggregation_types: list[AggregationType] = []
    recurring: bool | None = None
    search_term: str | None = None


def check_filters(filters: list[MetricFilterInput]) -> None:
    """Refuse a filter without key or values.

    Raises: Invalid `key: value_is_mandatory`, `values: value_is_mandatory`.
    """
    checks = Checks()
    for each in filters:
        checks.that(each.key.strip(), key="value_is_mandatory")
        checks.that(each.values and all(each.values), values="value_is_mandatory")
    checks.done()


def declared(filters: list[MetricFilterInput]) -> list[MetricFilter]:
    """Return the filters as they are kept: one of each key, its values sorted and once each."""
    values: dict[str, set[str]] = {}
    for each in filters:
        values.setdefault(each.key, set()).update(each.values)
    return [MetricFilter(key=key, values=sorted(found)) for key, found in values.items()]
