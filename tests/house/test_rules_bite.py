"""Each rule of the house can fail: a small bad tree is held against it, and it is caught."""

from enum import StrEnum

import pytest
from sqlalchemy import (
    Column,
    ForeignKeyConstraint,
    Index,
    MetaData,
    String,
    Table,
    UniqueConstraint,
)

from metering.measures.machine import Machine
from tests.house import files, imports, rooms, text
from tests.house.rules import RULES, broken
from tests.house.source import House, house

DOOR = {"billing/taxes/__init__.py": "", "billing/taxes/queries.py": ""}
LONG = "def f():\n" + "    pass\n" * 61
METHOD = "class A:\n  async def f():\n" + "    pass\n" * 61
SAID = "def f():\n    '''Do it.'''\n"
STATEMENT = "-- name: {}\n-- dialect: duckdb\n-- about: It.\n-- returns: a INTEGER\nselect {}\n"

BITES = [
    (imports.imports_go_down, "metering/a.py", "from billing import taxes", DOOR),
    (imports.imports_go_down, "ingest/a.py", "import billing.taxes", DOOR),
    (imports.imports_go_down, "billing/a/b.py", "from ingest import writer", {}),
    (imports.imports_go_down, "metering/measures/a.py", "from sql import work", {}),
    (imports.imports_go_down, "sql/a.py", "def f():\n    from metering import columns", {}),
    (imports.imports_go_down, "analytics/a.py", "importlib.import_module('api.app')", {}),
    (imports.imports_name_the_whole_path, "api/a.py", "from . import b", {}),
    (imports.nothing_imports_in_a_circle, "api/a.py", "from api import b",
     {"api/b.py": "def f():\n    import api.c", "api/c.py": "from api.a import x"}),
    (imports.rooms_are_entered_by_the_door, "api/a.py",
     "from billing.taxes.queries import find", DOOR),
    (imports.rooms_are_entered_by_the_door, "api/a.py",
     "from billing import taxes as t\nt.queries.find(1)", DOOR),
    (imports.rooms_are_entered_by_the_door, "metering/quantities.py",
     "import metering.metrics.tables", {"metering/metrics/tables.py": ""}),
    (imports.rooms_enter_lower_rooms_only, "billing/taxes/a.py", "from billing import plans",
     {"billing/plans/__init__.py": ""}),
    (imports.rooms_enter_lower_rooms_only, "billing/coupons/a.py",
     "from billing import entitlements", {"billing/entitlements/__init__.py": ""}),
    (imports.rooms_enter_lower_rooms_only, "billing/cellar/__init__.py", "", {}),
    (imports.drivers_stay_in_their_place, "ingest/writer.py", "import duckdb", {}),
    (imports.drivers_stay_in_their_place, "api/a.py", "from grpc import aio", {}),
    (imports.drivers_stay_in_their_place, "sql/work.py", "from alembic import op", {}),
    (imports.drivers_stay_in_their_place, "sql/migrate.py", "from sqlalchemy import create_engine",
     {}),
    (imports.drivers_stay_in_their_place, "sql/work.py", "import sqlalchemy as s\ns.create_engine",
     {}),
    (imports.drivers_stay_in_their_place, "api/a.py", "from tests.engines import scratch", {}),
    (imports.what_is_imported_is_declared, "api/a.py", "import yaml",
     {"pyproject.toml": "[project]\ndependencies = ['polars>=2']"}),
    (imports.only_tables_and_queries_speak_sqlalchemy, "billing/taxes/service.py",
     "from sqlalchemy import update", {}),
    (text.files_fit_the_eye, "api/a.py", "'''A.'''\n" + "a = 1\n" * 400, {}),
    (text.files_fit_the_eye, "sql/duckdb/a.sql", "select\n" * 401, {}),
    (text.functions_fit_the_eye, "tests/test_a.py", LONG, {}),
    (text.functions_fit_the_eye, "api/a.py", METHOD, {}),
    (text.everything_public_says_what_it_is_for, "api/a.py", "a = 1", {}),
    (text.everything_public_says_what_it_is_for, "api/a.py", "'''A.'''\ndef f(): pass", {}),
    (text.everything_public_says_what_it_is_for, "api/a.py",
     "'''A.'''\nclass A:\n  '''A.'''\n  async def f(self): pass", {}),
    (text.everything_public_says_what_it_is_for, "tests/test_a.py",
     "'''A.'''\ndef test_a(): pass", {}),
    (text.nothing_is_left_for_later, "Makefile", "# TO" "DO: all of it", {}),
    (text.nothing_floats_between_event_and_invoice, "metering/a.py", "a = float('0.1')", {}),
    (text.nothing_floats_between_event_and_invoice, "billing/a/b.py", "a = 0.1", {}),
    (text.nothing_floats_between_event_and_invoice, "ingest/a.py", "pl.col('a').cast(pl.Float64)",
     {}),
    (text.nothing_floats_between_event_and_invoice, "sql/duckdb/a.sql", "select a::double", {}),
    (text.nothing_floats_between_event_and_invoice, "sql/clickhouse/a.sql",
     "select toFloat64(a)", {}),
    (text.no_loops_over_events_or_lines, "metering/a.py", "frame.iter_rows(named=True)", {}),
    (text.no_loops_over_events_or_lines, "ingest/a.py", "frame.apply(f)", {}),
    (text.no_loops_over_events_or_lines, "billing/fees/rules.py", "frame.to_dicts()", {}),
    (text.time_is_told_not_read, "billing/a/b.py",
     "from datetime import datetime as dt\ndt.now(UTC)", {}),
    (text.time_is_told_not_read, "ingest/a.py", "from time import time\ntime()", {}),
    (text.time_is_told_not_read, "api/a.py", "import datetime\nf = datetime.date.today", {}),
    (text.time_is_told_not_read, "sql/duckdb/a.sql", "select current_timestamp", {}),
    (text.time_is_told_not_read, "sql/clickhouse/a.sql", "select now64(6)", {}),
    (text.settings_are_read_in_one_place, "api/main.py", "import os\nos.environ['A']", {}),
    (text.settings_are_read_in_one_place, "sql/a.py", "from os import getenv\ngetenv('A')", {}),
    (text.sql_lives_in_files, "billing/a/queries.py", "ask('select a, b\\nfrom events')", {}),
    (text.sql_lives_in_files, "ingest/a.py", "ask(f'insert into {table} values (1)')", {}),
    (text.sql_lives_in_files, "api/a.py", "ask('create table a (b int)')", {}),
    (text.statements_say_what_they_return, "sql/duckdb/a.sql", "select 1", {}),
    (text.statements_say_what_they_return, "sql/duckdb/a.sql", STATEMENT.format("b", 1), {}),
    (text.words_mean_one_thing, "billing/a/model.py", "class TenantManager: pass", {}),
    (text.words_mean_one_thing, "billing/a/utils.py", "", {}),
    (text.others_are_named_as_sources_only, "metering/a.py", "'''As La" "go does.'''", {}),
    (rooms.a_room_has_the_known_furniture, "billing/taxes/handlers.py", "", DOOR),
    (rooms.a_room_has_the_known_furniture, "billing/taxes.py", "", {}),
    (rooms.a_room_has_the_known_furniture, "billing/invoices/gateways/a.py", "",
     {"billing/invoices/__init__.py": ""}),
    (rooms.a_room_says_what_it_owns, "billing/taxes/README.md", "# Taxes\n**Owns** all.", DOOR),
    (rooms.a_room_says_what_it_owns, "billing/taxes/model.py", "", DOOR),
    (rooms.messages_have_names_of_their_own, "billing/a/model.py",
     "class Status(StrEnum): pass", {"billing/b/model.py": "class Status(Base): pass",
                                     "billing/b/requests.py": "class Base(Struct): pass"}),
    (rooms.notices_have_types_of_their_own, "billing/a/notices.py",
     "class A(Notice):\n  type = 'a.b'", {"billing/b/notices.py": "class B(Notice): type = 'a.b'"}),
    (files.the_top_is_given, "docs/a.md", "", {}),
    (files.no_registry_is_named, "requirements.lock", "# from https://PyP" "I.org/simple", {}),
    (files.no_machine_is_named, "Makefile", "PYTHON = /ro" "ot/.pyenv/bin/python", {}),
    (files.no_machine_is_named, "api/a.py", "open('/wo" "rk/shared/x')", {}),
    (files.nothing_is_copied_from_others, "api/portal/htmx.min.js", "", {}),
    (files.nothing_is_copied_from_others, "api/proto/google/api/http.proto", "", {}),
    (files.nothing_is_copied_from_others, "api/proto/a.proto", "package google.api;", {}),
    (files.nothing_is_copied_from_others, "api/a.py", "# Copyrigh" "t (c) 2019 Somebody", {}),
]  # fmt: skip
"""A rule, the file that breaks it, and what stands around that file."""


