"""Expressions as a person would work them out: one event at a time, in fractions.

An expression is nested tuples: ("+", ("property", "size"), ("number", "1.5")), ("round", part, 2).
"""

import re
from fractions import Fraction
from math import ceil, floor

LIMIT = 10**26
NUMERIC = ("number", "timestamp", "+", "-", "*", "/", "negative", "abs", "min", "max", "round",
           "ceil", "floor")  # fmt: skip


class Refused(Exception):
    """The event has no result."""


class Missing(Refused):
    """The event has no result, because something is not there."""


def written_as(tree):
    """Return an expression as a person writes it, with a parenthesis around every operator."""
    name, *rest = tree
    if name in ("number", "text", "property"):
        said = rest[0]
        quoted = "'" + said.replace("'", "''") + "'"
        plain = said if re.fullmatch(r"[a-z]+", said) else None
        as_property = f"event.properties.{plain}" if plain else f"event.properties[{quoted}]"
        return {"number": said, "text": quoted, "property": as_property}[name]
    if name in ("code", "timestamp"):
        return f"event.{name}"
    parts = [written_as(part) if isinstance(part, tuple) else str(part) for part in rest]
    if name in ("+", "-", "*", "/"):
        return f"({parts[0]} {name} {parts[1]})"
    return f"-{parts[0]}" if name == "negative" else f"{name}({', '.join(parts)})"


def text(tree, event):
    """What an expression is worth as text: event has code, seconds and properties."""
    name, *rest = tree
    if name == "text":
        return rest[0]
    if name == "code":
        return event["code"]
    if name == "property":
        if not event["properties"].get(rest[0]):
            raise Missing(f"event.properties.{rest[0]} is missing")
        return event["properties"][rest[0]]
    if name == "concat":
        made = "".join([text(part, event) for part in rest])
        if len(made.encode()) > 10_000:
            raise Refused("the result has more than 10000 bytes")
        return made
    if name == "coalesce":
        return first(rest, event, text)
    return shown(number(tree, event))


def number(tree, event):
    """What an expression is worth as a number."""
    name, *rest = tree
    if name == "number":
        return Fraction(rest[0])
    if name == "timestamp":
        return event["seconds"]
    if name == "coalesce":
        return first(rest, event, number)
    if name in NUMERIC:
        parts = [number(part, event) for part in rest if isinstance(part, tuple)]
        digits = rest[1] if name in ("round", "ceil", "floor") and len(rest) == 2 else 0
        return computed(name, parts, digits)
    said = text(tree, event)
    if not re.fullmatch(r"-?0*[0-9]{1,26}([.][0-9]{1,12}0*)?", said, re.ASCII):
        what = f"event.properties.{rest[0]}" if name == "property" else "the text"
        raise Refused(f"{what} is not a number")
    return Fraction(said)


def first(parts, event, read):
    """The first part that is there; if none is, what is said of the last."""
    for part in parts:
        try:
            return read(part, event)
        except Missing as missing:
            last = missing
    raise last


def computed(name, parts, digits):
    """Apply an operator or function."""
    if name == "/" and not parts[1]:
        raise Refused("division by zero")
    step = Fraction(10) ** digits
    made = {
        "+": lambda: parts[0] + parts[1],
        "-": lambda: parts[0] - parts[1],
        "*": lambda: nearest(parts[0] * parts[1], 12),
        "/": lambda: nearest(parts[0] / parts[1], 12),
        "negative": lambda: -parts[0],
        "abs": lambda: abs(parts[0]),
        "min": lambda: min(parts),
        "max": lambda: max(parts),
        "round": lambda: nearest(parts[0], digits),
        "ceil": lambda: ceil(parts[0] * step) / step,
        "floor": lambda: floor(parts[0] * step) / step,
    }[name]()
    if abs(made) >= LIMIT:
        raise Refused(f"the result of {name} has more than 26 digits")
    return made


def nearest(value, digits):
    """Round, halves away from zero."""
    step = Fraction(10) ** digits
    whole = floor(abs(value) * step + Fraction(1, 2)) / step
    return whole if value >= 0 else -whole


def shown(value):
    """Write a number of at most twelve decimals without spare zeros."""
    units = value * 10**12
    assert units.denominator == 1, value
    digits = f"{abs(units.numerator):013d}"
    said = f"{digits[:-12]}.{digits[-12:]}".rstrip("0").rstrip(".")
    return f"-{said}" if value < 0 else said
