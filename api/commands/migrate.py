"""`invora migrate`: bring both stores up to date."""

import click

from api.commands import stores


@click.command()
def migrate() -> None:
    """Bring the tables of both stores up to date. `serve` does so too, when it starts."""
    with stores() as settings:
        from api import app
        from sql import migrate as migrations

        ledger, warehouse = app.stores(settings)
        try:
            migrations.upgrade(ledger, warehouse)
        finally:
            warehouse.close()
            ledger.close()
    click.echo("Both stores are up to date.")
