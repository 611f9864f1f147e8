"""Tables: columns of many types as columns of texts. What Arrow and Parquet have in common."""

from collections.abc import Iterable, Iterator

import polars as pl
import pyarrow as pa
import pyarrow.types as kinds

from ingest import properties
from ingest.batch import SENT
from ingest.formats import instants
from ingest.formats.model import Reading
from metering.measures.refusals import Malformed
from sql.types import INSTANT

ROWS = 50_000
"""Rows of a frame, however many a record batch has."""

WORDS = ("transaction_id", "code", "external_subscription_id")
FIELDS = (*WORDS, "timestamp", "properties", "precise_total_amount_cents")
ENCODED = (pl.Categorical, pl.Enum)

TEMPORAL = (pl.Datetime, pl.Date, pl.Time)

PLAIN = (
    kinds.is_null, kinds.is_boolean, kinds.is_integer, kinds.is_floating, kinds.is_date,
    kinds.is_time, kinds.is_timestamp, kinds.is_string, kinds.is_large_string,
    kinds.is_string_view, kinds.is_decimal32, kinds.is_decimal64, kinds.is_decimal128,
)  # fmt: skip
"""Types of one value that can be said as text, exactly."""

NESTED = (
    kinds.is_list, kinds.is_large_list, kinds.is_fixed_size_list, kinds.is_struct, kinds.is_map,
)  # fmt: skip


def named(how: Reading, columns: Iterable[str]) -> dict[str, str]:
    """Return the column of each field: the one that is said, else the one of the field's name.

    Raises: Malformed for a field or a column that is none, or where an event could not be one.
    """
    has = list(columns)
    for field, column in how.columns.items():
        if field not in FIELDS:
            raise Malformed(f"BadRequest: an event has no {field}: {', '.join(FIELDS)}")
        if column not in has:
            raise Malformed(f"BadRequest: there is no column {column}, there are {_list(has)}")
    if twice := sorted({name for name in has if has.count(name) > 1}):
        raise Malformed(f"BadRequest: more than one column is called {twice[0]}")
    if taken := set(how.columns.values()) & set(FIELDS) - set(how.columns):
        has = [name for name in has if name not in taken]
    found = {field: field for field in FIELDS if field in has} | dict(how.columns)
    for field in ("transaction_id", "code"):
        if field not in found:
            raise Malformed(
                f"BadRequest: no column is the {field}: say which with columns[{field}]=…; "
                f"there are {_list(has)}"
            )
    return found


def _list(names: list[str]) -> str:
    return ", ".join(names[:50]) or "none"


def events(records: Iterable[pa.RecordBatch], how: Reading) -> Iterator[pl.DataFrame]:
    """Yield record batches as frames of `batch.SENT`.

    `timestamp` is a timestamp, Unix seconds as a number or text, or RFC 3339; `properties` a
    struct, a map, or JSON as text. Without such a column, all others are properties. A double is
    kept as the shortest text that means it; one that is no number is refused with its row.

    Raises: Malformed.
    """
    for record in records:
        columns = named(how, record.schema.names)
        readable = _readable(record, columns)
        frame = pl.from_arrow(readable)
        assert isinstance(frame, pl.DataFrame)
        for part in frame.iter_slices(ROWS):
            yield _sent(part, columns)


def _readable(record: pa.RecordBatch, columns: dict[str, str]) -> pa.RecordBatch:
    """Return the columns that are read; decimals that are wider than ours as texts.

    Raises: Malformed, naming a column whose type cannot be text.
    """
    wanted = columns.values() if "properties" in columns else record.schema.names
    arrays = {}
    for name in wanted:
        column = record.column(name)
        if kinds.is_decimal256(column.type):
            column = column.cast(pa.string())
        if not _is_read(column.type):
            raise Malformed(f"BadRequest: the column {name} is of a type not read: {column.type}")
        arrays[name] = column
    return pa.RecordBatch.from_pydict(arrays)


