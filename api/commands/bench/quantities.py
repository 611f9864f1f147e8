"""All quantities of a month for a whole book, beside the bare engine, in a process of their own.

The two take turns on one open store, so that what is cached for one is cached for the other.
"""

from collections.abc import Iterator

import polars as pl
from msgspec import Struct

from api.commands.bench import book, events
from api.commands.bench.book import Stores
from api.commands.bench.floors import aggregate, engine
from api.commands.bench.floors.alone import timed
from api.commands.bench.process import ask, asked, tell
from api.commands.bench.report import Floor, Measure, measure
from api.commands.bench.shelf import Bench, Shelf
from billing import plans
from metering import quantities
from metering.quantities import LINES, Metered
from sql.types import INSTANT
from sql.work import Work


class Asking(Struct, frozen=True, kw_only=True):
    """Whose quantities are asked for."""

    stores: Stores
    organization: str
    subscriptions: int
    rounds: int


class Answered(Struct, frozen=True, kw_only=True):
    """What they took, round by round."""

    lines: int
    seconds: list[float]
    floor_seconds: list[float]
    settings: dict[str, str]


def measures(bench: Bench, shelf: Shelf) -> Iterator[Measure]:
    """Ask for all quantities, and hold what that took against the bare engine."""
    bench.say("all quantities of the month")
    asking = Asking(
        stores=shelf.stores, organization=shelf.opened.organization,
        subscriptions=bench.sizes.subscriptions, rounds=bench.sizes.rounds,
    )  # fmt: skip
    found = ask(__name__, asking, Answered)
    floor = Floor(name="aggregate", rounds=found.floor_seconds, settings=found.settings)
    ratios = [seconds / floor.value for seconds in found.seconds]
    size = {**bench.book, "lines": found.lines}
    yield measure("aggregate_vs_engine", bench.place, ratios, floor, size=size)


AHEAD = dict(zip(book.ZONES, (0, 1, -5, 9), strict=True))
"""Hours that each zone is ahead of UTC on the first day and on the last."""


def answer(asking: Asking) -> Answered:
    """Ask for all quantities, here and now, and have the bare engine do the same."""
    with book.desk(asking.stores) as at:
        with at.look(asking.organization) as work:
            lines, metrics = _lines(work, asking.subscriptions)
        until = at.warehouse.watermark()
        bare = engine.opened(asking.stores.warehouse_url)
        took, floor = [], []
        for _ in range(asking.rounds):
            floor.append(timed(lambda: aggregate.run(bare)))
            took.append(timed(lambda: quantities.quantities(at.warehouse, lines, metrics, until)))
        settings = engine.settings(bare)
        bare.close()
    return Answered(lines=lines.height, seconds=took, floor_seconds=floor, settings=settings)


def _lines(work: Work, subscriptions: int) -> tuple[pl.DataFrame, dict[str, Metered]]:
    """Lay out a line for each subscription and metric: its customer's month, where it lives."""
    terms = plans.book(work, plans.terms(work)["plan_id"].to_list())
    charges = terms.charges.unique("metric_id", maintain_order=True)
    numbers = pl.int_range(1, subscriptions + 1, dtype=pl.Int64, eager=True).alias("number")
    hours = pl.lit(pl.Series(list(AHEAD.values()))).gather(pl.col("number") % len(AHEAD))
    start = pl.lit(events.START, INSTANT) - pl.duration(hours=hours)
    made = (
        numbers.to_frame()
        .join(charges.select("metric_id", "charge_id"), how="cross")
        .with_row_index("line")
        .with_columns(
            external_subscription_id=pl.format("sub-{}", "number"),
            organization_id=pl.lit(work.organization),
            start=start,
            stop=start + pl.lit(events.MONTH),
            timezone=pl.lit("UTC"),
            first_day=start.dt.date(),
            last_day=(start + pl.lit(events.MONTH)).dt.date(),
            full_days=pl.lit(events.MONTH.days),
            full_seconds=pl.lit(int(events.MONTH.total_seconds())),
            digits=pl.lit(2),
            prorated=pl.lit(False),
        )
    )
    return made.select(*LINES).cast(LINES), dict(terms.metrics)  # type: ignore[arg-type]


if __name__ == "__main__":
    tell(answer(asked(Asking)))
