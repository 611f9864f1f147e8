"""Results where they are kept: in a property of the event, in place of what was sent there."""

import msgspec
import polars as pl

from metering.columns import quoted

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, str]).decode


def put(objects: pl.Series, name: str, values: pl.Series) -> pl.Series:
    """Return objects of texts with one member set, where its value is not null.

    Where there may be such a member already, objects are read one by one.
    """
    key = _encode(name).decode() + ":"
    object, value = pl.col("object"), pl.col("value")
    comma = pl.when(object == "{}").then(pl.lit("")).otherwise(pl.lit(","))
    added = pl.concat_str(object.str.head(-1), comma, pl.lit(key), quoted(value), pl.lit("}"))
    frame = pl.DataFrame({"object": objects, "value": values})
    made = frame.select(pl.when(value.is_null()).then(object).otherwise(added)).to_series()
    is_there = objects.str.contains(key, literal=True) & values.is_not_null()
    if not is_there.any():
        return made
    some = frame.filter(is_there)
    read = map(_decode, some["object"].to_list())
    set_ = [
        _encode({**found, name: to}).decode()
        for found, to in zip(read, some["value"].to_list(), strict=True)
    ]
    return made.scatter(is_there.arg_true(), set_)
