"""Migrations of both stores.

The ledger's are Alembic versions, sql/ledger/versions/*.py, the same for both engines; the
warehouse's are statements, sql/<dialect>/migrations/*.sql. After a change of a room's tables.py:

    python -m sql.migrate "what changed"      writes the next version
    python -m sql.migrate --rewrite           writes the newest anew, if nobody runs it yet
"""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from alembic import command
from alembic.autogenerate import produce_migrations, render_python_code
from alembic.config import Config
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, False_, Identity, MetaData, True_, func, select, text
from sqlalchemy.dialects import postgresql, sqlite

from sql import types
from sql.ledger import METADATA, Ledger

if TYPE_CHECKING:
    from sql.warehouse import Warehouse

ROOT = Path(__file__).parents[1]
SCRIPTS = ROOT / "sql" / "ledger"
ROOMS = ("billing/*", "metering/*", "analytics/*")
"""Where rooms are; those with a drawer of tables are found on disk."""

LOCK = 0x1A7E57
"""The number of the advisory lock that one migrating process holds on PostgreSQL."""

DIALECTS = {"sqlite": sqlite.dialect(), "postgresql": postgresql.dialect()}

VERSION = '''"""{said}."""

import sqlalchemy as sa
from alembic import op

from sql import types

revision = "{number}"
down_revision = {before}


def upgrade() -> None:
    """Make the change."""
{forth}


def downgrade() -> None:
    """Take it back."""
{back}
'''


def upgrade(ledger: Ledger, warehouse: Warehouse | None = None) -> None:
    """Bring both stores up to the newest version. Any number of processes may do so at once.

    The lock in the ledger is held until the warehouse is done too; the ledger's version counts
    only once both are.
    """
    with _alone(ledger) as connection:
        command.upgrade(_config(connection), "head")
        if warehouse is not None:
            warehouse.migrate()


def move(ledger: Ledger, revision: str) -> None:
    """Take the ledger to one version, up or down; `base` is before the first."""
    with _alone(ledger) as connection:
        done = MigrationContext.configure(connection).get_current_revision() or "base"
        known = ["base", *revisions()]
        is_up = known.index(revision) >= known.index(done)
        (command.upgrade if is_up else command.downgrade)(_config(connection), revision)


def revisions() -> list[str]:
    """Return every version of the ledger, oldest first."""
    scripts = ScriptDirectory.from_config(_config())
    return [script.revision for script in reversed(list(scripts.walk_revisions()))]


def tables() -> MetaData:
    """Return the ledger's tables, those of every room: each says its own in its tables drawer."""
    for pattern in ROOMS:
        for room in sorted(ROOT.glob(pattern)):
            if (room / "tables.py").is_file() or (room / "tables" / "__init__.py").is_file():
                importlib.import_module(f"{room.parent.name}.{room.name}.tables")
    return METADATA


def differences(connection: Connection) -> list[Any]:
    """Return what Alembic would change to make a ledger as the rooms declare it."""
    made = produce_migrations(_context(connection), tables())
    assert made.upgrade_ops is not None
    return made.upgrade_ops.as_diffs()


def write(said: str = "") -> Path:
    """Write the next version: what the rooms declare and the versions before do not make yet.

    Read what was written before it is committed: a rename looks like a loss, and rows that must
    change with their table are not seen at all.
    """
    known = revisions()
    with _scratch() as connection:
        command.upgrade(_config(connection), "head")
        context = _context(connection)
        made = produce_migrations(context, tables())
        assert made.upgrade_ops is not None
        assert made.downgrade_ops is not None
        text = VERSION.format(
            said=said.strip(". "),
            number=f"{len(known) + 1:04d}",
            before=f'"{known[-1]}"' if known else None,
            forth=_render(made.upgrade_ops, context),
            back=_render(made.downgrade_ops, context),
        )
    if "types." not in text:
        text = text.replace("\nfrom sql import types\n", "")
    slug = re.sub(r"\W+", "_", said.lower()).strip("_")
    path = SCRIPTS / "versions" / f"{len(known) + 1:04d}_{slug}.py"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    subprocess.run([sys.executable, "-m", "ruff", "format", "-q", str(path)], check=True)
    return path


