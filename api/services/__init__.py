"""The services: one file each, one row per rpc. A new service is a new file.

`SERVICES` is every service, by name. It is made when it is first asked for, so that one service can
be imported without all the others.
"""

import sys
from functools import cache
from typing import Any

from api.rpc import Service
from metering.measures.family import discover

SERVICES: list[type[Service]]


def __getattr__(name: str) -> Any:
    if name != "SERVICES":
        raise AttributeError(name)
    return _services()


@cache
def _services() -> list[type[Service]]:
    discover(sys.modules[__name__])
    ours = (kind for kind in Service.__subclasses__() if kind.__module__.startswith(__name__ + "."))
    return sorted(ours, key=lambda kind: kind.__name__)
