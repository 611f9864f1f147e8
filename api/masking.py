"""What is secret stays out of the logs: hidden by the name of its field, or by how it looks."""

import re
from typing import Any

import msgspec

from metering.measures import forms

MASK = "[masked]"

exactly = msgspec.json.Decoder(float_hook=forms.Number).decode
"""JSON as it is, each number with a point still the number that was written."""

NAMES = re.compile(
    r"(secret|password|token|private_key|secret_key|api_key|hmac_key|credential|authorization)s?$"
)
"""How the names of fields end whose text nobody else may read."""

LOOKS = re.compile(r"invora_[\w-]{64}|eyJ[\w-]{8,}\.[\w-]+\.[\w-]*")
"""A key of ours, or a JSON Web Token, wherever it stands: in a URL, in a name."""


def masked(value: Any, name: str = "") -> Any:
    """Return a JSON value with every secret in it hidden; the same value if there is none."""
    if isinstance(value, dict):
        return {field: masked(inside, str(field)) for field, inside in value.items()}
    if isinstance(value, list):
        return [masked(inside, name) for inside in value]
    if not isinstance(value, str) or not value:
        return value
    return MASK if NAMES.search(name) else LOOKS.sub(MASK, value)


def shown(said: Any) -> tuple[Any, int]:
    """Return anything as JSON says it, its secrets hidden, and how many bytes it came to."""
    text = msgspec.json.encode(said, enc_hook=forms.shown)
    return masked(exactly(text)), len(text)
