"""NDJSON: one JSON object on each line. A line that cannot be read stops no other."""

import io
from collections.abc import Iterator

import polars as pl

from ingest.formats import texts
from ingest.formats.model import BOM, PART, Format, Part, Reading, opened, pieces
from ingest.limits import Limits
from metering.measures.shapes import Upload


class NdJson(Format):
    """Lines of JSON."""

    types = ("application/x-ndjson", "application/ndjson", "application/jsonl")
    suffixes = (".ndjson", ".jsonl")

    def read(self, body: Upload, how: Reading) -> Iterator[pl.DataFrame]:
        """Yield the events of the body."""
        found = pieces(opened(body, how.limits), b"\n", how.limits.event)
        for number, piece in enumerate(found):
            piece = piece if number else piece.removeprefix(BOM)
            if piece.strip():
                yield texts.EVENTS.lines(piece)

    def parts(self, file: io.BufferedIOBase, start: int, limits: Limits) -> Iterator[Part]:
        """Cut a file behind lines; a place is a byte of the text."""
        file.seek(start)
        for piece in pieces(file, b"\n", limits.event, PART):
            start += len(piece)
            yield Part(content_type=self.types[0], data=piece, end=start)
