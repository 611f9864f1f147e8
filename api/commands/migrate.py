"""`invora migrate`: bring both stores up to date."""

import click

from api.commands import stores


@click.command()
def migrate() -> None:
    """Bring the tables of both stores up to date. `serve` does so too, when it starts."""
    with stores() as settings:
        from sql import migrate as migrations
        from sql.ledger import Ledger
        from sql.warehouse import open_warehouse

        ledger = Ledger(settings.ledger_url)
        warehouse = open_warehouse(settings.warehouse_url)
        try:
            migrations.upgrade(ledger, warehouse)
        finally:
            warehouse.close()
            ledger.close()
    click.echo("Both stores are up to date.")
