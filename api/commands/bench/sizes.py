"""How much is measured. The JSON carries these numbers beside every measure."""

from msgspec import Struct
from msgspec.structs import replace


class Sizes(Struct, frozen=True, kw_only=True):
    """The sizes of one bench on one warehouse."""

    subscriptions: int
    """Each of a customer of its own, with five charges."""
    events: int
    """Their usage of one month, in the warehouse before anything is measured."""
    json_events: int
    """Sent as JSON in one round, in bodies of `json_body`."""
    arrow_events: int
    """Sent as Arrow in one round, in bodies of `arrow_body`."""
    singles: int
    """Sent alone in one round, over `connections`."""
    usages: int
    """Questions for the usage of one subscription, one after another."""
    json_body: int = 10_000
    arrow_body: int = 50_000
    connections: int = 32
    rounds: int = 3
    """How often each measure is taken, and its floor; the median counts, never the best."""

    def half(self) -> "Sizes":
        """Half the book."""
        return replace(self, subscriptions=self.subscriptions // 2, events=self.events // 2)

    def reaches(self, other: "Sizes") -> bool:
        """Whether nothing here is smaller than there."""
        return all(
            getattr(self, name) >= getattr(other, name)
            for name in ("subscriptions", "events", "json_events", "arrow_events", "singles")
        )


SMALL = Sizes(
    subscriptions=3_000, events=150_000, json_events=100_000, arrow_events=200_000, singles=800,
    usages=60,
)  # fmt: skip
"""Done in three minutes on two cores, on both warehouses."""

FULL = Sizes(
    subscriptions=100_000, events=10_000_000, json_events=1_000_000, arrow_events=2_000_000,
    singles=5_000, usages=500,
)  # fmt: skip
"""At these sizes alone are the goals judged."""
