"""Parquet: a table whose columns are named as the fields of an event."""

import io
import tempfile
from collections.abc import Iterator
from itertools import accumulate

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from ingest.formats import arrow, columnar
from ingest.formats.model import Format, Part, Reading, blocks, opened
from ingest.limits import Limits
from metering.measures.refusals import Malformed, TooLarge
from metering.measures.shapes import Upload

HELD = 1 << 20
"""Bytes of a body that are held in memory; a longer one waits in a file without a name."""


class Parquet(Format):
    """Row groups, of which a part is unpacked at a time. What they hold is said at the end."""

    types = ("application/vnd.apache.parquet", "application/parquet", "application/x-parquet")
    suffixes = (".parquet", ".pq")

    def read(self, body: Upload, how: Reading) -> Iterator[pl.DataFrame]:
        """Yield the events of the body, which is kept on disk until it is there as a whole."""
        with tempfile.SpooledTemporaryFile(HELD) as file:
            for block in blocks(opened(body, how.limits), HELD):
                file.write(block)
            file.seek(0)
            try:
                found = _opened(file, how.limits)  # type: ignore[arg-type]
                yield from columnar.events(found.iter_batches(columnar.ROWS), how)
            except (pa.ArrowException, OSError) as error:
                raise Malformed(f"BadRequest: invalid Parquet file: {error}") from None

    def parts(self, file: io.BufferedIOBase, start: int, limits: Limits) -> Iterator[Part]:
        """Cut a file between rows; a place is a row. Row groups before it are not read."""
        try:
            found = _opened(file, limits)
            sizes = [found.metadata.row_group(n).num_rows for n in range(found.num_row_groups)]
            for number, end in enumerate(accumulate(sizes)):
                if end > start:
                    records = found.iter_batches(columnar.ROWS, row_groups=[number])
                    yield from arrow.parts(records, start, end - sizes[number])
        except (pa.ArrowException, OSError) as error:
            raise Malformed(f"BadRequest: invalid Parquet file: {error}") from None


def _opened(file: io.BufferedIOBase, limits: Limits) -> pq.ParquetFile:
    """Open a file.

    Raises: TooLarge, when it says of itself that it unpacks to more than a body may.
    """
    found = pq.ParquetFile(file, pre_buffer=False, page_checksum_verification=True)
    groups = (found.metadata.row_group(number) for number in range(found.num_row_groups))
    if sum(group.total_byte_size for group in groups) > limits.body:
        raise TooLarge(f"BadRequest: the body has more than {limits.body} bytes, unpacked")
    return found
