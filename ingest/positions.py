"""How far a source was read: kept after the rows before it are, so that none is ever missed.

Reading goes on behind the last position. Where a process ends between a commit and its position, a
part is read again: each event in it has its identity, and is found to be a duplicate.
"""

import hashlib

import polars as pl

from ingest.requests import SourcePosition
from metering.measures.refusals import Missing
from sql.types import INSTANT
from sql.work import Shift, Work

DONE = 2**63 - 1
"""The position of a source that ended: there is nothing behind it."""

TABLE = "positions"


def find(work: Work, source: str) -> SourcePosition:
    """Return how far a source was read, so that its sender can go on from there.

    Raises: Missing `source_position_not_found`, if nothing of it was read.
    """
    found = behind(work, source, any_behind=False)
    if source not in found:
        raise Missing("source_position", source)
    return found[source]


def behind(
    work: Work | Shift, source: str, *, any_behind: bool = True
) -> dict[str, SourcePosition]:
    """Return how far the sources were read whose names begin so."""
    found = work.warehouse.query(
        "ingest/position", organization=work.organization, source=source, any_behind=any_behind
    )
    return {
        name: SourcePosition(source=name, position=position, received=received)
        for name, position, received in found.rows()
    }


def keep(work: Shift, source: str, position: int, received: int) -> None:
    """Say that all of a source before a position was answered, `received` rows more than before.

    It may be said again.
    """
    row = pl.DataFrame(
        {
            "organization_id": [work.organization],
            "source": [source],
            "position": [position],
            "received": [received],
            "received_at": pl.Series([work.now], dtype=INSTANT),
        }
    )
    name = f"{work.organization}/{source}/{position}"
    work.warehouse.append({TABLE: row}, hashlib.sha256(name.encode()).hexdigest())
