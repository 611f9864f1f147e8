"""JSON: an array of events, or an object whose `events` is one, of any length."""

import io
import re
from collections.abc import Iterator
from typing import ClassVar

import polars as pl

from ingest.formats import model, texts
from ingest.formats.model import BOM, PART, Format, Part, Reading, blocks, opened, too_long
from ingest.limits import Limits
from metering.measures.refusals import Malformed
from metering.measures.shapes import Upload

BETWEEN = re.compile(rb"\}\s*,\s*$")
"""What stands before an event that follows another."""

NEAR = 64
"""Bytes that are looked at for it."""

TRIES = 32
"""Places that are tried as the end of an event before more is read."""


class Json(Format):
    """An array."""

    types: ClassVar[tuple[str, ...]] = ("application/json",)
    suffixes: ClassVar[tuple[str, ...]] = (".json",)

    start: ClassVar = re.compile(rb'\s*(?:\{\s*"events"\s*:\s*)?\[')
    said: ClassVar = 'an array of events, or {"events": […]}'
    events: ClassVar = texts.EVENTS

    def read(self, body: Upload, how: Reading) -> Iterator[pl.DataFrame]:
        """Yield the events of the body."""
        file = opened(body, how.limits)
        for items, _ in self._cuts(file, how.limits.event, None):
            yield self.events.array(items)

    def parts(self, file: io.BufferedIOBase, start: int, limits: Limits) -> Iterator[Part]:
        """Cut a file between events; a place is a byte of the text."""
        for items, end in self._cuts(file, limits.event, PART, start):
            yield Part(content_type=self.types[0], data=b"[" + items + b"]", end=end)

    def _cuts(
        self, file: io.BufferedIOBase, longest: int, size: int | None, start: int = 0
    ) -> Iterator[tuple[bytes, int]]:
        """Yield events as they stand between the brackets, and the place behind them.

        The array is cut before the last event that begins in what was read so far. Whether a place
        is such a beginning, and not a brace inside an event, shows when what precedes it is read: a
        part of a JSON value is never a whole one.
        """
        rest, closing, at = b"", b"", 0
        size = size or model.BLOCK
        for block in blocks(file, size):
            rest += block
            if not closing:
                if (found := self.start.match(rest.removeprefix(BOM))) is None:
                    continue
                closing = b"]}" if b"{" in found[0] else b"]"
                at = found.end() + (len(BOM) if rest.startswith(BOM) else 0)
                rest = rest[at:]
                if start > at:  # the brackets were read: what follows them was sent already
                    file.seek(start)
                    rest, at = b"", start
                    continue
            if len(block) < size:  # the end: all that is left is complete
                continue
            if (place := self._cut(rest)) is not None:
                at += place
                yield rest[:place].rstrip().removesuffix(b","), at
                rest = rest[place:]
            elif len(rest) > longest:
                too_long(longest)
        if not closing:
            raise Malformed(f"BadRequest: the body must be {self.said}")
        if last := _ended(rest, closing):
            yield last, at + len(rest)

    def _cut(self, rest: bytes) -> int | None:
        """Return where the last event begins; those before it are complete."""
        place = len(rest)
        for _ in range(TRIES):
            place = rest.rfind(b"{", 0, place)
            if place <= 0:
                return None
            near = max(place - NEAR, 0)
            if (found := BETWEEN.search(rest, near, place)) is None:
                continue
            if texts.is_list(rest[: found.start() + 1]):
                return place
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
