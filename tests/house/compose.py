"""docker-compose.yml as data: what it starts, and what its variables come to."""

import re
from collections.abc import Mapping
from typing import Any

import yaml

from tests.house.source import ROOT

VARIABLE = re.compile(
    r"\$\{(?P<name>\w+)(?:(?P<how>:[-?])(?P<what>[^}]*))?\}|\$(?P<bare>[A-Za-z_]\w*)"
)
"""`${NAME}`, `${NAME:-default}`, `${NAME:?why it must be given}` and `$NAME`."""


class Unset(Exception):
    """A variable without a default was not given."""


def parsed() -> dict[str, Any]:
    """Return docker-compose.yml as it is written."""
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())  # type: ignore[no-any-return]


def variables(text: str) -> dict[str, str | None]:
    """Return each variable that a text asks for, with its default."""
    return {
        found["name"] or found["bare"]: found["what"] if found["how"] == ":-" else None
        for found in VARIABLE.finditer(text)
    }


def resolve(part: Any, given: Mapping[str, str]) -> Any:
    """Return a part of the file with its variables filled in, as docker compose would.

    Raises: Unset.
    """
    if isinstance(part, dict):
        return {key: resolve(value, given) for key, value in part.items()}
    if isinstance(part, list):
        return [resolve(value, given) for value in part]
    return VARIABLE.sub(lambda found: _value(found, given), part) if isinstance(part, str) else part


def _value(found: re.Match[str], given: Mapping[str, str]) -> str:
    name = found["name"] or found["bare"]
    if given.get(name):
        return given[name]
    if found["how"] != ":-":
        raise Unset(name)
    return found["what"]


def image_settings() -> dict[str, str]:
    """Return the environment that the Dockerfile gives to what runs in it."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
    pairs: dict[str, str] = {}
    for line in re.findall(r"^ENV (.+)$", text, re.MULTILINE):
        pairs |= dict(pair.split("=", 1) for pair in line.split())
    return pairs
