"""Unique count: how many different values are there, of those that came and did not go."""

from metering.aggregations.model import Aggregation


class UniqueCount(Aggregation):
    """Seats, devices, aircraft. A value is compared as text; an empty one is none.

    Each value is a machine of two states, at first removed; an event adds it or, if its property
    `operation_type` is `remove`, removes it; what does not change the state does nothing. So the
    state is what the last event said, and the quantity is the number of values that were added
    last. What the statement answers for one value is 1 or 0.
    """

    kind = "unique_count_agg"
    statement = "quantities_unique"
    prorated_statement = "quantities_unique"
    has_numbers = False
    is_ordered = True
    tells_values = True
    recurs = True
    in_advance = True
