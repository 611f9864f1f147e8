"""What was measured, beside its floor and its goal: as a table for people, as JSON for programs."""

from collections.abc import Mapping, Sequence
from statistics import median

from msgspec import Struct
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table


class Goal(Struct, frozen=True, kw_only=True):
    """What a measure should come to, at full size."""

    least: float | None = None
    most: float | None = None

    def __str__(self) -> str:
        if self.least is not None:
            return f"≥ {_number(self.least)}"
        return f"≤ {_number(self.most or 0)}"

    def is_reached(self, value: float) -> bool:
        """Whether a value is as good."""
        if self.least is not None:
            return value >= self.least
        return self.most is None or value <= self.most


class Name(Struct, frozen=True, kw_only=True):
    """What a name of the report stands for."""

    about: str
    unit: str
    goal: Goal | None = None


NAMES: dict[str, Name] = {
    "ingest_json_events_per_s": Name(
        about="JSON bodies over HTTP to /v1/events/bulk, durable and deduplicated",
        unit="events/s", goal=Goal(least=100_000),
    ),
    "ingest_json_vs_engine": Name(
        about="of the rate at which the engine loads a file of the same events", unit="of floor",
        goal=Goal(least=0.5),
    ),
    "ingest_arrow_events_per_s": Name(
        about="Arrow bodies over HTTP to /v1/events/bulk, durable and deduplicated",
        unit="events/s", goal=Goal(least=300_000),
    ),
    "ingest_arrow_vs_engine": Name(
        about="of the rate at which the engine inserts a table of the same events",
        unit="of floor", goal=Goal(least=0.6),
    ),
    "ingest_single_per_s": Name(
        about="one event in each request", unit="events/s", goal=Goal(least=1_000)
    ),
    "usage_ms_p50": Name(
        about="GetUsage of one subscription, the median", unit="ms", goal=Goal(most=15)
    ),
    "usage_ms_p99": Name(
        about="GetUsage of one subscription, the slowest of a hundred", unit="ms",
        goal=Goal(most=50),
    ),
    "aggregate_vs_engine": Name(
        about="all quantities of a month, in times of the bare group by", unit="× floor",
        goal=Goal(most=1.3),
    ),
    "bill_run_s": Name(about="a month of the whole book, from usage to invoices", unit="s"),
    "bill_run_invoices_per_s": Name(
        about="finalized invoices with fees and taxes in the ledger", unit="invoices/s",
        goal=Goal(least=2_000),
    ),
    "bill_run_cpu_s": Name(about="what both processors worked for it", unit="s"),
    "bill_run_twice": Name(
        about="the time of the whole book, in times of the half", unit="× half",
        goal=Goal(most=2.1),
    ),
    "bill_run_idle_ms": Name(
        about="a subscription with nothing due", unit="ms each", goal=Goal(most=0.1)
    ),
    "peak_rss_mb": Name(about="memory during the bill run", unit="MB", goal=Goal(most=1_500)),
}  # fmt: skip
"""Every name of the report, in its order."""

POSTGRESQL = Goal(least=1_500)
"""Invoices a second on PostgreSQL."""


class Measure(Struct, frozen=True, kw_only=True):
    """One value, how it came about, and what it is held against."""

    name: str
    about: str
    warehouse: str
    ledger: str
    value: float
    unit: str
    rounds: list[float]
    """The values of which this is the median."""
    floor: float | None
    """The same by the bare engine, in the same unit; for a ratio, what it is a ratio of."""
    floor_name: str
    """The script that measured it, in `floors`; empty where it is the same process, before."""
    floor_rounds: list[float]
    floor_settings: dict[str, str]
    goal: str
    is_judged: bool
    """Whether the sizes are those that the goal is for."""
    is_reached: bool | None
    size: dict[str, int]


class Floor(Struct, frozen=True, kw_only=True):
    """What the bare engine does, round by round, in the unit of the measure beside it."""

    name: str
    rounds: list[float]
    settings: Mapping[str, str] = {}

    @property
    def value(self) -> float:
        """The median."""
        return median(self.rounds)


class Place(Struct, frozen=True, kw_only=True):
    """Where measures are taken."""

    warehouse: str
    is_full: bool
    """Whether goals are judged."""


def measure(
    name: str,
    place: Place,
    rounds: Sequence[float],
    floor: Floor | None = None,
    *,
    size: dict[str, int],
    ledger: str = "",
) -> Measure:
    """Make a measure of the values of its rounds."""
    said = NAMES[name]
    goal = POSTGRESQL if said.unit == "invoices/s" and ledger == "postgresql" else said.goal
    value = median(rounds)
    return Measure(
        name=name, about=said.about, warehouse=place.warehouse, ledger=ledger, value=value,
        unit=said.unit, rounds=list(rounds),
        floor=floor.value if floor else None,
        floor_name=floor.name if floor else "",
        floor_rounds=floor.rounds if floor else [],
        floor_settings=dict(floor.settings) if floor else {},
        goal=str(goal or ""), is_judged=place.is_full and goal is not None,
        is_reached=None if goal is None else goal.is_reached(value),
        size=size,
    )  # fmt: skip


def show(measures: Sequence[Measure], console: Console) -> None:
    """Print measures as tables, one for each warehouse."""
    for warehouse in dict.fromkeys(each.warehouse for each in measures):
        table = Table(title=f"Invora on {warehouse}", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
        for column in ("measure", "ledger", "value", "", "floor", "goal", "reached"):
            is_number = column in ("value", "floor")
            table.add_column(column, justify="right" if is_number else "left", no_wrap=True)
        for each in measures:
            if each.warehouse == warehouse:
                floor = "" if each.floor is None else _number(each.floor)
                value = _number(each.value)
                row = (each.name, each.ledger, value, each.unit, floor, each.goal, _reached(each))
                table.add_row(*row)
        console.print(table)
    if not all(each.is_judged for each in measures if each.goal):
        console.print("* at these sizes; goals are judged at full size only: --full")


def _reached(each: Measure) -> str:
    if each.is_reached is None:
        return ""
    said = "yes" if each.is_reached else "no"
    return said if each.is_judged else f"{said}*"


def _number(value: float) -> str:
    """Write a number with three figures at least."""
    if abs(value) >= 1_000:
        return f"{value:,.0f}"
    return f"{value:.3g}"
