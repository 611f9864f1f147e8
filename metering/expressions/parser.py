"""An expression's text as a tree, or what is wrong with it and where."""

from collections.abc import Callable
from functools import cache
from typing import Any

from lark import Lark, Token, Tree, UnexpectedInput

from metering.expressions.tree import (
    FUNCTIONS,
    MANY,
    ROUNDINGS,
    Call,
    Code,
    Kind,
    Node,
    Number,
    Property,
    Text,
    Timestamp,
    Wrong,
    form,
    kind,
)
from metering.measures.money import SCALE, WHOLE, exact

GRAMMAR = r"""
?start: sum
?sum: product | sum (PLUS | MINUS) product -> operator
?product: unary | product (TIMES | OVER) unary -> operator
?unary: atom | MINUS unary -> negative
?atom: NUMBER -> number
    | TEXT -> text
    | "event" "." "code" -> code
    | "event" "." "timestamp" -> timestamp
    | "event" "." "properties" ("." NAME | "[" TEXT "]") -> property
    | NAME "(" sum ("," sum)* ")" -> call
    | "(" sum ")"

PLUS: "+"
MINUS: "-"
TIMES: "*"
OVER: "/"
NUMBER: /[0-9]+(\.[0-9]+)?/
TEXT: /'([^']|'')*'|"([^"]|"")*"/
NAME: /[^\W\d]\w*/
%ignore /\s+/
"""
"""The whole language. `* /` bind tighter than `+ -`, all from the left; a quote within a text of
its kind is said twice; names of functions may have any case."""

LONGEST = 2_000
"""Characters of an expression."""

WORDS = {
    "NUMBER": "a number", "TEXT": "a text", "NAME": "a name", "EVENT": "event", "LPAR": "(",
    "RPAR": ")", "LSQB": "[", "PLUS": "+", "MINUS": "-", "TIMES": "*", "OVER": "/", "COMMA": ",",
    "DOT": ".", "RSQB": "]", "CODE": "code", "TIMESTAMP": "timestamp", "PROPERTIES": "properties",
    "$END": "the end",
}  # fmt: skip
"""How a person calls what the grammar may wait for."""

DIGITS = range(-WHOLE, SCALE + 1)
"""Decimals that a rounding may keep: negative ones round to tens and hundreds."""


def read(text: str) -> Node:
    """Read an expression.

    Raises: Wrong, with the place and what was expected.
    """
    if len(text) > LONGEST:
        raise Wrong(LONGEST, f"an expression has {LONGEST} characters at most")
    try:
        return _built(_grammar().parse(text))
    except UnexpectedInput as error:
        raise _unexpected(text, error) from None


@cache
def _grammar() -> Lark:
    return Lark(GRAMMAR, parser="lalr", propagate_positions=True)


def _built(found: Tree[Token]) -> Node:
    """Make parts of what the grammar found, from the leaves up. Not by recursion: the depth of
    what people send has no bound."""
    built: dict[int, Any] = {}
    for branch in found.iter_subtrees():
        said = [built.get(id(child), child) for child in branch.children]
        place = branch.meta.start_pos
        built[id(branch)] = BUILDERS[branch.data](place, said)
        if len(built) > MANY:
            raise Wrong(place, f"an expression has {MANY} parts at most")
    return built[id(found)]


def _number(place: int, said: list[Any]) -> Node:
    if (value := exact(said[0])) is None:
        raise Wrong(place, f"a number has {WHOLE} digits and {SCALE} decimals at most")
    return Number(place, value)


def _property(place: int, said: list[Any]) -> Node:
    is_quoted = said[0].type == "TEXT"
    return Property(place, _unquoted(said[0]) if is_quoted else str(said[0]))


def _operator(place: int, said: list[Any]) -> Node:
    left, sign, right = said
    return _typed(Call(sign.start_pos, str(sign), (left, right)))


def _call(place: int, said: list[Any]) -> Node:
    name, parts = said[0].lower(), tuple(said[1:])
    if name not in FUNCTIONS:
        raise Wrong(place, f"expected a function: {', '.join(sorted(FUNCTIONS))}")
    if name in ROUNDINGS and len(parts) == 2:
        return _typed(Call(place, name, parts[:1], _digits(parts[1])))
    wanted = form(name)
    if not wanted.least <= len(parts) <= wanted.most:
        raise Wrong(place, f"{name} takes {_count(name)}, not {len(parts)}")
    return _typed(Call(place, name, parts))


BUILDERS: dict[str, Callable[[int, list[Any]], Node]] = {
    "number": _number,
    "text": lambda place, said: Text(place, _unquoted(said[0])),
    "code": lambda place, said: Code(place),
    "timestamp": lambda place, said: Timestamp(place),
    "property": _property,
    "negative": lambda place, said: _typed(Call(place, "negative", (said[1],))),
    "operator": _operator,
    "call": _call,
}
"""By the name of a rule's alternative: what becomes of what it found."""


def _typed(call: Call) -> Call:
    """Check that numbers stand where something is computed.

    Raises: Wrong.
    """
    if form(call.name).takes == Kind.number:
        for part in call.parts:
            if kind(part) == Kind.text:
                raise Wrong(part.place, "expected a number, and this is a text")
    return call


def _digits(part: Node) -> int:
    """Return the second argument of a rounding."""
    sign, number = 1, part
    if isinstance(part, Call) and part.name == "negative":
        sign, number = -1, part.parts[0]
    if isinstance(number, Number) and number.value == int(number.value):
        digits = sign * int(number.value)
        if digits in DIGITS:
            return digits
    raise Wrong(part.place, f"expected a whole number from {DIGITS[0]} to {DIGITS[-1]}")


def _count(name: str) -> str:
    """Say how many arguments a function takes."""
    if name in ROUNDINGS:
        return "one or two arguments"
    wanted = form(name)
    if wanted.least == wanted.most:
        return "one argument"
    return f"{wanted.least} to {wanted.most} arguments"


def _unquoted(said: str) -> str:
    quote = said[0]
    return said[1:-1].replace(quote * 2, quote)


def _unexpected(text: str, error: Any) -> Wrong:
    """Say what the grammar would have taken in place of what it found."""
    expected = error.interactive_parser.accepts()
    found = getattr(error, "token", None)
    place = len(text) if found is not None and found.type == "$END" else error.pos_in_stream
    if found is None and text[place] in "'\"" and "TEXT" in expected:
        return Wrong(place, "this text has no end")
    words = [word for name, word in WORDS.items() if name in expected]
    return Wrong(place, f"expected {' or '.join(words)}")
