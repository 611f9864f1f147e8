"""What `invora` does, one file per command."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import click

from api import lockfile
from api.settings import Settings, WrongSetting, read


@contextmanager
def said_clearly() -> Iterator[None]:
    """Turn what a person can put right into a message and exit status 1, without a traceback."""
    try:
        yield
    except (WrongSetting, lockfile.Owned) as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def stores(settings: Settings | None = None) -> Iterator[Settings]:
    """Yield the settings, with the data folder owned if a store in it can have one owner only."""
    with said_clearly(), ExitStack() as held:
        settings = settings or read()
        if settings.is_embedded:
            held.enter_context(lockfile.owned(settings.data))
        yield settings