def rewrite() -> Path:
    """Write the newest version anew, from what the rooms declare now. For one not yet released."""
    newest = sorted((SCRIPTS / "versions").glob("*.py"))[-1]
    code = newest.read_text()
    newest.unlink()
    try:
        return write(code.split('"""')[1])
    except BaseException:
        newest.write_text(code)
        raise


@contextmanager
def _alone(ledger: Ledger) -> Iterator[Connection]:
    """Yield a connection in a transaction that no second migration can share.

    On SQLite a table is changed by copying it, with foreign keys off, which must be said outside
    of a transaction; they are checked before it commits.
    """
    is_sqlite = ledger.engine.dialect.name == "sqlite"
    with ledger.engine.connect() as fresh:
        connection = fresh.execution_options(writes=True)
        raw: Any = connection.connection.dbapi_connection
        if is_sqlite:
            raw.execute("pragma foreign_keys=off")
        try:
            with connection.begin():
                if not is_sqlite:
                    connection.execute(select(func.pg_advisory_xact_lock(LOCK)))
                yield connection
                if is_sqlite:
                    broken = connection.exec_driver_sql("pragma foreign_key_check").all()
                    assert not broken, f"rows point at nothing: {broken[:10]}"
        finally:
            if is_sqlite:
                raw.execute("pragma foreign_keys=on")


@contextmanager
def _scratch() -> Iterator[Connection]:
    """Yield a connection to an empty ledger that is gone afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        ledger = Ledger(f"sqlite:///{folder}/ledger")
        with _alone(ledger) as connection:
            yield connection
        ledger.close()


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _context(connection: Connection) -> MigrationContext:
    is_sqlite = connection.dialect.name == "sqlite"
    opts = {"compare_server_default": _has_other_default if is_sqlite else True}
    return MigrationContext.configure(connection, opts=opts)


def _has_other_default(*said: Any) -> bool | None:
    """Leave an Identity alone: SQLite does not name what its integer keys do by themselves."""
    *_, declared, _ = said
    return False if isinstance(declared, Identity) else None


def _render(found: ops.UpgradeOps | ops.DowngradeOps, context: MigrationContext) -> str:
    """Return the code that does what was found, the same for both engines.

    What a partial index holds for is written once per engine, in the words of each.
    """
    for index in _indexes(found):
        for name, dialect in DIALECTS.items():
            if (where := index.kw.get(f"{name}_where")) is not None:
                how = {"literal_binds": True, "include_table": False}
                compiled = where.compile(dialect=dialect, compile_kwargs=how)
                index.kw[f"{name}_where"] = text(str(compiled))
    code = render_python_code(
        found, render_as_batch=True, render_item=_item, migration_context=context
    )
    return re.sub(r"^ +# ###.*\n?", "", code, flags=re.MULTILINE).rstrip()


def _indexes(found: ops.OpContainer) -> Iterator[ops.CreateIndexOp]:
    for op in found.ops:
        if isinstance(op, ops.OpContainer):
            yield from _indexes(op)
        elif isinstance(op, ops.CreateIndexOp):
            yield op


def _item(kind: str, item: Any, _: Any) -> str | Literal[False]:
    """Render our own column types, and truths, by what they mean on both engines."""
    if kind == "type" and isinstance(item, types.Exact | types.Instant | types.Json):
        return f"types.{type(item).__name__}()"
    if kind == "server_default" and isinstance(getattr(item, "arg", None), True_ | False_):
        return "sa.true()" if isinstance(item.arg, True_) else "sa.false()"
    return False


if __name__ == "__main__":
    assert len(sys.argv) == 2, __doc__
    print(rewrite() if sys.argv[1] == "--rewrite" else write(sys.argv[1]))  # noqa: T201
