"""A real server in a process of its own, as `invora serve` is."""

import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

from api.commands.bench.book import Stores
from api.commands.bench.process import SHOWN, Failed, asked
from api.commands.serve import serve_with
from api.settings import Settings

PATIENCE_SECONDS = 60
"""How long a server may take to end."""


class Serving(Struct, frozen=True, kw_only=True):
    """What is served, and where the server may leave files."""

    stores: Stores
    folder: str


@contextmanager
def serving(stores: Stores, folder: Path) -> Iterator[str]:
    """Serve from another process for the length of a block, and yield the URL.

    Raises: Failed.
    """
    wanted = msgspec.json.encode(Serving(stores=stores, folder=str(folder)))
    command = [sys.executable, "-m", __name__, wanted.decode()]
    log = folder / "server.log"
    with (
        log.open("wb") as said,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said) as process,
    ):
        assert process.stdout is not None
        try:
            if not (url := process.stdout.readline().decode().strip()):
                raise Failed(log.read_text()[-SHOWN:])
            yield url
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def serve(wanted: Serving) -> None:
    """Serve until told to stop, and print the URL once both doors are open."""
    stores = wanted.stores
    settings = Settings(
        data=Path(wanted.folder), ledger_url=stores.ledger_url, warehouse_url=stores.warehouse_url,
        host="127.0.0.1", port=0, grpc_port=0, admin_key=secrets.token_urlsafe(32),
        secret_key=secrets.token_urlsafe(32), smtp_url="",
    )  # fmt: skip
    serve_with(settings, _announce)


def _announce(url: str) -> None:
    sys.stdout.write(f"{url}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    serve(asked(Serving))
