"""The `invora` command. What a command needs is imported when it is run, not before."""

import importlib
from typing import Any

import click

COMMANDS = {
    "serve": "api.commands.serve:serve",
    "migrate": "api.commands.migrate:migrate",
    "organizations": "api.commands.organizations:organizations",
    "import": "api.commands.imports:imports",
    "reconcile": "api.commands.reconcile:reconcile",
    "demo": "api.commands.demo.command:demo",
    "bench": "api.commands.bench.command:bench",
    "census": "api.commands.census.command:census",
}
"""Where each command is: a module and the name in it."""


class Commands(click.Group):
    """Finds a command in its module when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        found: Any = getattr(importlib.import_module(module), name)
        assert isinstance(found, click.Command), found
        return found


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Usage metering and billing, from an event to an invoice."""


if __name__ == "__main__":
    main()
