"""Properties as they are stored: one JSON object whose values are texts.

A number is kept as the text that was sent, never through a float: `1.0` stays `1.0`, and an integer
of thirty digits keeps them all. What is nested is kept as its JSON, compact, in a text. A null says
that there is no such property. The same properties, sent with other white space, are stored alike.
"""

import re
from collections.abc import Mapping, Sequence

import msgspec
import polars as pl
from msgspec import Raw

NOTHING = "{}"
"""No properties at all."""

WRONG = "properties:value_is_invalid"
"""The reason of a row whose properties are no object."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(str).decode
_item = msgspec.json.Decoder(Raw).decode
_items = msgspec.json.Decoder(list[Raw]).decode
_objects = msgspec.json.Decoder(list[dict[str, Raw]]).decode

OPEN = {f'":{start}': f'":"{start}' for start in "-0123456789tf"}
"""A quote before each scalar that is no text: it stands behind the end of its name."""

CLOSE = {
    **{f'{end},"': f'{end}","' for end in "0123456789e"},
    **{f"{end}}}": f'{end}"}}' for end in "0123456789e"},
}
"""A quote behind it: before the next name, or before the end."""

LOOSE = {'": ': '":', ', "': ',"'}
"""The white space that many writers put behind colons and commas."""

ODD = r'\\|\[|null|.\{|\}.|[{,:]":|,"[,:}]|[{,:]\s|\s[{}:,]'
"""Where quotes cannot be put so simply: escapes, nesting, nulls, white space, and texts that begin
with a colon, end with a comma, or hold a brace."""

ESCAPED = r'["\\\x00-\x1f]'
"""What cannot stand in a JSON text as it is."""

SHAPES = 4
"""Kinds of objects, by their names, that are looked for before all are looked at one by one."""

VALUE = r'":"[^"]*"'
"""A value once all are texts. What is left of an object without its values is the list of names."""


def stored(sent: Mapping[str, Raw]) -> str:
    """Return properties as they are stored.

    >>> stored({"a": Raw(b"1.0"), "b": Raw(b'"x"'), "c": Raw(b'{"d": [1]}'), "e": Raw(b"null")})
    '{"a":"1.0","b":"x","c":"{\\\\"d\\\\":[1]}"}'
    """
    texts = {name: text(value) for name, value in sent.items() if bytes(value) != b"null"}
    return _encode(texts).decode()


def text(value: Raw) -> str:
    """Return the text of one value: of a JSON text, what it says; of all else, its JSON."""
    sent = bytes(value).strip()
    if sent.startswith(b'"'):
        try:
            return _decode(sent)
        except msgspec.DecodeError:
            return sent.decode()  # through gRPC, any text may come bare
    if sent.startswith((b"{", b"[")):
        try:
            return msgspec.json.format(sent, indent=-1).decode()
        except msgspec.DecodeError:
            return sent.decode()
    return sent.decode()


def column(sent: pl.Series) -> pl.Series:
    """Return a column of JSON objects as they are stored.

    Objects that are flat, compact and without escapes, as nearly all are, are done in columns: each
    scalar that is no text is put between quotes. The odd ones, and those that say a name twice, are
    read one by one.
    """
    is_loose = sent.str.contains('": ', literal=True).any()
    tight = sent.str.replace_many(LOOSE) if is_loose else sent
    is_odd = tight.str.contains(ODD)
    done = tight.str.replace_many(OPEN).str.replace_many(CLOSE)
    even = is_odd.not_().arg_true() if is_odd.any() else None
    is_twice = _twice(done if even is None else done.gather(even))
    if even is None and not is_twice.any():
        return done
    if is_twice.any():
        twice = is_twice.arg_true()
        is_odd = is_odd.scatter(twice if even is None else even.gather(twice), True)
    places = is_odd.arg_true()
    return done.scatter(places, slowly(sent.gather(places)))


def slowly(sent: pl.Series) -> pl.Series:
    """Return a column of JSON objects as they are stored, read one by one."""
    objects = _objects(b"[" + ",".join(sent.to_list()).encode() + b"]")
    return pl.Series(sent.name, list(map(stored, objects)), dtype=pl.String)


def _twice(objects: pl.Series) -> pl.Series:
    """Say which objects, whose values are all texts, say a name twice.

    Events of one kind have the same names: whether the first object's names are all there is, is
    asked of the others at once; and so for each of the next few that differ.
    """
    answer = pl.repeat(False, len(objects), dtype=pl.Boolean, eager=True)
    places = pl.int_range(len(objects), eager=True)
    for _ in range(SHAPES):
        if objects.is_empty():
            return answer
        parts = re.split(VALUE, objects[0])
        is_alike = objects.str.contains(f"^{VALUE.join(map(pl.escape_regex, parts))}$")
        names = [part[1:] for part in parts[:-1]]
        if len(set(names)) < len(names):
            answer = answer.scatter(places.filter(is_alike), True)
        objects, places = objects.filter(~is_alike), places.filter(~is_alike)
    lists = objects.str.replace_all(VALUE, '"').str.strip_chars("{}").str.split(",")
    return answer.scatter(places, lists.list.n_unique() != lists.list.len())


def shown(properties: str) -> dict[str, str]:
    """Return stored properties as they are shown."""
    return msgspec.json.decode(properties, type=dict[str, str])


# -- columns of other types


def of_json(sent: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return texts that are JSON objects as they are stored, and what is wrong with the others."""
    bare = sent.str.strip_chars().fill_null(NOTHING)
    is_object = bare.str.starts_with("{") & _are_json(bare)
    wrong = pl.Series([None], dtype=pl.String).new_from_index(0, len(sent))
    if is_object.all():
        return column(bare), wrong
    return column(bare.set(~is_object, NOTHING)), wrong.set(~is_object, WRONG)


