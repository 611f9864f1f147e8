"""Expressions: what a property of an event becomes, computed from the event when it comes in.

`parse` reads one, or says the place where it cannot; `applied` evaluates many over columns.
"""

from collections.abc import Sequence
from functools import lru_cache

import msgspec
import polars as pl
from msgspec import Struct

from metering.expressions.evaluation import evaluate
from metering.expressions.single import Refused, Sample, result
from metering.expressions.stored import put
from metering.expressions.tree import Node, Wrong

__all__ = [
    "Expression", "Node", "Refused", "Sample", "Wrong", "applied", "applied_to_one", "evaluate",
    "parse", "result",
]  # fmt: skip


class Expression(Struct, frozen=True):
    """What one property becomes."""

    name: str
    """Of the property."""
    node: Node


@lru_cache(maxsize=1024)
def parse(text: str) -> Node:
    """Read an expression.

    Raises: Wrong, with the place and what was expected.
    """
    # The grammar is built when the first expression is read: most processes never read one.
    from metering.expressions import parser

    return parser.read(text)


def applied(
    expressions: Sequence[Expression], events: pl.DataFrame
) -> tuple[pl.Series, pl.Series | None]:
    """Return the properties of events with every result in its place, and why one has none.

    Shape:   events has code, at and properties; out, as many properties, and reasons (null where
             all went well), or None if all went well everywhere.
    Rule:    every expression looks at the event as it was sent, not at the results of others.
    """
    kept, wrong = events["properties"], None
    for expression in expressions:
        values, reasons = evaluate(expression.node, events)
        kept = put(kept, expression.name, values)
        if reasons is not None:
            wrong = reasons if wrong is None else wrong.zip_with(wrong.is_not_null(), reasons)
    return kept, wrong


def applied_to_one(expressions: Sequence[Expression], code: str, at: int, properties: str) -> str:
    """Do the same for one event; `at` in microseconds.

    Raises: Refused, with the reason.
    """
    sent = msgspec.json.decode(properties, type=dict[str, str])
    event = Sample(code, at, sent)
    made = {each.name: result(each.node, event) for each in expressions}
    return msgspec.json.encode({**sent, **made}).decode()
