"""The census itself: every operation asked for at both doors, and what is to be said of it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from api.commands.census.doors import Ask, Door, Told, is_code
from api.commands.census.world import Broken, Recipe, World
from api.rpc import Api, Operation
from metering.measures.refusals import Refusal

NOT_ASKED = "–"


class Cell(Struct, frozen=True, kw_only=True):
    """What one ask came to."""

    is_good: bool
    text: str
    why: str = ""
    """What is wrong, if something is."""


class Row(Struct, frozen=True, kw_only=True):
    """One operation: at each door, once asked for what it grants and once for what it refuses."""

    key: str
    cells: tuple[Cell, ...]
    code: str = ""
    """What it refuses with."""

    @property
    def is_good(self) -> bool:
        """Whether it answers on both doors."""
        return all(cell.is_good for cell in self.cells)


def count(
    api: Api, recipes: Mapping[str, Recipe], doors: Sequence[Door], admin_key: str, secret: bytes
) -> Iterator[Row]:
    """Ask for each operation at both doors, and yield what it came to."""
    worlds = [World(api, door, recipes, admin_key, secret) for door in doors]
    others = dict(zip(worlds, reversed(doors), strict=True))
    for op in api:
        if op.key not in recipes:
            missing = Cell(is_good=False, text=NOT_ASKED, why=_missing(op))
            yield Row(key=op.key, cells=(missing,) * 2 * len(doors))
            continue
        cells = [
            cell
            for world in worlds
            for cell in (_granted(world, op, others[world]), _refused(world, op, recipes[op.key]))
        ]
        yield Row(key=op.key, cells=tuple(cells), code=recipes[op.key].code)


def unused(api: Api, recipes: Mapping[str, Recipe]) -> list[str]:
    """Return the recipes of which there is no operation any more."""
    return sorted(set(recipes) - {op.key for op in api})


def _missing(op: Operation) -> str:
    file = op.module.rpartition(".")[2]
    return (
        f"it has no recipe: add a row '{op.key}' to RECIPES in "
        f"api/commands/census/recipes/{file}.py, that says how it is asked for"
    )


def _granted(world: World, op: Operation, other: Door) -> Cell:
    """Ask for what is granted; if it changes nothing, ask the other door for the same."""
    try:
        ask, told = world.first(op.key)
    except (Broken, Refusal) as error:
        return Cell(is_good=False, text=NOT_ASKED, why=str(error))
    if not told.is_ok:
        return Cell(is_good=False, text=told.status, why=f"{told.code}: {told.message}")
    if op.reads and _is_hollow(told.answer):
        return Cell(is_good=False, text=told.status, why="there is nothing in the answer")
    if op.reads and not op.streams_out and (why := _differing(op, ask, told, other)):
        return Cell(is_good=False, text=told.status, why=why)
    return Cell(is_good=True, text=told.status)


def _is_hollow(answer: Any) -> bool:
    """Whether an answer shows nothing: an operation that reads is asked for what is there."""
    shown = list(answer.values()) if isinstance(answer, dict) else answer
    return not shown or any(each in ([], {}, None) for each in shown)


def _differing(op: Operation, ask: Ask, told: Told, other: Door) -> str:
    heard = other.ask(op, ask, ask.key or "")
    if not heard.is_ok:
        return f"{other.name} said {heard.status} {heard.code} to the same: {heard.message}"
    here, there = bare(told.answer), bare(heard.answer)
    return "" if here == there else f"{other.name} said something else: {there}, not {here}"


def _refused(world: World, op: Operation, recipe: Recipe) -> Cell:
    try:
        told = world.refused(op.key)
    except (Broken, Refusal) as error:
        return Cell(is_good=False, text=NOT_ASKED, why=str(error))
    if told.is_ok or not is_code(told.code, recipe.code):
        why = f"{recipe.code} was expected, and it said {told.code or 'yes'}: {told.message}"
        return Cell(is_good=False, text=told.status, why=why)
    return Cell(is_good=True, text=told.status)


def bare(said: Any) -> Any:
    """Return an answer without what protobuf cannot say: null and empty are as good as absent.

    >>> bare({"tax": {"name": "VAT", "description": None, "at": "2026-01-01T00:00:00+00:00"}})
    {'tax': {'name': 'VAT', 'at': '2026-01-01T00:00:00Z'}}
    """
    if isinstance(said, dict):
        found = {name: bare(value) for name, value in said.items()}
        return {name: value for name, value in found.items() if value not in (None, [], {}, "")}
    if isinstance(said, list):
        return [bare(each) for each in said]
    if isinstance(said, str) and said.endswith("+00:00"):
        return said.removesuffix("+00:00") + "Z"
    return said
