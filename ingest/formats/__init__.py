"""Formats: how a body of many events is written. One file each; nothing else is edited for one."""

import sys
from collections.abc import Iterator

from ingest.formats.model import Format, Reading
from metering.measures.family import discover
from metering.measures.refusals import Malformed

__all__ = ["Format", "Reading", "of"]


def of(content_type: str) -> Format:
    """Return the format of a Content-Type.

    Raises: Malformed.
    """
    wanted = content_type.partition(";")[0].strip().lower()
    found = {name: member for member in members(Format) for name in member.types}
    if wanted not in found:
        known = ", ".join(sorted(found))
        raise Malformed(f"BadRequest: the Content-Type of events is one of {known}")
    return found[wanted]()


def of_file(name: str) -> Format:
    """Return the format of a file by the end of its name, that of its packing left out.

    Raises: Malformed.
    """
    found = {suffix: member for member in members(Format) for suffix in member.suffixes}
    suffix = next((suffix for suffix in found if name.lower().endswith(suffix)), None)
    if suffix is None:
        known = ", ".join(sorted(found))
        raise Malformed(f"BadRequest: the name of a file of events ends with one of {known}")
    return found[suffix]()


def members(family: type[Format]) -> Iterator[type[Format]]:
    """Yield every member of the family that is read by."""
    for member in family.__subclasses__():
        yield member
        yield from members(member)


discover(sys.modules[__name__])
