"""Migrations: the versions make exactly what the rooms declare, on both engines, and back."""

import threading
from itertools import pairwise

import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Identity,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    inspect,
    text,
)  # fmt: skip

from sql import migrate
from sql.ledger import Ledger
from sql.types import Exact, Instant, Json
from tests.engines import empty_ledger_url

CATALOGUE = {
    "sqlite": "select type, name, sql from sqlite_master where name not like 'sqlite_%'",
    "postgresql": """
        select 'column', table_name || '.' || column_name, concat_ws(' ', data_type,
            character_maximum_length, numeric_precision, numeric_scale, is_nullable,
            column_default, is_identity)
        from information_schema.columns where table_schema = 'public'
        union all select 'index', indexname::text, indexdef from pg_indexes
        where schemaname = 'public'
        union all select 'constraint', conname::text, pg_get_constraintdef(oid)
        from pg_constraint where connamespace = 'public'::regnamespace
    """,
}
"""All that an engine knows of its tables, with the text of every predicate."""


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request):
    """A ledger without a single table."""
    made = Ledger(empty_ledger_url(request.param))
    yield made
    made.close()


def catalogue(ledger: Ledger) -> dict[tuple[str, str], str]:
    """What is in a ledger, beside Alembic's own note of the version."""
    with ledger.engine.connect() as connection:
        found = connection.execute(text(CATALOGUE[ledger.engine.dialect.name])).all()
    return {
        (kind, name): _same(said or "", kind)
        for kind, name, said in found
        if not name.startswith("alembic_version")
    }


def _same(said: str, kind: str) -> str:
    """A table's text in SQLite, in whatever order its constraints were given."""
    said = " ".join(said.replace('"', "").split())
    if kind != "table":
        return said
    body = said[said.index("(") + 1 : said.rindex(")")]
    depth, parts = 0, [""]
    for letter in body:
        depth += (letter == "(") - (letter == ")")
        parts = [*parts, ""] if letter == "," and not depth else [*parts[:-1], parts[-1] + letter]
    return said.split("(")[0].strip() + str(sorted(part.strip() for part in parts))


def test_the_versions_make_what_the_rooms_declare(empty):
    """From nothing to the newest: the same catalogue as create_all makes, to the last predicate."""
    migrate.upgrade(empty)
    migrated = catalogue(empty)
    declared = Ledger(empty_ledger_url(empty.engine.dialect.name))
    migrate.tables().create_all(declared.engine)

    assert migrated == catalogue(declared), 'run: python -m sql.migrate "what changed"'
    with empty.engine.connect() as connection:
        assert migrate.differences(connection) == []
    declared.close()


def test_each_version_can_be_taken_back(empty):
    """Up, down and up again: after every step the catalogue is what it was there before."""
    seen = {"base": catalogue(empty)}
    for before, after in pairwise(["base", *migrate.revisions()]):
        migrate.move(empty, after)
        seen[after] = catalogue(empty)
        assert seen[after] != seen[before]

        migrate.move(empty, before)
        assert catalogue(empty) == seen[before]
        migrate.move(empty, after)
        assert catalogue(empty) == seen[after]


def test_a_second_upgrade_finds_nothing_to_do(empty):
    """What is up to date stays as it is."""
    migrate.upgrade(empty)
    first = catalogue(empty)

    migrate.upgrade(empty)

    assert catalogue(empty) == first


def test_four_at_once_migrate_once(empty):
    """Four ledgers at one URL, each as a process would open it: none fails, one does the work."""
    url = empty.engine.url.render_as_string(hide_password=False).replace("+psycopg", "")
    ledgers = [Ledger(url) for _ in range(4)]
    wrong: list[BaseException] = []

    def upgrade(ledger: Ledger) -> None:
        try:
            migrate.upgrade(ledger)
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=upgrade, args=[ledger]) for ledger in ledgers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not wrong
    assert "outbox" in inspect(empty.engine).get_table_names()
    for ledger in ledgers:
        ledger.close()


def test_a_failed_warehouse_leaves_the_ledger_as_it_was(empty):
    """Both stores or none: a version counts once the warehouse is there too."""

    class Broken:
        def migrate(self) -> None:
            raise OSError("the warehouse is away")

    with pytest.raises(OSError, match="away"):
        migrate.upgrade(empty, Broken())  # type: ignore[arg-type]

    assert catalogue(empty) == {}


@pytest.fixture
def drawing_board(tmp_path, monkeypatch):
    """A place to write versions of a small MetaData: nothing is written into the tree."""
    scripts = tmp_path / "ledger"
    (scripts / "versions").mkdir(parents=True)
    (scripts / "env.py").write_text((migrate.SCRIPTS / "env.py").read_text())
    metadata = MetaData(naming_convention=migrate.METADATA.naming_convention)
    monkeypatch.setattr(migrate, "SCRIPTS", scripts)
    monkeypatch.setattr(migrate, "tables", lambda: metadata)
    return metadata


def things(metadata: MetaData, *more: Column) -> None:
    """Declare a table of things, with a partial index on a truth and on a text."""
    key = BigInteger().with_variant(Integer, "sqlite")
    made = Table(
        "things", metadata, Column("sequence", key, Identity(), primary_key=True),
        Column("price", Exact, nullable=False), Column("at", Instant), Column("more", Json(dict)),
        Column("is_old", Boolean, nullable=False), Column("said", String), *more,
    )  # fmt: skip
    for name, where in {"new": made.c.is_old.is_(False), "quoted": made.c.said == "it's"}.items():
        Index(f"uq_{name}", made.c.at, unique=True, sqlite_where=where, postgresql_where=where)


def test_the_developer_command_writes_one_version_for_both_engines(drawing_board, empty):
    """A table with each of our types and two predicates; then one more column, and it anew."""
    things(drawing_board)
    first = migrate.write("The things.")
    drawing_board.clear()
    things(drawing_board, Column("note", String))
    migrate.write("A note on each thing")
    drawing_board.clear()
    things(drawing_board, Column("note", Exact))

    second = migrate.rewrite()

    assert (first.name, second.name) == ("0001_the_things.py", "0002_a_note_on_each_thing.py")
    assert migrate.revisions() == ["0001", "0002"]
    assert second.read_text().count("batch_op.") == 2, "the note comes, the note goes"
    migrate.upgrade(empty)
    declared = Ledger(empty_ledger_url(empty.engine.dialect.name))
    drawing_board.create_all(declared.engine)
    assert ("index", "uq_new") in catalogue(empty)
    assert catalogue(empty) == catalogue(declared)
    migrate.move(empty, "0001")
    found = inspect(empty.engine).get_columns("things")
    assert "note" not in [column["name"] for column in found]
    declared.close()


def test_a_change_that_breaks_a_foreign_key_is_not_kept(drawing_board):
    """SQLite copies tables with its foreign keys off; a row left pointing at nothing stops it."""
    ledger = Ledger(empty_ledger_url("sqlite"))

    def break_it(connection: Connection) -> None:
        connection.exec_driver_sql("create table a (id integer primary key)")
        connection.exec_driver_sql("create table b (a_id integer references a (id))")
        connection.exec_driver_sql("insert into b values (1)")

    with pytest.raises(AssertionError, match="point at nothing"):  # noqa: SIM117
        with migrate._alone(ledger) as connection:
            break_it(connection)

    assert catalogue(ledger) == {}
    ledger.close()
