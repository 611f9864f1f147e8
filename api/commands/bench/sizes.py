"""How much is measured. The JSON carries these numbers beside every measure."""

from msgspec import Struct


class Sizes(Struct, frozen=True, kw_only=True):
    """The sizes of one bench on one warehouse."""

    subscriptions: int
    """Subscriptions, each of a customer of its own, with five charges."""
    events: int
    """Events of theirs that are in the warehouse, all in one month."""
    json_events: int
    """Events sent as JSON in one round, in bodies of `json_body`."""
    json_body: int = 10_000
    arrow_events: int
    """Events sent as Arrow in one round, in bodies of `arrow_body`."""
    arrow_body: int = 50_000
    singles: int
    """Events sent alone in one round, over `connections`."""
    connections: int = 32
    usages: int
    """Questions for the usage of one subscription, one after another."""
    rounds: int = 3
    """How often each measure is taken, its floor beside it; the median counts."""

    @property
    def half(self) -> "Sizes":
        """Half the book: its events, and its subscriptions."""
        return Sizes(
            **{
                **{name: getattr(self, name) for name in self.__struct_fields__},
                "subscriptions": self.subscriptions // 2,
                "events": self.events // 2,
            }
        )


SMALL = Sizes(
    subscriptions=6_000, events=300_000, json_events=100_000, arrow_events=200_000, singles=1_000,
    usages=100,
)  # fmt: skip
"""Finishes in three minutes on two cores, on both warehouses."""

FULL = Sizes(
    subscriptions=100_000, events=10_000_000, json_events=1_000_000, arrow_events=2_000_000,
    singles=5_000, usages=500,
)  # fmt: skip
"""At these sizes alone are the goals judged."""
