"""The ledger: SQLite or PostgreSQL through SQLAlchemy Core. The only module that opens either."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import msgspec
import polars as pl
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Engine,
    Executable,
    FromClause,
    Identity,
    Integer,
    MetaData,
    Select,
    String,
    Table,
    UniqueConstraint,
    any_,
    bindparam,
    cast,
    create_engine,
    delete,
    event,
    func,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.selectable import Join

from metering.measures.forms import made
from metering.measures.refusals import Invalid
from metering.measures.shapes import Page, PageQuery
from sql.errors import refusing
from sql.types import Instant, Json, to_frame

Fact = TypeVar("Fact", bound=msgspec.Struct)

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
"""Every table of the ledger. A room adds its own in its tables.py."""


def table(name: str, *parts: Any) -> Table:
    """Declare a table of the ledger.

    Each row has the ledger's `sequence`, by which lists are ordered, its organization, and an id
    that is unique within it. `parts` are the further columns, constraints and indexes; all keys
    begin with `organization_id`.
    """
    return Table(
        name,
        METADATA,
        Column(
            "sequence", BigInteger().with_variant(Integer, "sqlite"), Identity(), primary_key=True
        ),
        Column("organization_id", String(36), nullable=False),
        Column("id", String(36), nullable=False),
        *parts,
        UniqueConstraint("organization_id", "id"),
    )


outbox = table(
    "outbox",
    Column("topic", String, nullable=False),
    Column("name", String, nullable=False),
    Column("subject_id", String(36), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("payload", Json()),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("leased_until", Instant),
    Column("owner", String),
)
"""What must follow a commit, in order within an organization: notices to send, facts to copy."""

idempotency_keys = table(
    "idempotency_keys",
    Column("key", String, nullable=False),
    Column("operation", String, nullable=False),
    Column("body_hash", String(64), nullable=False),
    Column("answer", Json()),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("organization_id", "key"),
)
"""The first answer to each key, kept for a day."""

leases = table(
    "leases",
    Column("name", String, nullable=False),
    Column("owner", String(36), nullable=False),
    Column("url", String, nullable=False),
    Column("fence", BigInteger, nullable=False),
    Column("until", Instant, nullable=False),
    UniqueConstraint("organization_id", "name"),
)
"""What one process at a time may do, where it is reached, until when, and how often it changed."""


class Rows:
    """The rows of one organization in one transaction.

    Facts are msgspec Structs; their fields are columns of the table. Columns a fact does not have
    are given by name when it is written. A row is read through msgspec, so that a word comes back
    as the enum it is.
    """

    def __init__(self, connection: Connection, organization: str) -> None:
        self.connection = connection
        self.organization = organization
        self.dialect = connection.dialect.name

    # -- one fact

    def find(self, table: Table, kind: type[Fact], **equal: Any) -> Fact | None:
        """Return the one row whose columns equal the given values, or None."""
        found = self.all(table, kind, *_equal(table, equal), limit=2)
        assert len(found) < 2, f"{table.name}: more than one row for {equal}"
        return found[0] if found else None

    def add(self, table: Table, fact: msgspec.Struct, taken: str = "", **more: Any) -> bool:
        """Insert one row. A unique key that is taken refuses, or leaves it undone.

        Returns False when the key is taken and `taken` is empty.
        Raises: Invalid `<taken>: value_already_exist`.
        """
        values = {"organization_id": self.organization, **self._values(table, fact), **more}
        insert = (postgresql if self.dialect == "postgresql" else sqlite).insert(table)
        asked = insert.values(values).on_conflict_do_nothing().returning(table.c.sequence)
        done = self.connection.execute(asked).first() is not None
        if not done and taken:
            raise Invalid({taken: ["value_already_exist"]})
        return done

    def put(self, table: Table, fact: msgspec.Struct, taken: str = "", **more: Any) -> None:
        """Replace the row that has the fact's id. With `taken`, a unique key that is taken refuses.

        Raises: Invalid `<taken>: value_already_exist`.
        """
        values = {**self._values(table, fact), **more}
        with refusing(self.connection, taken):
            changed = self.change(table, table.c.id == values.pop("id"), **values)
        assert changed == 1, f"{table.name}: {changed} rows replaced by {fact}"

    # -- many

    def all(
        self, table: Table, kind: type[Fact], *where: ColumnElement[bool],
        order: Any = None, limit: int | None = None,
    ) -> list[Fact]:  # fmt: skip
        """Return the rows that `where` admits, oldest first unless ordered otherwise."""
        names = [name for name in kind.__struct_fields__ if name in table.c]
        columns = [table.c[name] for name in names]
        asked = (
            select(*columns)
            .where(table.c.organization_id == self.organization, *where)
            .order_by(*([table.c.sequence] if order is None else order))
            .limit(limit)
        )
        found = self.connection.execute(asked)
        return [_fact(kind, names, row) for row in found]

    def page(
        self, table: Table, kind: type[Fact], query: PageQuery, *where: ColumnElement[bool]
    ) -> Page[Fact]:
        """Return one page, newest first."""
        total = self.count(table, *where)
        names = [name for name in kind.__struct_fields__ if name in table.c]
        columns = [table.c[name] for name in names]
        asked = (
            select(table.c.sequence, *columns)
            .where(table.c.organization_id == self.organization, *where)
            .order_by(table.c.sequence.desc())
            .limit(query.per_page)
        )
        if query.cursor is not None:
            if not query.cursor.isdecimal() or len(query.cursor) > 18:
                raise Invalid(cursor="value_is_invalid")
            asked = asked.where(table.c.sequence < int(query.cursor))
        else:
            asked = asked.offset((query.page - 1) * query.per_page)
        found = self.connection.execute(asked).all()
        items = [_fact(kind, names, row[1:]) for row in found]
        more = str(found[-1][0]) if len(found) == query.per_page else None
        return Page(items, total, query, more)

    def count(self, table: Table, *where: ColumnElement[bool]) -> int:
        """Return how many rows `where` admits."""
        asked = select(func.count()).select_from(table)
        mine = table.c.organization_id == self.organization
        return self.connection.execute(asked.where(mine, *where)).scalar_one()

    def change(self, table: Table, *where: ColumnElement[bool], **values: Any) -> int:
        """Set columns where `where` holds, and return how many rows that was."""
        mine = table.c.organization_id == self.organization
        return self.connection.execute(update(table).where(mine, *where).values(**values)).rowcount

    def remove(self, table: Table, *where: ColumnElement[bool]) -> int:
        """Delete where `where` holds, and return how many rows that was."""
        mine = table.c.organization_id == self.organization
        return self.connection.execute(delete(table).where(mine, *where)).rowcount

    # -- frames

    def frame(self, asked: Select[Any]) -> pl.DataFrame:
        """Return a query's answer as columns.

        The query is held to the organization at its first table; what it joins must be joined on
        the organization too, as every foreign key does.
        """
        result = self._run(asked)
        columns = list(asked.selected_columns)
        assert result.cursor is not None
        raw = result.cursor.fetchall()
        result.close()
        frame = pl.DataFrame(
            raw, schema=[column.name for column in columns], orient="row", infer_schema_length=None
        )
        return frame.select(
            to_frame(column.name, column.type, frame[column.name]) for column in columns
        )

    def rows(self, asked: Select[Any]) -> Sequence[Any]:
        """Return a query's answer as rows, held to the organization like `frame`."""
        return self._run(asked).all()

    def load(self, table: Table, frame: pl.DataFrame) -> None:
        """Insert a frame, column by column of the same name: executemany, or COPY on PostgreSQL.

        A column without any value is left out, and has what the table says of it.
        """
        if frame.is_empty():
            return
        frame = frame.select(
            column for column in frame if column.null_count() < frame.height
        ).with_columns(organization_id=pl.lit(self.organization))
        if self.dialect == "postgresql":
            self._copy(table, frame)
            return
        texts = frame.with_columns(
            pl.col(pl.Decimal).cast(pl.String),
            pl.col(pl.Datetime).dt.strftime("%Y-%m-%dT%H:%M:%S%.6fZ"),
            pl.col(pl.Date).cast(pl.String),
        )
        marks = ", ".join("?" * len(texts.columns))
        named = ", ".join(f'"{name}"' for name in texts.columns)
        raw = self.connection.connection.cursor()
        raw.executemany(f'insert into "{table.name}" ({named}) values ({marks})', texts.rows())
        raw.close()

    def patch(self, table: Table, frame: pl.DataFrame) -> None:
        """Set columns of rows from a frame, which has their `id` and a column for each to be set.

        Shape:   one row in the ledger for each of the frame's, or AssertionError.
        """
        if frame.is_empty():
            return
        names = [name for name in frame.columns if name != "id"]
        changed = (
            update(table)
            .where(table.c.organization_id == self.organization, table.c.id == bindparam("of_id"))
            .values({name: bindparam(f"to_{name}") for name in names})
        )
        sought = {name: f"to_{name}" for name in names} | {"id": "of_id"}
        done = self.connection.execute(changed, frame.rename(sought).rows(named=True))
        assert done.rowcount == frame.height, f"{table.name}: {done.rowcount} of {frame.height}"

    def _copy(self, table: Table, frame: pl.DataFrame) -> None:
        named = ", ".join(f'"{name}"' for name in frame.columns)
        raw: Any = self.connection.connection.cursor()
        text = frame.write_csv(include_header=False, datetime_format="%Y-%m-%dT%H:%M:%S%.6fZ")
        with raw.copy(f'copy "{table.name}" ({named}) from stdin with (format csv)') as copy:
            copy.write(text)
        raw.close()

    def among(self, column: ColumnElement[str], texts: Sequence[str]) -> ColumnElement[bool]:
        """Say that a column has one of many texts, which are sent as one parameter."""
        if self.dialect == "postgresql":
            return column == any_(cast(list(texts), postgresql.ARRAY(String)))
        sent = msgspec.json.encode(list(texts)).decode()
        return column.in_(select(func.json_each(sent).table_valued("value").c.value))

    def lock(self, name: str) -> None:
        """Wait until no other transaction of this organization holds `name`; hold it until the end.

        A SQLite transaction that writes is alone already.
        """
        if self.dialect == "postgresql":
            key = func.hashtextextended(f"{self.organization}:{name}", 0)
            self.connection.execute(select(func.pg_advisory_xact_lock(key)))

    # -- how

    def execute(self, statement: Executable) -> Any:
        """Run a statement that says its own organization; for what the verbs above cannot."""
        return self.connection.execute(statement)

    def _run(self, asked: Select[Any]) -> Any:
        for source in asked.get_final_froms():
            first = _first(source)
            asked = asked.where(first.c.organization_id == self.organization)
        return self.connection.execute(asked)

    def _values(self, table: Table, fact: msgspec.Struct) -> dict[str, Any]:
        return {name: getattr(fact, name) for name in fact.__struct_fields__ if name in table.c}


