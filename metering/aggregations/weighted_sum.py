"""Weighted sum: the average over time of a level that events raise and lower."""

from metering.aggregations.model import Aggregation


class WeightedSum(Aggregation):
    """Storage, in gigabytes held for part of a month: 2500 held for 27 of 31 days are 2177.42.

    Rule:    an event changes the level by its value from its instant on. quantity = the sum of
             value * microseconds from the event to the window's end / those of the full period. At
             first the level is 0, or where the metric recurs what all events before left behind: a
             value from before the window is held for the whole window.
    """

    kind = "weighted_sum_agg"
    statement = "quantities_held"
    is_over_time = True
    recurs = True
