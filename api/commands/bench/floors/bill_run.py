"""The floor of bill_run: the rows that a bill run has written, written again by the ledger alone.

The first invoices of a billed ledger, with all that a run writes beside them, go into a copy of the
same book that was not billed: by one executemany for each table on SQLite, by one COPY on
PostgreSQL, and one commit. They are read before the clock starts; nothing is computed.
"""

from typing import Any

import click
import msgspec

from analytics.logs import activity_logs
from api.commands.bench.floors.alone import Taken, timed
from billing.fees import fee_taxes, fees
from billing.invoices import billing_periods, invoice_taxes, invoices
from sql.ledger import Ledger, outbox

FLOOR = "bill_run"

TABLES = {
    invoices: "id", billing_periods: "invoice_id", fees: "invoice_id", fee_taxes: "invoice_id",
    invoice_taxes: "invoice_id", outbox: "subject_id", activity_logs: "resource_id",
}  # fmt: skip
"""What a bill run writes, in its order, and the column that says for which invoice."""

CHUNK = 5_000
"""Invoices of one transaction."""

SETTINGS = {
    "sqlite": ("journal_mode", "synchronous", "cache_size", "page_size"),
    "postgresql": ("server_version", "fsync", "synchronous_commit", "shared_buffers"),
}
"""What the speed of a ledger depends on."""


def copied(billed: Ledger, book: Ledger, count: int) -> tuple[float, int]:
    """Write the rows of some invoices of one ledger into another.

    Returns the seconds that took, and the number of invoices.
    """
    with billed.engine.connect() as connection:
        taken = {table: _rows(connection, table, count) for table in TABLES}
    with book.engine.connect() as fresh:
        connection = fresh.execution_options(writes=True)
        begun = connection.begin()

        def write() -> None:
            for table, rows in taken.items():
                _write(connection, table, rows)
            begun.commit()

        return timed(write), _count(taken[invoices])


def _rows(connection: Any, table: Any, count: int) -> Any:
    """Read the rows of the first invoices as the driver has them; from PostgreSQL, as COPY does."""
    ids = invoices.select().with_only_columns(invoices.c.id).order_by(invoices.c.sequence)
    asked = table.select().where(table.c[TABLES[table]].in_(ids.limit(count)))
    text = str(asked.compile(connection, compile_kwargs={"literal_binds": True}))
    raw = connection.connection.cursor()
    if connection.dialect.name == "postgresql":
        with raw.copy(f"copy ({text}) to stdout") as copy:
            return b"".join(map(bytes, copy))
    return raw.execute(text).fetchall()


def _write(connection: Any, table: Any, rows: Any) -> None:
    raw = connection.connection.cursor()
    if connection.dialect.name == "postgresql":
        with raw.copy(f'copy "{table.name}" from stdin') as copy:
            copy.write(rows)
        return
    raw.executemany(str(table.insert().compile(connection)), rows)


def _count(rows: Any) -> int:
    return rows.count(b"\n") if isinstance(rows, bytes) else len(rows)


def _settings(ledger: Ledger) -> dict[str, str]:
    kind = ledger.engine.dialect.name
    ask = "pragma {}" if kind == "sqlite" else "show {}"
    with ledger.engine.connect() as connection:
        found = {
            name: str(connection.exec_driver_sql(ask.format(name)).scalar())
            for name in SETTINGS[kind]
        }
        version = connection.dialect.server_version_info or ()
    return {"version": ".".join(map(str, version)), **found}


@click.command()
@click.option("--billed", required=True, metavar="URL", help="A ledger with a bill run in it.")
@click.option(
    "--book", "books", required=True, multiple=True, metavar="URL",
    help="A copy from before the run: one for each round.",
)  # fmt: skip
@click.option("--invoices", "count", default=CHUNK, show_default=True)
def main(billed: str, books: tuple[str, ...], count: int) -> None:
    """Write the rows of invoices, with the ledger's engine alone."""
    source = Ledger(billed)
    targets = [Ledger(url) for url in books]
    took = [copied(source, target, count) for target in targets]
    taken = Taken(
        floor=FLOOR,
        seconds=[seconds for seconds, _ in took],
        amount=took[0][1],
        engine=source.engine.dialect.name,
        settings=_settings(targets[0]),
    )
    click.echo(msgspec.json.encode(taken))


if __name__ == "__main__":
    main()
