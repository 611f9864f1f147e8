"""Sources: what events are pulled from. One file each; nothing else is edited for one."""

import logging
import re
import sys
from collections.abc import Callable
from urllib.parse import parse_qsl, unquote, urlsplit

from ingest import positions, service
from ingest.limits import Limits
from ingest.sources.model import Place, Pulled, Source
from metering.measures.family import discover
from metering.measures.refusals import Malformed
from sql.work import Shift

__all__ = ["Place", "Pulled", "Source", "at", "pull"]

log = logging.getLogger("invora.sources")

COLUMN = re.compile(r"columns\[(\w+)\]")


def at(url: str, limits: Limits) -> Source:
    """Return the source at a URL.

    Raises: Malformed.
    """
    parts = urlsplit(url)
    members = {member.scheme: member for member in Source.__subclasses__()}
    if parts.scheme not in members:
        known = ", ".join(sorted(members))
        raise Malformed(f"a source begins with one of {known}, not with '{parts.scheme}'")
    said = dict(parse_qsl(parts.query, keep_blank_values=True))
    organization = said.pop("organization", "")
    shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
    if not organization:
        raise Malformed(f"{shown} does not say whose events it has: add ?organization=ID")
    columns = {found[1]: name for key, name in said.items() if (found := COLUMN.fullmatch(key))}
    place = Place(
        url=shown, host=parts.netloc, path=unquote(parts.path), organization=organization,
        columns=columns, limits=limits,
        options={key: value for key, value in said.items() if not COLUMN.fullmatch(key)},
    )  # fmt: skip
    return members[parts.scheme](place)


def pull(work: Shift, source: Source, is_over: Callable[[], bool] = lambda: False) -> int:
    """Store what came since, part by part, each with its position, and return how many rows it was.

    `is_over` says whether to stop behind the next part.

    Raises: Busy; Unavailable. What was not stored is pulled again.
    """
    rows = 0
    found = source.poll(lambda name: _read(work, name))
    try:
        for part in found:
            told = service.receive(work, part.frames)
            positions.keep(work, part.source, part.position, told.received)
            if told.rejected:
                log.warning("%s: %d rows were rejected", part.source, told.rejected)
            rows += told.received
            if is_over():
                break
    finally:
        found.close()  # type: ignore[attr-defined]
    return rows


def _read(work: Shift, name: str) -> int:
    found = positions.behind(work, name, any_behind=False).get(name)
    return 0 if found is None else found.position


discover(sys.modules[__name__])
