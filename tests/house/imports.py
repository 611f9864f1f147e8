"""Rules about who may import whom."""

import re
import sys
import tomllib
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from importlib.metadata import packages_distributions

from tests.house import plan
from tests.house.source import PRODUCT, House, within


def imports_go_down(house: House) -> Iterator[str]:
    """A module imports its own house, or a floor below."""
    for module in house.modules.values():
        here = plan.floor(module.name)
        if here is None:
            continue  # the houses themselves are empty packages
        for line, target in house.imports(module):
            there = plan.floor(target)
            if there and there[1] != here[1] and there[0] >= here[0]:
                yield module.at(
                    line,
                    f"{here[1]} must not import {target}; move what both need to a lower floor,"
                    " or let api/ bring the two together",
                )


def imports_name_the_whole_path(house: House) -> Iterator[str]:
    """No relative imports: a line can be searched for, and moved."""
    for module in house.modules.values():
        for line, text in enumerate(module.text.splitlines(), 1):
            if text.lstrip().startswith("from ."):
                yield module.at(line, "name the whole path: from billing.taxes.model import Tax")


def nothing_imports_in_a_circle(house: House) -> Iterator[str]:
    """No module leads back to itself."""
    graph = {
        name: {target for _, target in house.imports(module) if target in house.modules} - {name}
        for name, module in house.modules.items()
    }
    while ring := _ring(graph):
        line = next(at for at, to in house.imports(house.modules[ring[0]]) if to == ring[1])
        yield house.modules[ring[0]].at(
            line,
            f"imports in a circle: {' -> '.join(ring)}; move what both ends need to a module of"
            " its own",
        )
        graph[ring[0]].discard(ring[1])


def _ring(graph: dict[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as circle:
        return list(reversed(circle.args[1]))
    return []


def rooms_are_entered_by_the_door(house: House) -> Iterator[str]:
    """`from billing import taxes`, then `taxes.find(…)`: never `billing.taxes.queries`."""
    rooms = set(rooms_of(house))
    for module in house.modules.values():
        for line, target in [*house.imports(module), *house.uses(module)]:
            for room in rooms:
                inside = target.removeprefix(f"{room}.").split(".")[0]
                if (
                    within(target, room)
                    and target != room
                    and not within(module.name, room)
                    and f"{room}.{inside}" in house.modules
                ):
                    top, name = room.rsplit(".", 1)
                    yield module.at(
                        line,
                        f"{room}.{inside} is a window: from {top} import {name}, and let the"
                        " room's __init__ show what others need",
                    )


def rooms_enter_lower_rooms_only(house: House) -> Iterator[str]:
    """The storeys of billing, as drawn in plan.py and in the README."""
    for module in house.modules.values():
        room = _room(module.name)
        if not room:
            continue
        level = plan.storey(room)
        if level is None:
            yield module.at(1, f"give {room} a storey in tests/house/plan.py, and in the README")
            continue
        for line, target in house.imports(module):
            other = _room(target)
            if not other or other == room:
                continue
            above = plan.storey(other)
            if above is not None and above >= level:
                yield module.at(
                    line,
                    f"{room} (storey {level}) must not enter {other} (storey {above}); what spans"
                    " rooms belongs to cycle, or one of the two stands on the wrong storey",
                )


def drivers_stay_in_their_place(house: House) -> Iterator[str]:
    """duckdb, psycopg, grpc… are each imported in one place, and ruled from there."""
    for module in house.modules.values():
        used = [use for use in house.uses(module) if within(use[1], "sqlalchemy")]
        for line, target in [*house.imports(module), *used]:
            for driver, places in plan.DRIVERS.items():
                if within(target, driver) and not any(within(module.name, p) for p in places):
                    where = " or ".join(places) or "nothing in the product"
                    yield module.at(line, f"{driver} is for {where}; ask there for what you need")


def what_is_imported_is_declared(house: House) -> Iterator[str]:
    """The product runs with the dependencies that pyproject.toml names, without those of tests."""
    project = tomllib.loads(house.files.get("pyproject.toml", "[project]"))["project"]
    extras = project.get("optional-dependencies", {})
    optional = [line for name, lines in extras.items() if name != "dev" for line in lines]
    declared = {_plain(line) for line in [*project.get("dependencies", []), *optional]}
    installed = packages_distributions()
    for module in house.modules.values():
        for line, target in house.imports(module):
            top = target.split(".")[0]
            tool = any(within(module.name, place) for place in plan.TOOLS.get(top, ()))
            if top in sys.stdlib_module_names or top in PRODUCT or tool:
                continue
            if not declared & {_plain(name) for name in installed.get(top, [top])}:
                yield module.at(line, f"{top} is in no dependency of pyproject.toml; add it there")


def only_tables_and_queries_speak_sqlalchemy(house: House) -> Iterator[str]:
    """A verb reads and writes through work.rows; statements are asked for in queries."""
    for module in house.modules.values():
        drawer = set(module.name.split(".")[2:3])
        if module.name in plan.COPIERS or drawer & set(plan.SPEAKERS):
            continue
        if within(module.name, "sql"):
            continue
        for line, target in house.imports(module):
            if within(target, "sqlalchemy"):
                yield module.at(line, "use work.rows, or put the question into the room's queries")


def rooms_of(house: House) -> list[str]:
    """Return the rooms: the packages of billing, and any package elsewhere that has tables."""
    named = {
        ".".join(name.split(".")[:2])
        for name in house.modules
        if within(name, "billing") and name != "billing"
    }
    named |= {
        name.rsplit(".", 1)[0]
        for name in house.modules
        if name.endswith(".tables") and name.count(".") == 2
    }
    return sorted(named)


def _plain(requirement: str) -> str:
    return re.split(r"[^\w.-]", requirement)[0].lower().replace("_", "-")


def _room(name: str) -> str:
    return name.split(".")[1] if within(name, "billing") and name != "billing" else ""
