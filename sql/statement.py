"""Statements: every query of the warehouse is a file sql/<dialect>/<name>.sql, read here.

A statement opens with a header, which is its signature:

    -- name:    events/latest
    -- dialect: clickhouse
    -- about:   The newest event of each stream.
    -- reads:   events
    -- frames:  lines
    -- params:  organization String, start DateTime64(6, 'UTC')
    -- slots:   aggregate
    -- returns: stream Int64, quantity Decimal(38, 12)
    -- order:   stream

Params are bound by the driver. Frames are tables that the caller sends along. Slots are the only
text ever spliced in; they are written by our code, never by a request. A statement whose slot adds
columns ends its `returns` with `*`. A line that is indented continues the one above it. What a
query answers is held against `returns` each time it runs.
"""

import re
from functools import cache
from pathlib import Path
from typing import Any

import polars as pl
from msgspec import Struct

ROOT = Path(__file__).parent

KEYS = frozenset("name dialect about reads frames params slots returns order notes".split())
"""What a header may say."""

_FIELD = re.compile(r"^-- (?P<key>[a-z]+): +(?P<value>\S.*)$")
_MORE = re.compile(r"^-- {4,}(?P<value>\S.*)$")
_SLOT = re.compile(r"\{\{(\w+)\}\}")
_INNER = re.compile(r"^(?:Nullable|LowCardinality)\((?P<inner>.+)\)$")
_DECIMAL = re.compile(r"^decimal\((\d+), ?(\d+)\)$", re.IGNORECASE)
_ARRAY = re.compile(r"^Array\((?P<inner>.+)\)$|^(?P<items>.+)\[\]$")
_TYPES: dict[str, pl.DataType] = {
    "BIGINT": pl.Int64(), "INTEGER": pl.Int32(), "UBIGINT": pl.UInt64(), "VARCHAR": pl.String(),
    "BOOLEAN": pl.Boolean(), "DATE": pl.Date(),
    "TIMESTAMP WITH TIME ZONE": pl.Datetime("us", "UTC"),
    "Int64": pl.Int64(), "Int32": pl.Int32(), "UInt64": pl.UInt64(), "String": pl.String(),
    "Bool": pl.Boolean(), "Date32": pl.Date(), "DateTime64(6, 'UTC')": pl.Datetime("us", "UTC"),
}  # fmt: skip


class Statement(Struct, frozen=True):
    """One SQL file: its text and what its header promises."""

    name: str
    dialect: str
    about: str
    text: str
    reads: tuple[str, ...]
    frames: tuple[str, ...]
    params: dict[str, str]
    """The type of each parameter, in the words of the engine."""
    slots: tuple[str, ...]
    returns: dict[str, str]
    """The type of each column, in the words of the engine."""
    is_open: bool
    """Whether a slot may add columns to those of `returns`."""

    @property
    def schema(self) -> dict[str, pl.DataType]:
        """The columns of the answer as a frame has them."""
        return {column: dtype(kind) for column, kind in self.returns.items()}

    def fill(self, slots: dict[str, str]) -> str:
        """Return the text with its slots filled: every slot, and no other."""
        assert set(slots) == set(self.slots), f"{self.name} takes slots {self.slots}, got {slots}"
        return _SLOT.sub(lambda match: slots[match[1]], self.text)

    def takes(self, frames: dict[str, pl.DataFrame], params: dict[str, Any]) -> None:
        """Assert that what is sent along is what the header asks for."""
        assert set(frames) == set(self.frames), f"{self.name} takes {self.frames}, got {frames}"
        assert set(params) == set(self.params), f"{self.name} takes {self.params}, got {params}"

    def checked(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the answer, asserting that it has the columns that the header promises."""
        said = self.schema
        got = {
            name: kind for name, kind in frame.schema.items() if name in said or not self.is_open
        }
        assert got == said, f"{self.dialect}/{self.name} promised {said}, answered {got}"
        return frame


@cache
def statement(dialect: str, name: str) -> Statement:
    """Read sql/<dialect>/<name>.sql once, and keep it."""
    text = (ROOT / dialect / f"{name}.sql").read_text()
    header = _header(text)
    unknown = set(header) - KEYS
    assert not unknown, f"{dialect}/{name}: a header does not say {unknown}"
    assert (header["dialect"], header["name"]) == (dialect, name), f"{dialect}/{name}: {header}"
    returns = _list(header["returns"])
    return Statement(
        name=name,
        dialect=dialect,
        about=header["about"],
        text=text,
        reads=_list(header.get("reads", "")),
        frames=_list(header.get("frames", "")),
        params=_typed(_list(header.get("params", ""))),
        slots=_list(header.get("slots", "")),
        returns=_typed(tuple(column for column in returns if column != "*")),
        is_open="*" in returns,
    )


def migrations(dialect: str) -> list[tuple[str, list[str]]]:
    """Return the migrations of an engine in order: a name, and its statements."""
    files = sorted((ROOT / dialect / "migrations").glob("*.sql"))
    return [(file.stem, _statements(file.read_text())) for file in files]


def dtype(kind: str) -> pl.DataType:
    """Return the column type of a frame for a type in the words of either engine.

    >>> dtype("Nullable(Decimal(38, 12))")
    Decimal(precision=38, scale=12)
    """
    if match := _INNER.match(kind):
        return dtype(match["inner"])
    if match := _DECIMAL.match(kind):
        return pl.Decimal(int(match[1]), int(match[2]))
    if match := _ARRAY.match(kind):
        return pl.List(dtype(match["inner"] or match["items"]))
    return _TYPES[kind]


def _header(text: str) -> dict[str, str]:
    header: dict[str, str] = {}
    last = ""
    for line in text.splitlines():
        if match := _FIELD.match(line):
            last = match["key"]
            header[last] = match["value"].strip()
        elif (match := _MORE.match(line)) and last:
            header[last] += f" {match['value'].strip()}"
        else:
            break
    return header


def _list(line: str) -> tuple[str, ...]:
    """Split at top-level commas: "a Decimal(38, 12), b String" has two parts."""
    return tuple(part.strip() for part in re.split(r",(?![^(]*\))", line) if part.strip())


def _typed(columns: tuple[str, ...]) -> dict[str, str]:
    pairs = (column.partition(" ") for column in columns)
    return {name: kind for name, _, kind in pairs}


def _statements(text: str) -> list[str]:
    """Split a migration at the semicolons that end a line."""
    bare = "\n".join(line for line in text.splitlines() if not line.startswith("--"))
    return [part.strip() for part in re.split(r";\s*(?:\n|$)", bare) if part.strip()]
