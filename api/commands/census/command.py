"""The command `invora census`."""

import socket
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import click
from msgspec import Struct
from rich.console import Console
from rich.markup import escape
from rich.progress import track
from rich.table import Table

from api.commands.census import counting
from api.commands.census.counting import Cell, Row
from api.commands.census.doors import Grpc, Rest
from api.commands.census.recipes import every
from api.commands.serving import served
from api.rpc import Api
from api.services import SERVICES

WIDTH = 150
"""Columns of the table where there is no terminal."""


class Server(Struct, frozen=True, kw_only=True):
    """Where a server is, and its own keys."""

    url: str
    grpc: str
    admin_key: str
    secret_key: str


@click.command()
@click.option("--url", help="REST of a running server, instead of one started for this.")
@click.option("--grpc", help="host:port of that server's gRPC.")
@click.option("--admin-key", help="INVORA_ADMIN_KEY of that server.")
@click.option("--secret-key", help="INVORA_SECRET_KEY of that server, to sign a customer's token.")
def census(
    url: str | None, grpc: str | None, admin_key: str | None, secret_key: str | None
) -> None:
    """Call every operation over REST and gRPC, once granted and once refused.

    What it needs it makes, in organizations of its own. Exit status 1 if an operation does not
    answer as it should, or has no recipe.
    """
    if url is None:
        with started() as server:
            take(server)
        return
    if not (grpc and admin_key and secret_key):
        raise click.UsageError("With --url give --grpc, --admin-key and --secret-key too.")
    take(Server(url=url, grpc=grpc, admin_key=admin_key, secret_key=secret_key))


@contextmanager
def started() -> Iterator[Server]:
    """Serve embedded stores of a new folder, whatever the environment says, then remove them."""
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="invora-census-") as name:
        folder = Path(name)
        settings = {
            "host": "127.0.0.1",
            "grpc_port": str(port),
            "ledger_url": f"sqlite:///{folder}/ledger.sqlite",
            "warehouse_url": f"duckdb:///{folder}/warehouse.duckdb",
            "admin_key": "",
            "secret_key": "",
        }
        with served(folder, **settings) as url:
            yield Server(
                url=url,
                grpc=f"127.0.0.1:{port}",
                admin_key=(folder / "admin.key").read_text().strip(),
                secret_key=(folder / "secret.key").read_text().strip(),
            )


def take(server: Server) -> None:
    """Take the census of a server, and print it."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH)
    api, recipes = Api(SERVICES), every()
    quiet = not console.is_terminal
    with closing(Grpc(api, server.grpc)) as grpc:
        doors = Rest(api, server.url), grpc
        rows = counting.count(api, recipes, doors, server.admin_key, server.secret_key.encode())
        found = list(track(rows, "Asking", len(api.operations), console=console, disable=quiet))
    console.print(table(found))
    for row in found:
        for name, cell in zip(COLUMNS, row.cells, strict=True):
            if not cell.is_good:
                wrong = f"[red]{row.key}, {name}:[/] {escape(cell.why)}"
                console.print(wrong, highlight=False)
    unused = counting.unused(api, recipes)
    for key in unused:
        console.print(f"[red]{key}[/] has a recipe, but there is no such operation: remove it")
    good = sum(row.is_good for row in found)
    console.print(f"{good} of {len(found)} operations answer on both doors", highlight=False)
    if good < len(found) or unused:
        raise SystemExit(1)


COLUMNS = ("REST", "REST refused", "gRPC", "gRPC refused")


def table(rows: list[Row]) -> Table:
    """Return the census as a table."""
    made = Table("operation", *COLUMNS, "refused with")
    for row in rows:
        made.add_row(row.key, *map(_shown, row.cells), row.code)
    return made


def _shown(cell: Cell) -> str:
    return cell.text if cell.is_good else f"[red]{cell.text or 'refused'} ✗[/]"
