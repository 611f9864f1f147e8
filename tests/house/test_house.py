"""The rules of the house, held against the real tree.

The plan is data (plan.py), the rules are functions over a tree of files (imports.py, text.py,
rooms.py, files.py), and test_rules_bite.py shows that each of them can fail.
"""

import importlib
import re

import pytest

from api.settings import Settings
from metering.measures.machine import Machine
from sql import migrate
from sql.ledger import METADATA
from tests.house import plan, rooms
from tests.house.rules import RULES, broken
from tests.house.source import house


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_the_house_keeps_its_rule(rule):
    """No complaint from any rule, over every file that is or would be committed."""
    complaints = broken(rule, house())
    assert not complaints, f"{rule.__doc__}\n" + "\n".join(complaints)


def test_every_key_of_the_ledger_begins_with_the_organization():
    """Unique keys, unique indexes and foreign keys of every room's tables."""
    migrate.tables()

    complaints = list(rooms.keys_begin_with_the_organization(METADATA))

    assert "taxes" in METADATA.tables
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize("room", rooms.rooms_of(house()))
def test_the_states_in_the_readme_are_those_of_the_machine(room):
    """Every move that a room's LIFE allows is written down, and no other."""
    drawers = [n for n in house().modules if n.startswith(f"{room}.model")]
    lives = [
        value
        for drawer in drawers
        for value in vars(importlib.import_module(drawer)).values()
        if isinstance(value, Machine)
    ]
    path = f"{room.replace('.', '/')}/README.md"

    complaints = list(rooms.states_are_as_written(house().files.get(path, ""), path, lives))

    assert not complaints, "\n".join(complaints)


def test_the_readme_draws_the_storeys_as_they_are():
    """The picture in the project's README is the plan."""
    picture = re.findall(r"^ {4,}(\d+) {1,2}(\w[\w ]*)$", house().files["README.md"], re.MULTILINE)
    drawn = {int(level): set(names.split()) for level, names in picture}

    assert drawn == {level: set(names.split()) for level, names in plan.STOREYS.items()}


def test_the_readme_lists_the_settings_as_they_are():
    """Every variable, in the order of api/settings.py, and no other."""
    listed = re.findall(r"^\| `(INVORA_\w+)` \|", house().files["README.md"], re.MULTILINE)

    assert listed == [f"INVORA_{field.upper()}" for field in Settings.__struct_fields__]


def test_what_is_not_text_is_data_with_a_source():
    """A file that is not text is input of a test or the demo, and a README beside it says whose."""
    for path in house().data:
        readme = f"{path.rsplit('/', 1)[0]}/README.md"
        assert path.endswith(".parquet"), f"{path}: what is this? make it when we set up"
        assert "Source:" in house().files.get(readme, ""), f"{path}: name its source in {readme}"
