"""What is paid for at once, event by event. Source: spec PA1-PA4, PA7.

One event after another, as they were ingested; each looks at those that came before it, and nothing
that follows changes what it cost.
"""

from decimal import Decimal as D

from tests.oracle import prices as model
from tests.oracle import usage


class Slice:
    """A bucket and group of a line in a period: what was ingested of it, and what is paid for."""

    def __init__(self, metric, price):
        self.metric, self.price = metric, price
        self.seen, self.paid = [], None

    def takes(self, event):
        """Return the units and the amount of the next event."""
        before, after = list(self.seen), [*self.seen, event]
        self.seen = after
        if self.metric["aggregation_type"] == "count_agg":
            below = D(sum(other["at"] <= event["at"] for other in before))
            units = climbed = D(1)
        else:
            was, level = self._level(before), self._level(after)
            paid = was if self.paid is None else self.paid
            climbed = max(level - paid, D(0))
            is_late = any(other["at"] > event["at"] for other in before)
            below = paid
            if is_late and self.metric["aggregation_type"] == "sum_agg":
                below = self._level([other for other in before if other["at"] <= event["at"]])
            units = climbed
            if self.metric["aggregation_type"] == "unique_count_agg":
                units = max(self._raw(after) - self._raw(before), D(0))
        is_first = self.paid is None
        self.paid = max(self._level(after), self.paid or self._level(before))
        start = D(0) if is_first and not below else self._cost(below, len(before))
        return units, max(self._cost(below + climbed, len(after)) - start, D(0))

    def _cost(self, units, events):
        kind, properties = self.price
        return model.MODELS[kind](properties, units, events)

    def _raw(self, events):
        ordered = sorted(events, key=lambda event: (event["at"], event["sequence"]))
        return usage.aggregate(ordered, self.metric)[0]

    def _level(self, events):
        return usage.rounded(self._raw(events), self.metric)
