"""A body read as the bulk door reads it."""

import polars as pl

from ingest import batch, formats
from ingest.formats import Reading
from metering.measures.shapes import Upload
from tests.conftest import NOW


def read(content_type: str, body: bytes, encoding: str = "", size: int = 1 << 16, **how) -> list:
    """Read a body that arrives in chunks of `size`, and check its rows."""
    chunks = (body[at : at + size] for at in range(0, len(body), size))
    place, found = 0, []
    upload = Upload(content_type, chunks, encoding)
    for frame in formats.of(content_type).read(upload, Reading(**how)):
        found.append(batch.checked(frame, place, NOW))
        place += len(frame)
    return found


def rows(*said, **more) -> pl.DataFrame:
    """The rows that could be read."""
    return pl.concat([batch.ROWS.to_frame(), *(found.rows for found in read(*said, **more))])


def wrong(*said, **more) -> list[tuple[int, str, str]]:
    """The rows that could not: their places, reasons and contents."""
    found = [part.rejected.select("row", "reason", "content") for part in read(*said, **more)]
    return pl.concat(found).rows()
