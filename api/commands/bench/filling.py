"""Fills the stores of a book, in a process of its own."""

from msgspec import Struct

from api.commands.bench import book
from api.commands.bench.book import Opened, Stores
from api.commands.bench.process import ask, asked, tell
from api.commands.bench.sizes import Sizes
from metering.measures import ids
from sql import migrate


class Filling(Struct, frozen=True, kw_only=True):
    """What is written where."""

    stores: Stores
    sizes: Sizes
    organization: str = ""
    """Whose usage the warehouse holds already; else it is written too."""


def filled(filling: Filling) -> Opened:
    """Fill the stores, and return who the book belongs to."""
    return ask(__name__, filling, Opened)


def fill(filling: Filling) -> Opened:
    """Write a book and its usage, here and now."""
    with book.desk(filling.stores) as at:
        migrate.upgrade(at.ledger, at.warehouse)
        opened = book.write(at, filling.organization or ids.new(), filling.sizes)
        if not filling.organization:
            book.use(at.warehouse, opened.organization, filling.sizes)
    return opened


if __name__ == "__main__":
    tell(fill(asked(Filling)))
