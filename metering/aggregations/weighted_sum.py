"""Weighted sum: the average over time of a level that events raise and lower."""

from metering.aggregations.model import Aggregation


class WeightedSum(Aggregation):
    """Storage held for part of a month.

    A line would have to know the full period of which its window is a part, and does not yet:
    metrics of this kind can be kept, and a subscription to them is refused.
    """

    kind = "weighted_sum_agg"
    recurs = True
    is_ready = False
