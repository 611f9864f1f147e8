"""Arrow: an IPC stream of record batches. Columns are named as the fields of an event."""

from collections.abc import Iterator

import polars as pl
import pyarrow as pa

from ingest import properties
from ingest.batch import SENT
from ingest.formats.model import Format, opened
from metering.measures.refusals import Malformed
from metering.measures.shapes import Upload
from sql.types import INSTANT

ROWS = 250_000
"""Rows of a frame, however many a record batch has."""

WORDS = ("transaction_id", "code", "external_subscription_id")
ENCODED = (pl.Categorical, pl.Enum)


class Arrow(Format):
    """Record batches."""

    types = ("application/vnd.apache.arrow.stream",)

    def read(self, body: Upload) -> Iterator[pl.DataFrame]:
        """Yield the events of the body.

        `timestamp` is a timestamp, or Unix seconds as a number or text; `properties` a struct, a
        map, or JSON as text. A double is kept as the shortest text that means it.
        """
        try:
            for record in pa.ipc.open_stream(opened(body)):
                frame = pl.from_arrow(record)
                assert isinstance(frame, pl.DataFrame)
                for part in frame.iter_slices(ROWS):
                    yield _sent(part)
        except (pa.ArrowException, OSError) as error:
            raise Malformed(f"BadRequest: invalid Arrow stream: {error}") from None


def _sent(frame: pl.DataFrame) -> pl.DataFrame:
    found = {name: frame[name] for name in SENT if name in frame.columns}
    columns = [_word(name, found.get(name), len(frame)) for name in WORDS]
    at, timestamp = _instants(found.get("timestamp"), len(frame))
    sent, wrong = _properties(found.get("properties"), len(frame))
    amount = _texts(found.get("precise_total_amount_cents"), len(frame))
    return pl.DataFrame(columns).with_columns(
        timestamp=timestamp, properties=sent, precise_total_amount_cents=amount,
        reason=wrong, content=pl.lit(None, pl.String), at=at,
    )  # fmt: skip


def _word(name: str, sent: pl.Series | None, size: int) -> pl.Series:
    """Return a column of texts.

    Raises: Malformed when it has another type.
    """
    if sent is None or sent.dtype == pl.Null:
        return pl.Series(name, [None] * size, dtype=pl.String)
    if not isinstance(sent.dtype, (pl.String, *ENCODED)):
        raise Malformed(f"BadRequest: the column {name} must hold texts")
    return sent.cast(pl.String)


def _texts(sent: pl.Series | None, size: int) -> pl.Series:
    if sent is None:
        return pl.Series([None] * size, dtype=pl.String)
    if sent.dtype.is_nested() or sent.dtype.is_temporal() or sent.dtype == pl.Boolean:
        raise Malformed(f"BadRequest: the column {sent.name} must hold numbers or texts")
    return sent.cast(pl.String)


def _instants(sent: pl.Series | None, size: int) -> tuple[pl.Series, pl.Series]:
    """Return instants, and texts of what is none yet."""
    none = pl.Series([None] * size, dtype=INSTANT)
    if sent is not None and isinstance(sent.dtype, pl.Datetime):
        zoned = sent.dt.replace_time_zone("UTC") if sent.dtype.time_zone is None else sent
        return zoned.dt.convert_time_zone("UTC").cast(INSTANT), none.cast(pl.String)
    return none, _texts(sent, size)


def _properties(sent: pl.Series | None, size: int) -> tuple[pl.Series, pl.Series]:
    """Return properties as they are stored, and what is wrong with them."""
    right = pl.Series([None] * size, dtype=pl.String)
    if sent is None or sent.dtype == pl.Null:
        return pl.repeat(properties.NOTHING, size, eager=True), right
    if isinstance(sent.dtype, pl.Struct):
        return properties.of_struct(sent), right
    if isinstance(sent.dtype, pl.Map):
        return properties.of_map(sent.map.entries()), right
    if isinstance(sent.dtype, pl.String):
        return properties.of_json(sent)
    raise Malformed("BadRequest: the column properties must hold structs, maps or JSON texts")
