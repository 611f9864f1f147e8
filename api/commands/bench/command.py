"""`invora bench`: how fast this is, beside what the bare engines do in the same run."""

from pathlib import Path

import click
import msgspec
from msgspec.structs import replace
from rich.console import Console

from api.commands.bench.process import Failed
from api.commands.bench.report import show
from api.commands.bench.run import LEDGERS, PARTS, WAREHOUSES, Run, report
from api.commands.bench.sizes import FULL, SMALL, Sizes

WIDTH = 100
"""Columns that the table takes."""


@click.command()
@click.option("--full", is_flag=True, help="The sizes at which the goals are judged: an hour.")
@click.option(
    "--json", "file", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Write everything down: sizes, rounds, floors, settings.",
)  # fmt: skip
@click.option(
    "--warehouse", "warehouses", multiple=True, type=click.Choice(WAREHOUSES),
    help="On one engine only.",
)  # fmt: skip
@click.option(
    "--only", "parts", multiple=True, type=click.Choice(list(PARTS)), help="One part only."
)
@click.option(
    "--no-postgresql", is_flag=True, help="Bill on SQLite only, and not on PostgreSQL too."
)
@click.option(
    "--postgresql", metavar="URL", default="", help="A server; else one is started if installed."
)
@click.option(
    "--folder", type=click.Path(file_okay=False, exists=True, path_type=Path),
    help="Where the stores are made: the disk that is measured.",
)  # fmt: skip
@click.option("--subscriptions", type=int, metavar="N", help="Another size of the book.")
@click.option("--events", type=int, metavar="N", help="Another size of the book.")
def bench(
    full: bool, file: Path | None, warehouses: tuple[str, ...], parts: tuple[str, ...],
    no_postgresql: bool, postgresql: str, folder: Path | None, subscriptions: int | None,
    events: int | None,
) -> None:  # fmt: skip
    """Measure how fast this is, each value beside what the bare engine does in the same run."""
    run = Run(
        sizes=_sizes(FULL if full else SMALL, subscriptions, events),
        warehouses=warehouses or WAREHOUSES, parts=parts or tuple(PARTS), postgresql=postgresql,
        ledgers=LEDGERS[:1] if no_postgresql else LEDGERS,
        folder=folder,
    )  # fmt: skip
    try:
        with Console(stderr=True).status("") as status:
            made = report(run, status.update)
    except Failed as failed:
        raise click.ClickException(str(failed)) from failed
    show(made.measures, Console(width=max(Console().width, WIDTH)))
    for said in made.left_out:
        click.echo(f"Not measured: {said}")
    if file is not None:
        file.write_bytes(msgspec.json.format(msgspec.json.encode(made)))


def _sizes(usual: Sizes, subscriptions: int | None, events: int | None) -> Sizes:
    return replace(
        usual,
        subscriptions=subscriptions or usual.subscriptions,
        events=events or usual.events,
    )
