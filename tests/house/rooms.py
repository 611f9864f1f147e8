"""Rules about rooms: what stands in one, what its README says, what its tables are held by."""

import ast
from collections.abc import Iterator, Mapping

from sqlalchemy import ForeignKeyConstraint, MetaData, UniqueConstraint

from metering.measures.machine import Machine
from tests.house import plan
from tests.house.imports import rooms_of
from tests.house.source import House, within

WIRE = ("Struct", "StrEnum", "Enum", "IntEnum")
"""What a type that can travel is made of, at its root."""

TRAVELS = ("model", "requests", "notices")
"""The drawers whose public types are messages."""

OWNERLESS = {
    "organizations": "it is the organization",
}
"""Tables whose keys cannot begin with their organization, and why."""

GLOBAL_KEYS: dict[str, str] = {}
"""Unique keys, by name, that hold across organizations, and why."""


def a_room_has_the_known_furniture(house: House) -> Iterator[str]:
    """Who has learned one room knows them all."""
    for room in rooms_of(house):
        known = {*plan.FURNITURE, plan.FAMILIES.get(room.split(".")[1], "")}
        if room not in house.modules or not house.modules[room].is_package:
            yield f"{room}: a room is a package with a door, its __init__.py"
            continue
        for module in house.modules.values():
            drawer = module.name.removeprefix(f"{room}.").split(".")[0]
            if within(module.name, room) and module.name != room and drawer not in known:
                names = " ".join(sorted(known - {"", "__init__"}))
                yield module.at(1, f"{room} has no drawer {drawer}; put it into one of: {names}")


def a_room_says_what_it_owns(house: House) -> Iterator[str]:
    """Each room has a README: owns, does not own, always true."""
    for room in rooms_of(house):
        path = f"{room.replace('.', '/')}/README.md"
        said = house.files.get(path)
        if said is None:
            yield f"{path}: write it, as billing/taxes/README.md is written"
            continue
        for part in plan.README:
            if part not in said:
                yield f"{path}: it does not say {part}"


def messages_have_names_of_their_own(house: House) -> Iterator[str]:
    """A public type of a room or a family is a message on the wire, and there is one namespace."""
    seen: dict[str, str] = {}
    kinds = _kinds(house)
    for module in house.modules.values():
        drawer = module.name.split(".")[2:3] or [""]
        if not (drawer[0] in TRAVELS or within(module.name, "api.services")):
            continue
        for node in module.tree.body:
            public = isinstance(node, ast.ClassDef) and not node.name.startswith("_")
            if public and node.name in kinds:
                here = module.at(node, node.name)
                if node.name in seen:
                    yield f"{here} is {seen[node.name]} too; begin the name with its noun"
                seen.setdefault(node.name, f"{module.path}:{node.lineno}")


def notices_have_types_of_their_own(house: House) -> Iterator[str]:
    """`tax.created` is told by one class."""
    seen: dict[str, str] = {}
    for module in house.modules.values():
        for node in module.nodes:
            if not isinstance(node, ast.ClassDef) or "Notice" not in map(ast.unparse, node.bases):
                continue
            for part in node.body:
                if isinstance(part, ast.Assign) and ast.unparse(part.targets[0]) == "type":
                    name = ast.unparse(part.value)
                    if name in seen:
                        yield module.at(part, f"{name} is told in {seen[name]} too; keep one")
                    seen.setdefault(name, module.path)


def states_are_as_written(readme: str, path: str, lives: list[Machine]) -> Iterator[str]:  # type: ignore[type-arg]
    """The table of states in a room's README is its machines, move by move."""
    written = set(_rows(readme, ("from", "action", "to")))
    moves = {
        (state.value, action, target.value)
        for life in lives
        for (state, action), target in life.moves.items()
    }
    for row in sorted(moves - written):
        yield f"{path}: the machine has {' | '.join(row)}; write it under ## States"
    for row in sorted(written - moves):
        yield f"{path}: the machine has no {' | '.join(row)}; take it out"


def keys_begin_with_the_organization(
    metadata: MetaData, reasons: Mapping[str, str] = OWNERLESS | GLOBAL_KEYS
) -> Iterator[str]:
    """Another organization's row can be neither found, nor clashed with, nor pointed at."""
    for table in metadata.sorted_tables:
        if table.name in reasons:
            continue
        keys: list[tuple[str, list[str]]] = [
            (str(part.name), [column.name for column in part.columns])
            for part in table.constraints
            if isinstance(part, UniqueConstraint | ForeignKeyConstraint)
        ]
        keys += [(str(i.name), [c.name for c in i.columns]) for i in table.indexes if i.unique]
        if "organization_id" not in table.c:
            yield f"{table.name}: every row belongs to an organization; use sql.ledger.table"
            continue
        if table.c.organization_id.nullable:
            yield f"{table.name}: organization_id may be null; it must not"
        if [column.name for column in table.primary_key] != ["sequence"]:
            yield f"{table.name}: its primary key is not the sequence; use sql.ledger.table"
        for name, columns in keys:
            if name not in reasons and columns[:1] != ["organization_id"]:
                yield f"{table.name}: {name} is on {columns}; begin it with organization_id"


def _rows(text: str, head: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    """Yield the rows of every table in a page that has these headings."""
    is_ours = False
    for line in text.splitlines():
        row = tuple(cell.strip().strip("`") for cell in line.strip().strip("|").split("|"))
        if not line.startswith("|"):
            is_ours = False
        elif row == head:
            is_ours = True
        elif is_ours and not set("".join(row)) <= set("-: "):
            yield row


def _kinds(house: House) -> set[str]:
    """Return the names of classes that are Structs or Enums, through whatever they inherit."""
    bases = {
        node.name: {ast.unparse(base).split(".")[-1].split("[")[0] for base in node.bases}
        for module in house.modules.values()
        for node in module.tree.body
        if isinstance(node, ast.ClassDef)
    }
    kinds = set(WIRE)
    while more := {name for name, above in bases.items() if above & kinds} - kinds:
        kinds |= more
    return kinds
