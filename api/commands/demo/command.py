"""The command `invora demo`."""

from pathlib import Path

import click
from rich.console import Console

from api.commands.client import Client
from api.commands.demo import tour
from api.commands.serving import served

WAREHOUSES = {"duckdb": "duckdb:///{}/warehouse.duckdb", "chdb": "chdb:///{}/warehouse"}


@click.command()
@click.option("--warehouse", type=click.Choice(sorted(WAREHOUSES)), default="duckdb")
@click.option("--data", type=click.Path(path_type=Path), help="Folder of the demo's stores.")
def demo(warehouse: str, data: Path | None) -> None:
    """Bill a year of real flights: 336,776 events, 16 airlines, 192 invoices.

    It may be run again: each run is a new organization in the same stores.
    """
    console = Console()
    folder = (data or Path(f"invora-data/demo-{warehouse}")).absolute()
    console.print(f"Serving {folder} for the length of the demo …")
    with served(folder, warehouse_url=WAREHOUSES[warehouse].format(folder)) as url:
        key = (folder / "admin.key").read_text().strip()
        client, done = tour.open_book(Client(url, key), url)
        tour.fly(client, done, console)
        tour.tell(client, done, console)
    settings = f"INVORA_DATA={folder}"
    if warehouse == "chdb":
        settings += f" INVORA_WAREHOUSE_URL={WAREHOUSES[warehouse].format(folder)}"
    console.print(
        "\nWhere to look next:\n"
        f"  {settings} invora serve\n"
        "  http://127.0.0.1:8080/docs\n"
        f"  curl -H 'Authorization: Bearer {done.key}' http://127.0.0.1:8080/v1/invoices",
        soft_wrap=True,
    )
