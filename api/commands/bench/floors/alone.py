"""How floors run alone: what they can be asked, and the one line that they print."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import click
import msgspec
from msgspec import Struct

from api.commands.bench import events
from api.commands.bench.floors import engine as engines
from api.commands.bench.floors.engine import Engine

ENGINES = {"duckdb": "duckdb", "chdb": "clickhouse"}
"""The engines, and what their dialects are called."""


class Taken(Struct, frozen=True, kw_only=True):
    """How long a floor took."""

    floor: str
    seconds: list[float]
    """Of each round."""
    amount: int
    """How much was done in one round: rows, questions or invoices."""
    engine: str
    settings: dict[str, str]


def asked(*names: str) -> Callable[[Any], Any]:
    """Make a function the command of a script, with some of the options that floors have."""

    def decorate(function: Any) -> Any:
        for name in reversed(names):
            function = OPTIONS[name](function)
        return click.command(help=function.__doc__)(function)

    return decorate


OPTIONS: dict[str, Callable[[Any], Any]] = {
    "engine": click.option(
        "--engine", type=click.Choice(list(ENGINES)), default="duckdb", show_default=True
    ),
    "warehouse": click.option(
        "--warehouse", metavar="URL", default="", help="A filled store; else one is made."
    ),
    "subscriptions": click.option("--subscriptions", default=6_000, show_default=True),
    "events": click.option("--events", default=100_000, show_default=True),
    "rounds": click.option("--rounds", default=3, show_default=True),
    "connections": click.option("--connections", default=32, show_default=True),
    "questions": click.option("--questions", default=20, show_default=True),
}


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that a piece of work takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def tell(floor: str, seconds: Iterable[float], amount: int, engine: Engine) -> None:
    """Print what a floor took, as one line of JSON."""
    taken = Taken(
        floor=floor,
        seconds=list(seconds),
        amount=amount,
        engine=engine.dialect,
        settings=engines.settings(engine),
    )
    click.echo(msgspec.json.encode(taken))


@contextmanager
def filled(kind: str, url: str, subscriptions: int, count: int) -> Iterator[Engine]:
    """Yield the engine at a URL, or else one with a month of usage of its own."""
    if url:
        engine = engines.opened(url)
        yield engine
        engine.close()
        return
    with engines.fresh(kind, subscriptions) as engine:
        for made in events.slices(count, subscriptions):
            engine.insert("events", events.stored(made).to_arrow())
        yield engine
