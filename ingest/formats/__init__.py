"""Formats: how a body of many events is written. One file each; nothing else is edited for one."""

import sys

from ingest.formats.model import Format
from metering.measures.family import discover
from metering.measures.refusals import Malformed

__all__ = ["Format", "of"]


def of(content_type: str) -> Format:
    """Return the format of a Content-Type.

    Raises: Malformed.
    """
    wanted = content_type.partition(";")[0].strip().lower()
    members = {name: member for member in Format.__subclasses__() for name in member.types}
    if wanted not in members:
        known = ", ".join(sorted(members))
        raise Malformed(f"BadRequest: the Content-Type of events is one of {known}")
    return members[wanted]()


discover(sys.modules[__name__])
