"""The facts about billable metrics."""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from metering.aggregations import KINDS

CUSTOM = "custom_agg"
"""The scripted aggregation: a word of the wire that nobody may use."""

if TYPE_CHECKING:
    AggregationType = str
else:
    AggregationType = StrEnum(
        "AggregationType", {kind: kind for kind in (*KINDS, CUSTOM)}, module=__name__
    )
    AggregationType.__doc__ = "How the events of a metric become a quantity."


class WeightedInterval(StrEnum):
    """By what a weighted sum weighs."""

    seconds = "seconds"


class RoundingFunction(StrEnum):
    """How a quantity is rounded before it is priced."""

    round = "round"
    ceil = "ceil"
    floor = "floor"


class MetricFilter(Struct, frozen=True, kw_only=True):
    """A property of events by which a charge may price differently, and the values declared."""

    key: str
    values: list[str]


class BillableMetric(Struct, frozen=True, kw_only=True):
    """What is counted: the events of one code, and how they become a quantity."""

    id: str
    name: str
    code: str
    event_code: str
    """The code of the events it counts: its own, unless several metrics count the same events."""
    description: str | None
    aggregation_type: AggregationType
    weighted_interval: WeightedInterval | None
    recurring: bool
    """Whether the quantity outlives the period (seats), or starts again at nothing (calls)."""
    rounding_function: RoundingFunction | None
    rounding_precision: int | None
    """Decimals kept; negative ones round to tens and hundreds."""
    percentile: Decimal | None = None
    """Which percentile of the values is the quantity: "95" for the 95th. Only of a percentile."""
    created_at: datetime
    field_name: str | None
    """The property that is aggregated; none where events are counted."""
    expression: str | None
    """What its property becomes when an event comes in; a change leaves stored events alone."""
    active_subscriptions_count: int = 0
    draft_invoices_count: int = 0
    plans_count: int = 0
    filters: list[MetricFilter]
