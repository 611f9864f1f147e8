"""What an expression is once it is read: a small tree, every part with its place in the text."""

from decimal import Decimal
from enum import StrEnum

from msgspec import Struct


class Wrong(Exception):
    """An expression that cannot be read: where, and what was expected there."""

    def __init__(self, place: int, message: str) -> None:
        super().__init__(f"at character {place + 1}: {message}")
        self.place = place


class Kind(StrEnum):
    """What a part is worth."""

    number = "number"
    text = "text"
    either = "either"
    """A property: a text as it was sent, and a number where one is asked for."""


class Number(Struct, frozen=True):
    """A number that is written out."""

    place: int
    value: Decimal


class Text(Struct, frozen=True):
    """A text that is written out."""

    place: int
    value: str


class Code(Struct, frozen=True):
    """`event.code`."""

    place: int


class Timestamp(Struct, frozen=True):
    """`event.timestamp`, in Unix seconds."""

    place: int


class Property(Struct, frozen=True):
    """`event.properties.name`."""

    place: int
    name: str


class Call(Struct, frozen=True):
    """An operator or a function, and what it is applied to."""

    place: int
    name: str
    """`+ - * /`, `negative`, or a function's."""
    parts: "tuple[Node, ...]"
    digits: int = 0
    """Decimals that a rounding keeps."""


Node = Number | Text | Code | Timestamp | Property | Call


class Form(Struct, frozen=True):
    """What an operator or function takes, and what it is worth."""

    takes: Kind
    is_worth: Kind
    least: int
    most: int


MANY = 100
"""As many as an expression may have parts."""

_NUMBER, _TEXT, _EITHER = Kind.number, Kind.text, Kind.either

FORMS = {
    **{sign: Form(_NUMBER, _NUMBER, 2, 2) for sign in "+-*/"},
    **{name: Form(_NUMBER, _NUMBER, 1, 1) for name in ("negative", "abs")},
    **{name: Form(_NUMBER, _NUMBER, 2, MANY) for name in ("min", "max")},
    "concat": Form(_TEXT, _TEXT, 1, MANY),
    "coalesce": Form(_EITHER, _EITHER, 2, MANY),
}
"""By the name of a call. Roundings are apart: their second part is written, not computed."""

ROUNDINGS = ("round", "ceil", "floor")

ROUNDING = Form(_NUMBER, _NUMBER, 1, 1)

FUNCTIONS = (*(name for name in FORMS if name.isalpha() and name != "negative"), *ROUNDINGS)
"""What may be called by name."""


def form(name: str) -> Form:
    """Return what an operator or function takes."""
    return ROUNDING if name in ROUNDINGS else FORMS[name]


def kind(node: Node) -> Kind:
    """Return what a part is worth. The first that is there is worth what all of them may be."""
    if isinstance(node, Call):
        if node.name != "coalesce":
            return form(node.name).is_worth
        kinds = set(map(kind, node.parts))
        return kinds.pop() if len(kinds) == 1 else _EITHER
    if isinstance(node, (Number, Timestamp)):
        return _NUMBER
    return _EITHER if isinstance(node, Property) else _TEXT


def properties(node: Node) -> set[str]:
    """Return the names of the properties that are looked at."""
    if isinstance(node, Call):
        return set().union(*map(properties, node.parts))
    return {node.name} if isinstance(node, Property) else set()
