"""JSON: an array of events, or an object whose `events` is one, of any length."""

import re
from collections.abc import Iterator

import polars as pl

from ingest.formats import texts
from ingest.formats.model import LONGEST, Format, blocks
from metering.measures.refusals import Malformed, TooLarge
from metering.measures.shapes import Upload

START = re.compile(rb'\s*(?:\{\s*"events"\s*:\s*)?\[')

BETWEEN = re.compile(rb"\}\s*,\s*$")
"""What stands before an event that follows another."""

NEAR = 64
"""Bytes that are looked at for it."""

TRIES = 32
"""Places that are tried as the end of an event before more is read."""


class Json(Format):
    """An array."""

    types = ("application/json",)

    def read(self, body: Upload) -> Iterator[pl.DataFrame]:
        """Yield the events of the body.

        The array is cut before the last event that begins in what was read so far. Whether a place
        is such a beginning, and not a brace inside an event, shows when what precedes it is read: a
        part of a JSON value is never a whole one.
        """
        rest, is_open = b"", False
        for block in blocks(body):
            rest += block
            if not is_open:
                if (found := START.match(rest)) is None:
                    continue
                rest, is_open = rest[found.end() :], True
                closing = b"]}" if b"{" in found[0] else b"]"
            if (cut := _cut(rest)) is not None:
                frame, place = cut
                yield frame
                rest = rest[place:]
            elif len(rest) > LONGEST:
                raise TooLarge(f"BadRequest: an event is larger than {LONGEST >> 20} MB")
        if not is_open:
            raise Malformed('BadRequest: the body must be an array of events, or {"events": […]}')
        if last := _ended(rest, closing):
            yield texts.array(last)


def _cut(rest: bytes) -> tuple[pl.DataFrame, int] | None:
    """Return the events that are complete, and where the next one begins."""
    place = len(rest)
    for _ in range(TRIES):
        place = rest.rfind(b"{", 0, place)
        if place <= 0:
            return None
        near = max(place - NEAR, 0)
        if (found := BETWEEN.search(rest, near, place)) is None:
            continue
        try:
            return texts.array(rest[: found.start() + 1]), place
        except Malformed:
            continue
    return None


def _ended(rest: bytes, closing: bytes) -> bytes:
    """Return what stands before the end of the array, which must be there.

    Raises: Malformed.
    """
    text = rest.rstrip()
    for sign in reversed(closing):
        if not text.endswith(bytes([sign])):
            raise Malformed("BadRequest: invalid JSON: the array is not closed")
        text = text[:-1].rstrip()
    return text
