"""NDJSON: one JSON object on each line. A line that cannot be read stops no other."""

from collections.abc import Iterator

import polars as pl

from ingest.formats import texts
from ingest.formats.model import Format, pieces
from metering.measures.shapes import Upload


class NdJson(Format):
    """Lines of JSON."""

    types = ("application/x-ndjson", "application/ndjson", "application/jsonl")

    def read(self, body: Upload) -> Iterator[pl.DataFrame]:
        """Yield the events of the body."""
        for piece in pieces(body, b"\n"):
            if piece.strip():
                yield texts.lines(piece)
