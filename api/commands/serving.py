"""A server of our own beside a command: the real one, in a process of its own."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from api import lockfile
from api.settings import environment

SECONDS = 60
"""How long a server may take to start."""

SERVE = "from api.main import main; main(['serve'])"


@contextmanager
def served(data: Path, **settings: str) -> Iterator[str]:
    """Serve a data folder on free ports for the length of a block, and yield the URL of REST.

    `settings` are named as the fields of api.settings.Settings.
    """
    data.mkdir(parents=True, exist_ok=True)
    said = {"port": "0", "grpc_port": "0", **settings}
    with open(data / "server.log", "ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", SERVE],
            env=environment(data, **said),
            stdout=log,
            stderr=log,
        )
    try:
        yield _url(process, data)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(SECONDS)


def _url(process: subprocess.Popen[bytes], data: Path) -> str:
    until = time.monotonic() + SECONDS
    while time.monotonic() < until and process.poll() is None:
        owner = lockfile.owner(data)
        if owner is not None and owner.pid == process.pid and owner.url:
            return owner.url
        time.sleep(0.05)
    raise click.ClickException(f"The server did not start: {data / 'server.log'} says why.")
