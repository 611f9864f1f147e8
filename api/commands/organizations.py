"""`invora organizations`: what the operator does with organizations."""

import json
from typing import Any

import click

from api import lockfile
from api.commands import said_clearly, stores
from api.commands.client import Client, Refused
from api.settings import Settings, read


@click.group()
def organizations() -> None:
    """Organizations of this server."""


@organizations.command()
@click.argument("name")
@click.option("--test-clock", metavar="ISO", help="Make a sandbox, whose clock begins here.")
@click.option("--currency", metavar="CODE", default="USD", show_default=True)
def create(name: str, test_clock: str | None, currency: str) -> None:
    """Create an organization, and print it with its key, which is never shown again.

    Works through the server that owns the data folder if one runs, else on the stores themselves.
    """
    wanted = {"name": name, "default_currency": currency, "test_clock": test_clock}
    with said_clearly():
        settings = read()
        owner = lockfile.owner(settings.data) if settings.is_embedded else None
        url = owner.url if owner else ""
        made = _asked(settings, url, wanted) if url else _made(settings, wanted)
    click.echo(json.dumps(made["organization"], indent=2))


def _asked(settings: Settings, url: str, wanted: dict[str, Any]) -> Any:
    """Ask the running server."""
    try:
        return Client(url, settings.admin_key).post("/organizations", {"organization": wanted})
    except Refused as refused:
        raise click.ClickException(str(refused)) from refused


def _made(settings: Settings, wanted: dict[str, Any]) -> Any:
    """Open the stores and do what the server would."""
    from api.app import App
    from api.reading import Reader, encode
    from api.rpc import Caller
    from metering.measures.refusals import Refusal

    with stores(settings):
        app = App(settings, has_scheduler=False)
        op = app.api["OrganizationService.Create"]
        caller = Caller(
            door="rest", method="POST", path="/v1/organizations", peer="", request_id="invora",
            headers={"authorization": f"Bearer {settings.admin_key}"},
        )  # fmt: skip
        try:
            request = Reader(op.request).read(encode({"organization": wanted}))
            return json.loads(encode(app.calls.perform(op, caller, request, b"")))
        except Refusal as refused:
            raise click.ClickException(str(refused)) from refused
        finally:
            app.close()
