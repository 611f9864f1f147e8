"""Processes of their own: what is measured shares no memory, and no engine, with who measures.

A module of the bench that runs alone takes its request as one argument, and prints its answer as
its last line; both are JSON.
"""

import subprocess
import sys
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from api.commands.bench.floors.alone import Taken

T = TypeVar("T")

SHOWN = 4_000
"""Characters of what a process said last, when it fails."""


class Failed(Exception):
    """A process of the bench ended badly; the message is what it said last."""


def ask(module: str, request: Struct, kind: type[T]) -> T:
    """Run a module with a request, and return its answer.

    Raises: Failed.
    """
    return _answer([module, msgspec.json.encode(request).decode()], kind)


def floor(name: str, **options: Any) -> Taken:
    """Run the script of a floor, and return what it took. An option may have several values.

    Raises: Failed.
    """
    said = [
        f"--{option}={value}"
        for option, values in options.items()
        for value in (values if isinstance(values, list) else [values])
    ]
    return _answer([f"api.commands.bench.floors.{name}", *said], Taken)


def asked(kind: type[T]) -> T:
    """Return the request of this process."""
    return msgspec.json.decode(sys.argv[1], type=kind)


def tell(answer: Struct) -> None:
    """Give the answer of this process."""
    sys.stdout.write(msgspec.json.encode(answer).decode() + "\n")


def _answer(arguments: list[str], kind: type[T]) -> T:
    command = [sys.executable, "-m", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Failed(done.stderr[-SHOWN:])
    return msgspec.json.decode(done.stdout.splitlines()[-1], type=kind)
