"""A process that appends events and puts them in order at the same time, until it is killed."""

import sys
import threading

from sql import runs
from sql.warehouse import open_warehouse
from tests.sql.frames import events

SIZE = 400
"""Events of one append; the runs of this process are as much smaller than those of a server."""


def main(url: str) -> None:
    """Print the sequence of each append that was answered."""
    runs.FEW, runs.MANY, runs.MOST = 2 * SIZE, 4 * SIZE, 40 * SIZE
    warehouse = open_warehouse(url)
    warehouse.migrate()
    threading.Thread(target=_tidy, args=[warehouse], daemon=True).start()
    first = warehouse.watermark() + 1
    while True:
        warehouse.append({"events": events(SIZE, first)}, str(first))
        first += SIZE
        sys.stdout.write(f"{first - 1}\n")
        sys.stdout.flush()


def _tidy(warehouse) -> None:
    while True:
        warehouse.tidy()


if __name__ == "__main__":
    main(sys.argv[1])
