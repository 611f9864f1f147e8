"""JSON events as columns of texts, each as it was sent."""

import re
from collections.abc import Callable, Sequence
from operator import attrgetter
from types import NoneType
from typing import Any

import msgspec
import polars as pl
from msgspec import Raw, Struct

from ingest import properties
from ingest.batch import MICRO
from ingest.formats import instants
from metering.measures.refusals import Malformed
from sql.types import INSTANT

MALFORMED = "base:invalid_json"
INVALID = "value_is_invalid"

ABSENT = Raw(b"")

PARTING = b"\x1e"
"""A character that stands nowhere in JSON."""

_FIELD = re.compile(r"`\$\.(\w+)")


class Sent(Struct, gc=False):
    """An event as JSON says it: a number with a point is the text that was sent."""

    transaction_id: str | None = None
    code: str | None = None
    external_subscription_id: str | None = None
    timestamp: Any = None
    properties: Raw = ABSENT
    precise_total_amount_cents: Any = None


WORDS = ("transaction_id", "code", "external_subscription_id")

FAR = 10**12
"""Seconds beyond which microseconds do not fit 64 bits for certain."""

_items = msgspec.json.Decoder(list[Raw]).decode


class Events:
    """Reads events of one kind: a Struct with the fields of `Sent`, whatever JSON calls them."""

    def __init__(self, kind: type[Sent], columns: Callable[[Sequence[Any]], pl.DataFrame]) -> None:
        self._one = msgspec.json.Decoder(kind, float_hook=str).decode
        self._lines = msgspec.json.Decoder(kind, float_hook=str).decode_lines
        self._array = msgspec.json.Decoder(list[kind], float_hook=str).decode  # type: ignore[valid-type]
        self._nothing = kind()
        self._columns = columns
        names = msgspec.structs.fields(kind)
        self._names = {field.encode_name: field.name for field in names}

    def lines(self, text: bytes) -> pl.DataFrame:
        """Return the events on the lines of a text; blank ones are none."""
        try:
            return self._columns(self._lines(text))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self.singly([line for line in text.split(b"\n") if line.strip()])

    def array(self, items: bytes) -> pl.DataFrame:
        """Return the events that stand, parted by commas, in a text.

        Raises: Malformed when it is no JSON.
        """
        text = b"[" + items + b"]"
        try:
            try:
                return self._columns(self._array(text))
            except (msgspec.ValidationError, UnicodeDecodeError):
                return self.singly(list(map(bytes, _items(text))))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Malformed(f"BadRequest: invalid JSON: {error}") from None

    def each(self, texts: Sequence[bytes]) -> pl.DataFrame:
        """Return the events that stand in texts of their own, all at once if each is one."""
        text = b"[" + b",".join(texts) + b"]"
        try:
            if list(map(bytes, _items(text))) == [one.strip() for one in texts]:
                return self._columns(self._array(text))
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            pass
        return self.singly(texts)

    def singly(self, texts: Sequence[bytes]) -> pl.DataFrame:
        """Return events read one by one, because one of them at least cannot be read."""
        events, reasons = zip(*map(self._read, texts), strict=True) if texts else ((), ())
        contents = (
            text.decode(errors="replace") if reason else None
            for text, reason in zip(texts, reasons, strict=True)
        )
        return self._columns(events).with_columns(
            reason=pl.coalesce(pl.Series(reasons, dtype=pl.String), "reason"),
            content=pl.Series(list(contents), dtype=pl.String),
        )

    def _read(self, text: bytes) -> tuple[Sent, str | None]:
        try:
            return self._one(text), None
        except msgspec.ValidationError as error:
            found = _FIELD.search(str(error))
            name = self._names.get(found[1], "base") if found else "base"
            return self._nothing, f"{name}:{INVALID}"
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return self._nothing, MALFORMED


def is_list(items: bytes) -> bool:
    """Whether a text is JSON values, parted by commas."""
    try:
        _items(b"[" + items + b"]")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def columns(events: Sequence[Sent]) -> pl.DataFrame:
    """Return events as columns of `batch.SENT`."""
    words = {word: pl.Series(_all(events, word), dtype=pl.String) for word in WORDS}
    timestamp, at = _instants(_all(events, "timestamp"))
    kept, wrong = _properties(_all(events, "properties"))
    return pl.DataFrame(words).with_columns(
        timestamp=timestamp,
        properties=kept,
        precise_total_amount_cents=_figures(_all(events, "precise_total_amount_cents")),
        reason=wrong,
        content=pl.lit(None, pl.String),
        at=at,
    )


def _all(events: Sequence[Sent], field: str) -> list[Any]:
    return list(map(attrgetter(field), events))


def _instants(sent: list[Any]) -> tuple[pl.Series, pl.Series]:
    """Return timestamps as texts, or, where all are whole seconds, as instants."""
    none = pl.repeat(None, len(sent), dtype=pl.String, eager=True)
    if set(map(type, sent)) <= {int, NoneType}:
        seconds = pl.Series(sent, dtype=pl.Int128)
        if seconds.is_between(-FAR, FAR).all():
            return none, (seconds.cast(pl.Int64) * MICRO).cast(INSTANT)
    return instants.parted(_figures(sent))


def _figures(sent: list[Any]) -> pl.Series:
    """Return numbers as the texts that were sent."""
    if sent.count(None) == len(sent):
        return pl.repeat(None, len(sent), dtype=pl.String, eager=True)
    if set(map(type, sent)) <= {str, NoneType}:
        return pl.Series(sent, dtype=pl.String)
    return pl.Series(list(map(_figure, sent)), dtype=pl.String)


def _figure(sent: Any) -> str | None:
    """Return one number as text; what is neither stays none."""
    if sent is None or isinstance(sent, str):
        return sent
    return str(sent) if type(sent) is int else "?"


def _properties(sent: list[Raw]) -> tuple[pl.Series, pl.Series]:
    """Return properties as they are stored, and what is wrong with those that are no object."""
    found = _decoded(sent)
    is_object = found.str.starts_with("{").fill_null(False)
    right = pl.repeat(None, len(sent), dtype=pl.String, eager=True)
    if is_object.all():
        return properties.column(found), right
    is_wrong = ~is_object & ~found.is_in(["", "null"]).fill_null(False)
    kept = properties.column(found.set(~is_object, properties.NOTHING))
    return kept, right.set(is_wrong, properties.WRONG)


def _decoded(sent: list[Raw]) -> pl.Series:
    """Return bytes of JSON as texts, in which no control character can stand between the others.

    What is no UTF-8 is null.
    """
    try:
        whole = pl.Series([PARTING.join(sent)], dtype=pl.Binary).cast(pl.String)
    except pl.exceptions.ComputeError:
        return pl.Series([_text(bytes(one)) for one in sent], dtype=pl.String)
    return whole.str.split(PARTING.decode()).explode().slice(0, len(sent))


def _text(sent: bytes) -> str | None:
    try:
        return sent.decode()
    except UnicodeDecodeError:
        return None


EVENTS = Events(Sent, columns)
"""Events in our own words."""