class Ledger:
    """The ledger at a URL, `sqlite:///file` or `postgresql://…`."""

    def __init__(self, url: str) -> None:
        self.engine = _engine(url)
        self._writing = threading.Lock()

    @contextmanager
    def snapshot(self, organization: str) -> Iterator[Rows]:
        """Yield an organization's rows as they are now, for reading only.

        However many questions are asked, no commit comes between them.
        """
        with self.engine.connect() as fresh:
            connection = fresh
            if self.engine.dialect.name == "postgresql":
                connection = fresh.execution_options(
                    isolation_level="REPEATABLE READ", postgresql_readonly=True
                )
            with connection.begin():
                yield Rows(connection, organization)

    @contextmanager
    def transaction(self, organization: str) -> Iterator[Rows]:
        """Yield the rows of a new transaction: kept if the block ends well, dropped if not.

        SQLite has one writer; the lock makes the second wait in line instead of polling the file.
        """
        if self.engine.dialect.name != "sqlite":
            with self.engine.begin() as connection:
                yield Rows(connection, organization)
            return
        with self._writing, self.engine.connect() as fresh:
            connection = fresh.execution_options(writes=True)
            with connection.begin():
                yield Rows(connection, organization)

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()


def _engine(url: str) -> Engine:
    if url.startswith("postgresql:"):
        return create_engine(
            url.replace("postgresql:", "postgresql+psycopg:", 1),
            pool_size=40,
            hide_parameters=True,  # an error's text is logged, and values may be secret
        )
    engine = create_engine(
        url, connect_args={"check_same_thread": False, "timeout": 30}, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def opened(raw: Any, _: Any) -> None:
        raw.isolation_level = None  # transactions are begun below, by us
        for pragma in ("journal_mode=wal", "synchronous=full", "foreign_keys=on"):
            raw.execute(f"pragma {pragma}")

    @event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes")
        connection.exec_driver_sql("begin immediate" if writes else "begin")

    return engine


def _fact(kind: type[Fact], names: Sequence[str], row: Any) -> Fact:
    return msgspec.convert(dict(zip(names, row, strict=True)), kind, dec_hook=made)


def _equal(table: Table, values: dict[str, Any]) -> list[ColumnElement[bool]]:
    return [table.c[name] == value for name, value in values.items()]


def _first(source: FromClause) -> FromClause:
    return _first(source.left) if isinstance(source, Join) else source
