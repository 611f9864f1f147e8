"""How a floor runs alone: what it is asked, and the one line that it prints."""

import sys
import time
from collections.abc import Callable
from functools import wraps
from typing import Any

import click
import msgspec
from msgspec import Struct

from api.commands.bench.floors.engine import Engine


class Taken(Struct, frozen=True, kw_only=True):
    """How long a floor took."""

    floor: str
    seconds: list[float]
    """Of each round."""
    amount: int
    """How much was done in one round: rows, questions, invoices."""
    engine: str
    settings: dict[str, str]


ENGINES = click.Choice(["duckdb", "chdb"])

OPTIONS = (
    click.option("--engine", type=ENGINES, default="duckdb", show_default=True),
    click.option("--warehouse", metavar="URL", help="A store that is there; else one is made."),
    click.option("--subscriptions", default=6_000, show_default=True),
    click.option("--events", default=100_000, show_default=True, help="In one round."),
    click.option("--rounds", default=3, show_default=True),
)