@pytest.mark.parametrize(("rule", "path", "said", "around"), BITES)
def test_a_bad_file_is_caught(rule, path, said, around):
    """The complaint says where."""
    dotted = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    complaints = broken(rule, House({path: said, **around}))

    assert complaints, f"{rule.__name__} lets it pass"
    places = (path, dotted, path.split("/")[0])
    assert any(place in complaint for complaint in complaints for place in places)


def test_every_rule_has_been_seen_to_bite():
    """A rule that was never broken on purpose proves nothing."""
    assert {bite[0] for bite in BITES} == set(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_a_good_house_is_left_in_peace(rule):
    """What the rules ask for is possible: a room, a verb and a statement that break none."""
    good = {
        "billing/__init__.py": '"""Rooms."""',
        "billing/taxes/__init__.py": '"""Taxes."""\nfrom billing.taxes.service import find',
        "billing/taxes/README.md": "**Owns** a. **Does not own** b.\n## Always true\n- c",
        "billing/taxes/service.py": f'"""Verbs."""\nfrom billing import entities\n{SAID}',
        "billing/entities/__init__.py": '"""Entities."""',
        "billing/entities/README.md": "**Owns** a. **Does not own** b.\n## Always true\n- c",
        "sql/duckdb/usage.sql": STATEMENT.format("usage", "a from b"),
    }

    assert broken(rule, House(good)) == []


def test_the_rules_read_the_real_tree():
    """Not an empty one: it has this file, the exemplar room and the lock."""
    paths = set(house().files)

    assert {
        "tests/house/test_rules_bite.py",
        "billing/taxes/service.py",
        "requirements.lock",
    } <= paths
    assert "billing.taxes.service" in house().modules


def owned(*parts):
    """A table as sql.ledger makes it, but for `parts`."""
    return Table(
        "t", MetaData(), Column("sequence", String, primary_key=True),
        Column("organization_id", String, nullable=False), Column("code", String), *parts,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("part", "caught"),
    [
        (UniqueConstraint("organization_id", "code"), False),
        (UniqueConstraint("code", "organization_id"), True),
        (Index("i", "organization_id", "code", unique=True), False),
        (Index("i", "code", unique=True), True),
        (Index("i", "code"), False),  # to find rows by, across organizations
        (ForeignKeyConstraint(["code"], ["t.sequence"]), True),
    ],
)
def test_a_key_without_its_organization_is_caught(part, caught):
    """Unique constraints, unique indexes and foreign keys; a plain index may be anything."""
    complaints = list(rooms.keys_begin_with_the_organization(owned(part).metadata))

    assert bool(complaints) == caught


def test_a_table_without_an_owner_is_caught():
    """Unless a reason is written down."""
    bare = Table("bare", MetaData(), Column("id", String, primary_key=True))

    assert list(rooms.keys_begin_with_the_organization(bare.metadata))
    assert not list(rooms.keys_begin_with_the_organization(bare.metadata, {"bare": "why"}))


class Day(StrEnum):
    """Two states."""

    light = "light"
    dark = "dark"


def test_states_that_nobody_wrote_or_that_do_not_exist_are_caught():
    """A machine of one move against a README of the same, of none, and of another."""
    life = Machine("thing", (Day.light, "end", Day.dark))
    table = "| from | action | to |\n| --- | --- | --- |\n"
    same, other = f"{table}| light | end | dark |", f"{table}| light | begin | dark |"

    assert list(rooms.states_are_as_written(same, "README.md", [life])) == []
    assert len(list(rooms.states_are_as_written("", "README.md", [life]))) == 1
    assert len(list(rooms.states_are_as_written(other, "README.md", [life]))) == 2
