"""The id by which one request is found again in answers and logs."""

import re

from metering.measures import ids

SANE = re.compile(r"[A-Za-z0-9._:+/=-]{1,128}")


def request_id(said: str) -> str:
    """Return the caller's own id, if it is one that can be shown and logged; else a new one."""
    return said if SANE.fullmatch(said) else ids.new()
