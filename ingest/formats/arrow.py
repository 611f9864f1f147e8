"""Arrow: a stream of record batches. Columns are named as the fields of an event."""

import io
from collections.abc import Iterable, Iterator

import polars as pl
import pyarrow as pa

from ingest.formats import columnar
from ingest.formats.model import Format, Part, Reading, opened
from ingest.limits import Limits
from metering.measures.refusals import Malformed
from metering.measures.shapes import Upload

TYPE = "application/vnd.apache.arrow.stream"

MAGIC = b"ARROW1"
"""How a file begins that holds batches to be found again; a stream does not."""


class Arrow(Format):
    """Record batches."""

    types = (TYPE,)
    suffixes = (".arrow", ".arrows", ".feather", ".ipc")

    def read(self, body: Upload, how: Reading) -> Iterator[pl.DataFrame]:
        """Yield the events of the body."""
        file = opened(body, how.limits)
        try:
            yield from columnar.events(pa.ipc.open_stream(file), how)
        except (pa.ArrowException, OSError) as error:
            raise Malformed(f"BadRequest: invalid Arrow stream: {error}") from None

    def parts(self, file: io.BufferedIOBase, start: int, limits: Limits) -> Iterator[Part]:
        """Cut a file, of either kind, between rows; a place is a row."""
        is_file = file.read(len(MAGIC)) == MAGIC
        file.seek(0)
        try:
            if is_file:
                found = pa.ipc.open_file(file)
                records = (found.get_batch(place) for place in range(found.num_record_batches))
                yield from parts(records, start)
            else:
                yield from parts(pa.ipc.open_stream(file), start)
        except (pa.ArrowException, OSError) as error:
            raise Malformed(f"BadRequest: invalid Arrow file: {error}") from None


def parts(records: Iterable[pa.RecordBatch], start: int, at: int = 0) -> Iterator[Part]:
    """Yield record batches, the first of which begins at row `at`, from row `start` on."""
    for record in records:
        for place in range(max(start - at, 0), record.num_rows, columnar.ROWS):
            some = record.slice(place, columnar.ROWS)
            yield Part(content_type=TYPE, data=written(some), end=at + place + some.num_rows)
        at += record.num_rows


def written(record: pa.RecordBatch) -> bytes:
    """Return rows as a stream of their own."""
    file = io.BytesIO()
    with pa.ipc.new_stream(file, record.schema) as stream:
        stream.write_batch(record)
    return file.getvalue()
