"""JSON events as columns of texts, each as it was sent."""

import re
from collections.abc import Sequence
from operator import attrgetter

import msgspec
import polars as pl
from msgspec import Raw, Struct

from ingest import properties
from ingest.batch import SAID
from metering.measures.refusals import Malformed
from sql.types import INSTANT

MALFORMED = "base:invalid_json"
INVALID = "value_is_invalid"

ABSENT = Raw(b"")

_FIELD = re.compile(r"`\$\.(\w+)")


class Sent(Struct, gc=False):
    """An event as JSON says it; what is no text keeps the bytes that were sent."""

    transaction_id: str | None = None
    code: str | None = None
    external_subscription_id: str | None = None
    timestamp: Raw = ABSENT
    properties: Raw = ABSENT
    precise_total_amount_cents: Raw = ABSENT


_one = msgspec.json.Decoder(Sent).decode
_lines = msgspec.json.Decoder(Sent).decode_lines
_array = msgspec.json.Decoder(list[Sent]).decode
_items = msgspec.json.Decoder(list[Raw]).decode

WORDS = tuple(map(attrgetter, ("transaction_id", "code", "external_subscription_id")))
RAWS = tuple(map(attrgetter, ("timestamp", "properties", "precise_total_amount_cents")))


def lines(text: bytes) -> pl.DataFrame:
    """Return the events on the lines of a text; blank ones are none."""
    try:
        return columns(_lines(text))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return singly([line for line in text.splitlines() if line.strip()])


def array(items: bytes) -> pl.DataFrame:
    """Return the events that stand, parted by commas, in a text.

    Raises: Malformed when it is no JSON.
    """
    text = b"[" + items + b"]"
    try:
        return columns(_array(text))
    except (msgspec.ValidationError, UnicodeDecodeError):
        return singly(list(map(bytes, _items(text))))
    except (msgspec.DecodeError, RecursionError) as error:
        raise Malformed(f"BadRequest: invalid JSON: {error}") from None


def singly(texts: Sequence[bytes]) -> pl.DataFrame:
    """Return events read one by one, because one of them at least cannot be read."""
    events, reasons = zip(*map(_read, texts), strict=True) if texts else ((), ())
    contents = (
        text.decode(errors="replace") if reason else None
        for text, reason in zip(texts, reasons, strict=True)
    )
    return columns(events).with_columns(
        reason=pl.coalesce(pl.Series(reasons, dtype=pl.String), "reason"),
        content=pl.Series(list(contents), dtype=pl.String),
    )


def _read(text: bytes) -> tuple[Sent, str | None]:
    try:
        return _one(text), None
    except msgspec.ValidationError as error:
        found = _FIELD.search(str(error))
        return Sent(), f"{found[1] if found else 'base'}:{INVALID}"
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Sent(), MALFORMED


def columns(events: Sequence[Sent]) -> pl.DataFrame:
    """Return events as columns of `batch.SENT`."""
    words = [pl.Series(list(map(word, events)), dtype=pl.String) for word in WORDS]
    timestamp, sent, amount = (_texts(list(map(raw, events))) for raw in RAWS)
    is_wrong = (sent.is_null() | ~sent.str.starts_with("{")) & ~sent.is_in(["", "null"])
    kept = sent.set(is_wrong.fill_null(True) | ~sent.str.starts_with("{"), properties.NOTHING)
    frame = pl.DataFrame(
        [*words, _bare(timestamp), properties.column(kept), _bare(amount)],
        schema=SAID,
    )
    wrong = pl.when(pl.lit(is_wrong.fill_null(True))).then(pl.lit(properties.WRONG))
    return frame.with_columns(
        reason=wrong, content=pl.lit(None, pl.String), at=pl.lit(None, INSTANT)
    )


def _texts(raws: Sequence[Raw]) -> pl.Series:
    """Return bytes as texts; what is no UTF-8 is null."""
    sent = pl.Series(list(map(bytes, raws)), dtype=pl.Binary)
    try:
        return sent.cast(pl.String)
    except pl.exceptions.ComputeError:
        return pl.Series(list(map(_decoded, sent)), dtype=pl.String)


def _decoded(sent: bytes) -> str | None:
    try:
        return sent.decode()
    except UnicodeDecodeError:
        return None


def _bare(sent: pl.Series) -> pl.Series:
    """Return numbers, or texts without their quotes, or null."""
    bare = sent.fill_null("?").str.strip_chars('"')
    return bare.set(bare.is_in(["", "null"]), None)
