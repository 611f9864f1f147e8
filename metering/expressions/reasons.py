"""Why an event has no result: in words that name no value, so that alike failures read alike."""

from metering.expressions.tree import Call, Node, Property

LONGEST = 10_000
"""Bytes of a result."""

TOO_LONG = f"the result has more than {LONGEST} bytes"


def missing(node: Property) -> str:
    """A property is not there, or is empty."""
    return f"event.properties.{node.name} is missing"


def no_number(node: Node) -> str:
    """A number is needed, and this is none."""
    if isinstance(node, Property):
        return f"event.properties.{node.name} is not a number"
    return f"the text at {_place(node)} is not a number"


def by_zero(node: Call) -> str:
    """Nothing can be divided by zero."""
    return f"division by zero at {_place(node)}"


def too_large(node: Call) -> str:
    """A result has more digits than a number can have."""
    return f"the result of {node.name} at {_place(node)} has more than 26 digits"


def _place(node: Node) -> str:
    return f"character {node.place + 1}"
