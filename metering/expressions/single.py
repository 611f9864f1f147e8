"""An expression over one event: the twin of `evaluation` for those who cannot wait for columns.

Numbers are whole units of the twelfth decimal, of any size until they are checked.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

from msgspec import Struct

from metering.expressions import reasons
from metering.expressions.arithmetic import LIMIT, MICRO, ONE
from metering.expressions.tree import (
    Call,
    Code,
    Kind,
    Node,
    Number,
    Property,
    Text,
    Timestamp,
    kind,
)
from metering.measures.money import SCALE, exact
from metering.measures.money import WIDE as EXACT

T = TypeVar("T", int, str)


class Refused(Exception):
    """There is no result; the message is the reason."""


class Missing(Refused):
    """There is no result, because something is not there."""


class Sample(Struct, frozen=True):
    """One event."""

    code: str
    at: int
    """In microseconds."""
    properties: Mapping[str, str]


def result(node: Node, event: Sample) -> str:
    """Return what an expression is worth for one event.

    Raises: Refused, with the reason.
    """
    if isinstance(node, Text):
        return node.value
    if isinstance(node, Code):
        return event.code
    if isinstance(node, Property):
        if not (sent := event.properties.get(node.name)):
            raise Missing(reasons.missing(node))
        return sent
    if isinstance(node, Call) and node.name == "coalesce":
        return _first(node, event, result)
    if isinstance(node, Call) and node.name == "concat":
        joined = "".join([result(part, event) for part in node.parts])
        if len(joined.encode()) > reasons.LONGEST:
            raise Refused(reasons.TOO_LONG)
        return joined
    return _shown(_number(node, event))


def _number(node: Node, event: Sample) -> int:
    if isinstance(node, Number):
        return int(EXACT.scaleb(node.value, SCALE))
    if isinstance(node, Timestamp):
        return event.at * MICRO
    if isinstance(node, Call) and node.name == "coalesce":
        return _first(node, event, _number)
    if isinstance(node, Call) and kind(node) == Kind.number:
        return _computed(node, [_number(part, event) for part in node.parts])
    if (found := exact(result(node, event))) is None:
        raise Refused(reasons.no_number(node))
    return int(EXACT.scaleb(found, SCALE))


def _first(node: Call, event: Sample, read: Callable[[Node, Sample], T]) -> T:
    for part in node.parts[:-1]:
        try:
            return read(part, event)
        except Missing:
            continue
    return read(node.parts[-1], event)


def _computed(node: Call, parts: list[int]) -> int:
    first, last = parts[0], parts[-1]
    if node.name == "/" and not last:
        raise Refused(reasons.by_zero(node))
    made = RULES[node.name](node, first, last, parts)
    if abs(made) >= LIMIT:
        raise Refused(reasons.too_large(node))
    return made


RULES: dict[str, Callable[[Call, int, int, list[int]], int]] = {
    "+": lambda node, left, right, parts: left + right,
    "-": lambda node, left, right, parts: left - right,
    "*": lambda node, left, right, parts: _nearest(left * right, ONE),
    "/": lambda node, left, right, parts: _nearest(left * ONE, right),
    "negative": lambda node, first, last, parts: -first,
    "abs": lambda node, first, last, parts: abs(first),
    "min": lambda node, first, last, parts: min(parts),
    "max": lambda node, first, last, parts: max(parts),
    "round": lambda node, first, last, parts: _nearest(first, _size(node)) * _size(node),
    "ceil": lambda node, first, last, parts: -(-first // _size(node)) * _size(node),
    "floor": lambda node, first, last, parts: first // _size(node) * _size(node),
}
"""What an operator or function makes of its first and last, or of all its parts."""


def _size(node: Call) -> int:
    return int(10 ** (SCALE - node.digits))


def _nearest(units: int, size: int) -> int:
    """Divide, halves away from zero."""
    whole = (2 * abs(units) + abs(size)) // (2 * abs(size))
    return whole if (units < 0) == (size < 0) else -whole


def _shown(units: int) -> str:
    """Write a number without spare zeros."""
    whole, rest = divmod(abs(units), ONE)
    decimals = f".{rest:0{SCALE}d}".rstrip("0").rstrip(".")
    return f"{'-' if units < 0 else ''}{whole}{decimals}"