def _is_read(kind: pa.DataType) -> bool:
    if kinds.is_dictionary(kind):
        return _is_read(kind.value_type)
    if any(is_kind(kind) for is_kind in NESTED):
        return all(_is_read(kind.field(place).type) for place in range(kind.num_fields))
    return any(is_kind(kind) for is_kind in PLAIN)


def _sent(frame: pl.DataFrame, named: dict[str, str]) -> pl.DataFrame:
    found = {field: frame[column] for field, column in named.items()}
    columns = [_word(name, found.get(name), len(frame)) for name in WORDS]
    at, timestamp = _instants(found.get("timestamp"), len(frame))
    sent, wrong = _properties(found.get("properties"), len(frame))
    if "properties" not in named:
        rest = frame.drop(*named.values())
        sent, wrong = _all(rest.to_struct("properties"))
    amount = _texts(found.get("precise_total_amount_cents"), len(frame))
    return pl.DataFrame(columns).with_columns(
        timestamp=timestamp, properties=sent, precise_total_amount_cents=amount,
        reason=wrong, content=pl.lit(None, pl.String), at=at,
    ).select(*SENT)  # fmt: skip


def _word(name: str, sent: pl.Series | None, size: int) -> pl.Series:
    """Return a column of texts: of identifiers also whole numbers.

    Raises: Malformed when it has another type.
    """
    if sent is None or sent.dtype == pl.Null:
        return pl.Series(name, [None] * size, dtype=pl.String)
    if not isinstance(sent.dtype, (pl.String, *ENCODED)):
        raise Malformed(f"BadRequest: the column {sent.name} must hold texts")
    return sent.cast(pl.String).alias(name)


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
    timestamp, at = instants.parted(_texts(sent, size))
    return at, timestamp


def _properties(sent: pl.Series | None, size: int) -> tuple[pl.Series, pl.Series]:
    """Return properties as they are stored, and what is wrong with them."""
    right = pl.Series([None] * size, dtype=pl.String)
    if sent is None or sent.dtype == pl.Null:
        return pl.repeat(properties.NOTHING, size, eager=True), right
    if isinstance(sent.dtype, (pl.Struct, pl.Map)):
        return _all(sent)
    if isinstance(sent.dtype, pl.String):
        return properties.of_json(sent)
    raise Malformed("BadRequest: the column properties must hold structs, maps or JSON texts")


def _all(sent: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return structs or maps as properties are stored; those with what is no number are wrong."""
    wrong = pl.Series([None], dtype=pl.String).new_from_index(0, len(sent))
    is_odd = _has_odd(sent)
    if is_odd is not None:
        wrong = wrong.set(is_odd, properties.WRONG)
    if isinstance(sent.dtype, pl.Map):
        return properties.of_map(sent.map.entries()), wrong
    return properties.of_struct(sent), wrong


def _has_odd(sent: pl.Series) -> pl.Series | None:
    """Say which values hold a double that is infinite or no number; None where none can."""
    if sent.dtype.is_float():
        return ~sent.is_finite().fill_null(True)
    if isinstance(sent.dtype, pl.Map):
        return _has_odd(sent.map.entries())
    if isinstance(sent.dtype, pl.Array):
        return _has_odd(sent.arr.to_list())
    if isinstance(sent.dtype, pl.Struct):
        fields = (_has_odd(field) for field in sent.struct.unnest())
        found = [is_odd for is_odd in fields if is_odd is not None]
        return pl.select(pl.any_horizontal(found)).to_series() if found else None
    if isinstance(sent.dtype, pl.List):
        rows = pl.DataFrame({"row": pl.int_range(len(sent), eager=True), "item": sent})
        items = rows.filter(pl.col("item").list.len() > 0).explode("item")
        if (inside := _has_odd(items["item"])) is None:
            return None
        return rows["row"].is_in(items["row"].filter(inside).implode())
    return None
