"""What a bench works on: its sizes, its folder, and the books that it fills there."""

from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from api.commands.bench import filling
from api.commands.bench.book import Opened, Stores
from api.commands.bench.filling import Filling
from api.commands.bench.postgres import Postgres
from api.commands.bench.report import Place
from api.commands.bench.sizes import FULL, Sizes


class Bench(Struct, frozen=True, kw_only=True):
    """One bench on one warehouse."""

    warehouse: str
    """`duckdb` or `chdb`."""
    sizes: Sizes
    folder: Path
    postgres: Postgres | None
    """A second ledger to bill on, if there is one."""
    say: Callable[[str], None]
    """Tells what is under way."""

    @property
    def place(self) -> Place:
        """What all measures have in common."""
        return Place(warehouse=self.warehouse, is_full=self.sizes.reaches(FULL))

    @property
    def book(self) -> dict[str, int]:
        """The size of the book."""
        return {"subscriptions": self.sizes.subscriptions, "events": self.sizes.events}


class Shelf(Struct, frozen=True, kw_only=True):
    """A filled book on the embedded stores."""

    name: str
    folder: Path
    stores: Stores
    opened: Opened
    sizes: Sizes

    @property
    def ledger(self) -> Path:
        """The file of the ledger, to be copied: no process has it open between two measures."""
        return self.folder / "ledger.sqlite"


def filled(bench: Bench, name: str, sizes: Sizes) -> Shelf:
    """Fill the embedded stores with a book."""
    bench.say(f"filling a book: {sizes.subscriptions:,} subscriptions, {sizes.events:,} events")
    folder = bench.folder / f"{bench.warehouse}-{name}"
    folder.mkdir(parents=True)
    stores = Stores(
        ledger_url=f"sqlite:///{folder}/ledger.sqlite",
        warehouse_url=f"{bench.warehouse}:///{folder}/warehouse",
    )
    opened = filling.filled(Filling(stores=stores, sizes=sizes))
    return Shelf(name=name, folder=folder, stores=stores, opened=opened, sizes=sizes)