def _are_json(texts: pl.Series) -> pl.Series:
    """Say which texts are one JSON value each: all at once if they all are, else one by one."""
    try:
        read = _items(b"[" + ",".join(texts.to_list()).encode() + b"]")
        if list(map(bytes, read)) == list(map(str.encode, texts)):
            return pl.repeat(True, len(texts), dtype=pl.Boolean, eager=True)
    except (msgspec.DecodeError, RecursionError):
        pass
    return pl.Series(list(map(_is_json, texts)), dtype=pl.Boolean)


def _is_json(said: str) -> bool:
    try:
        _item(said)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def of_struct(sent: pl.Series) -> pl.Series:
    """Return structs as properties are stored; a null field says that there is no such property."""
    fields = sent.struct.unnest()
    if not fields.columns:
        return pl.repeat(NOTHING, len(sent), eager=True)
    words = [_worded(fields[name]).alias(name) for name in fields.columns]
    if all(map(_is_even, words)):
        return _even_object(words)
    members = (_member(word.name, word) for word in words)
    return fields.select(
        _object(pl.concat_str(*members, separator=",", ignore_nulls=True))
    ).to_series()


def _is_even(words: pl.Series) -> bool:
    """Whether every text stands in JSON as it is, between quotes."""
    return not words.has_nulls() and not words.str.contains(ESCAPED).any()


def _even_object(words: Sequence[pl.Series]) -> pl.Series:
    """Write objects whose members are all there and need no escapes: one step for all columns."""
    parts: list[pl.Series | pl.Expr] = []
    before = "{"
    for word in words:
        parts += [pl.lit(f'{before}{_encode(word.name).decode()}:"'), word]
        before = '",'
    return words[0].to_frame().select(pl.concat_str(*parts, pl.lit('"}'))).to_series()


def of_map(sent: pl.Series) -> pl.Series:
    """Return maps as properties are stored. Of a name that is said twice, the last one counts."""
    rows = pl.DataFrame({"row": pl.int_range(len(sent), eager=True), "entry": sent})
    pairs = rows.filter(pl.col("entry").list.len() > 0).explode("entry").unnest("entry")
    names, values = _json(pairs["key"]), _json(_worded(pairs["value"]))
    members = (
        pairs.select("row", "key", member=names + pl.lit(":") + values)
        .filter(pl.col("member").is_not_null())
        .unique(["row", "key"], keep="last", maintain_order=True)
        .group_by("row")
        .agg(pl.col("member").str.join(","))
    )
    joined = rows.join(members, on="row", how="left", maintain_order="left")["member"]
    return joined.to_frame().select(_object(pl.col("member").fill_null(""))).to_series()


def _worded(values: pl.Series) -> pl.Series:
    """Return values as texts; nested ones as JSON."""
    return _json(values) if values.dtype.is_nested() else values.cast(pl.String)


def _json(values: pl.Series) -> pl.Series:
    """Return values as JSON says them; null stays null."""
    if isinstance(values.dtype, pl.String) and not values.str.contains(ESCAPED).any():
        return ('"' + values + '"').alias(values.name)
    said = values.alias("x").to_frame().select(pl.struct("x").struct.json_encode()).to_series()
    return said.str.strip_prefix('{"x":').str.strip_suffix("}").set(values.is_null(), None)


def _member(name: str, texts: pl.Series) -> pl.Series:
    return (_encode(name).decode() + ":" + _json(texts)).alias(name)


def _object(members: pl.Expr) -> pl.Expr:
    return pl.lit("{") + members + pl.lit("}")
