"""`invora reconcile`: what came in is billed, or there is a reason why not."""

import json
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from api import lockfile
from api.commands import said_clearly, stores
from api.commands.client import Client, Refused
from api.settings import Settings, read

OPERATION = "ObservabilityService.Reconciliation"
PATH = "/analytics/reconciliation"


@click.command()
@click.option("--from", "since", metavar="ISO", help="The first instant of reception.")
@click.option("--to", "until", metavar="ISO", help="The first instant after.")
@click.option("--key", metavar="KEY", help="An API key; else INVORA_API_KEY.")
@click.option("--json", "as_json", is_flag=True, help="Print what the API answers.")
def reconcile(since: str | None, until: str | None, key: str | None, as_json: bool) -> None:
    """Say where everything is that came in: billed, or not and why.

    Ends with status 1 if it does not close: something is lost, doubled, or was billed by other
    events than are stored. Works through the server that owns the data folder if one runs, else on
    the stores themselves.
    """
    asked = {"received_from": since, "received_to": until}
    query = {name: value for name, value in asked.items() if value}
    with said_clearly():
        settings = read()
        if not (said := key or settings.api_key):
            raise click.UsageError("say for whom: --key, or INVORA_API_KEY, is an API key")
        owner = lockfile.owner(settings.data) if settings.is_embedded else None
        url = owner.url if owner else ""
        found = _asked(url, said, query) if url else _worked_out(settings, said, query)
    told = found["reconciliation"]
    if as_json:
        click.echo(json.dumps(told, indent=2))
    else:
        _show(told)
    raise SystemExit(0 if told["is_closed"] else 1)


def _asked(url: str, key: str, query: dict[str, str]) -> Any:
    """Ask the running server."""
    try:
        return Client(url, key).get(PATH, **query)
    except Refused as refused:
        raise click.ClickException(str(refused)) from refused


def _worked_out(settings: Settings, key: str, query: dict[str, str]) -> Any:
    """Open the stores and do what the server would."""
    from api.app import App
    from api.reading import Reader, ask, encode
    from api.rpc import Caller
    from metering.measures.refusals import Refusal

    with stores(settings):
        app = App(settings, has_scheduler=False)
        op = app.api[OPERATION]
        caller = Caller(
            door="rest", method="GET", path=f"/v1{PATH}", peer="", request_id="invora",
            headers={"authorization": f"Bearer {key}"},
        )  # fmt: skip
        try:
            read_ = Reader(op.request).read
            answer = ask(app.calls.perform, op, caller, lambda: read_(encode(query)))
            return json.loads(encode(answer))
        except Refusal as refused:
            raise click.ClickException(str(refused) or type(refused).__name__) from refused
        finally:
            app.close()


def _show(told: dict[str, Any]) -> None:
    """Print the sum, the reasons, and what is wrong."""
    console = Console()
    console.print(
        f"{told['received_events_count']:,} received = {told['billed_events_count']:,} billed + "
        f"{told['unbilled_events_count']:,} not billed"
    )
    table = Table("reason", "of what", box=None, pad_edge=False)
    table.add_column("rows", justify="right")
    for line in told["unbilled"]:
        table.add_row(line["reason"], line["detail"], f"{line['events_count']:,}")
    if told["unbilled"]:
        console.print(table)
    for line in told["differences"]:
        console.print(
            f"invoice {line['invoice_id']}, charge {line['charge_id']} of "
            f"{line['external_subscription_id']}: {line['billed_events_count']:,} billed, "
            f"{line['stored_events_count']:,} stored"
        )
    if told["doubled_events_count"]:
        console.print(f"{told['doubled_events_count']:,} events are stored more than once")
    console.print("It closes." if told["is_closed"] else "It does not close.")
