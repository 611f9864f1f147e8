"""An expression over columns of events: a text for each, or the reason why there is none."""

from collections.abc import Callable
from functools import reduce

import polars as pl
from msgspec import Struct

from metering.columns import SCALE
from metering.expressions import arithmetic, reasons
from metering.expressions.tree import (
    ROUNDINGS,
    Call,
    Code,
    Kind,
    Node,
    Number,
    Property,
    Text,
    Timestamp,
    kind,
    properties,
)
from metering.measures.money import WIDE as EXACT

REASON = pl.UInt32()


class Found(Struct, frozen=True):
    """A column of texts or of units of the twelfth decimal; null where something is wrong."""

    values: pl.Series
    wrong: pl.Series | None
    """The number of the reason; null where there is none. None if all is well."""


def evaluate(node: Node, events: pl.DataFrame) -> tuple[pl.Series, pl.Series | None]:
    """Return what an expression is worth for each event, and why it is worth nothing.

    Shape:   events has code, at, and properties as JSON objects of texts; out, as many texts, and
             reasons where the text is null; None if no text is.
    Rule:    what is not there and what is no number make an event's result wrong, never another's;
             `coalesce` passes over what is not there.
    """
    sheet = _Sheet(events, properties(node))
    found = sheet.text(node)
    if found.wrong is None:
        return found.values, None
    return found.values, pl.Series(sheet.told, dtype=pl.String).gather(found.wrong)


def fields(objects: pl.Series, names: set[str]) -> dict[str, pl.Series]:
    """Return properties as columns of texts; null where there is none, or it is empty."""
    if not names:
        return {}
    kept = pl.Struct([pl.Field(name, pl.String()) for name in sorted(names)])
    read = objects.str.json_decode(kept).struct.unnest()
    return {name: read[name].set(read[name] == "", None) for name in names}


class _Sheet:
    """Evaluates the parts of one expression, column by column."""

    def __init__(self, events: pl.DataFrame, names: set[str]) -> None:
        self.told: list[str] = []
        self._events = events
        self._fields = fields(events["properties"], names)
        self._missing: list[int] = []
        """The reasons that say that something is not there."""

    def number(self, node: Node) -> Found:
        """Return a part as units of the twelfth decimal."""
        if isinstance(node, Number):
            return Found(
                self._repeated(int(EXACT.scaleb(node.value, SCALE)), arithmetic.WIDE), None
            )
        if isinstance(node, Timestamp):
            micros = self._events["at"].to_physical().cast(arithmetic.WIDE)
            return Found(micros * pl.Series([arithmetic.MICRO], dtype=arithmetic.WIDE), None)
        if isinstance(node, Call) and node.name == "coalesce":
            return self._first(node, self.number)
        if isinstance(node, Call) and kind(node) == Kind.number:
            return self._computed(node)
        found = self.text(node)
        return self._checked(arithmetic.read(found.values), found.wrong, reasons.no_number(node))

    def text(self, node: Node) -> Found:
        """Return a part as texts."""
        if isinstance(node, Text):
            return Found(self._repeated(node.value, pl.String()), None)
        if isinstance(node, Code):
            return Found(self._events["code"], None)
        if isinstance(node, Property):
            return self._property(node)
        if isinstance(node, Call) and node.name == "coalesce":
            return self._first(node, self.text)
        if isinstance(node, Call) and node.name == "concat":
            return self._joined(node)
        found = self.number(node)
        return Found(arithmetic.shown(found.values), found.wrong)

    def _property(self, node: Property) -> Found:
        values = self._fields[node.name]
        before = len(self.told)
        found = self._checked(values, None, reasons.missing(node))
        self._missing += range(before, len(self.told))
        return found

    def _computed(self, node: Call) -> Found:
        parts = [self.number(part) for part in node.parts]
        columns, wrong = [part.values for part in parts], _any(parts)
        if node.name == "/":
            wrong = self._wrong(wrong, columns[1] == 0, reasons.by_zero(node))
        return self._checked(_computed(node, columns), wrong, reasons.too_large(node))

    def _joined(self, node: Call) -> Found:
        parts = [self.text(part) for part in node.parts]
        columns = [part.values for part in parts]
        size = reduce(
            lambda sum, each: sum + each.str.len_bytes(),
            columns[1:],
            columns[0].str.len_bytes().cast(pl.UInt64),
        )
        kept = [each.set(size > reasons.LONGEST, None) for each in columns]
        frame = pl.DataFrame({str(place): each for place, each in enumerate(kept)})
        made = frame.select(pl.concat_str(pl.all())).to_series()
        return self._checked(made, _any(parts), reasons.TOO_LONG)

    def _first(self, node: Call, read: Callable[[Node], Found]) -> Found:
        """Return the first part that is there. One that is wrong otherwise stays wrong."""
        found = read(node.parts[0])
        values, wrong = found.values, found.wrong
        for part in node.parts[1:]:
            if wrong is None or not (is_missing := wrong.is_in(self._missing)).any():
                break
            other = read(part)
            values = other.values.zip_with(is_missing, values)
            wrong = self._noted(other.wrong).zip_with(is_missing, wrong)
        return Found(values, wrong if wrong is not None and wrong.count() else None)

    def _checked(self, values: pl.Series, wrong: pl.Series | None, reason: str) -> Found:
        """Say why values are null that nothing has been said about, and make the others so."""
        if wrong is None and not values.null_count():
            return Found(values, None)
        noted = self._noted(self._wrong(wrong, values.is_null(), reason))
        return Found(values.set(noted.is_not_null(), None), noted)

    def _wrong(self, wrong: pl.Series | None, mask: pl.Series, reason: str) -> pl.Series | None:
        """Note a reason where `mask` holds and none is noted yet."""
        if not mask.any():
            return wrong
        known = self._noted(wrong)
        self.told.append(reason)
        return known.set(mask & known.is_null(), len(self.told) - 1)

    def _noted(self, wrong: pl.Series | None) -> pl.Series:
        return self._repeated(None, REASON) if wrong is None else wrong

    def _repeated(self, value: int | str | None, kind: pl.DataType) -> pl.Series:
        return pl.repeat(value, len(self._events), dtype=kind, eager=True)


def _any(parts: list[Found]) -> pl.Series | None:
    """Return the first reason of each row."""
    noted = [part.wrong for part in parts if part.wrong is not None]
    return (
        reduce(lambda first, then: first.zip_with(first.is_not_null(), then), noted)
        if noted
        else None
    )


def _computed(node: Call, columns: list[pl.Series]) -> pl.Series:
    if node.name in arithmetic.BINARY:
        return arithmetic.binary(node.name, *columns)
    if node.name in ROUNDINGS:
        return arithmetic.rounded(columns[0], node.name, node.digits)
    if node.name in ("min", "max"):
        frame = pl.DataFrame({str(place): part for place, part in enumerate(columns)})
        across = pl.min_horizontal if node.name == "min" else pl.max_horizontal
        return frame.select(across(pl.all())).to_series()
    return columns[0].abs() if node.name == "abs" else columns[0] * _MINUS_ONE


_MINUS_ONE = pl.Series([-1], dtype=arithmetic.WIDE)
