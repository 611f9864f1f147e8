"""CSV: a header that names the columns, and lines of cells, each kept as the text it is."""

import csv
import io
from collections.abc import Iterator, Sequence

import polars as pl
from msgspec import Struct

from ingest import properties
from ingest.batch import SENT
from ingest.formats import instants, model
from ingest.formats.columnar import FIELDS, named
from ingest.formats.model import BOM, PART, Format, Part, Reading, opened, too_long
from ingest.limits import Limits
from metering.measures.refusals import Malformed
from metering.measures.shapes import Upload

INVALID = "base:invalid_csv"
"""The reason of a line whose quotes are wrong, or whose cells are not as many as the columns."""

CHARSETS = ("utf-8", "utf8", "us-ascii")

WIDE = (b"\xff\xfe", b"\xfe\xff")
"""How UTF-16 begins."""

LONGEST_HEADER = 1 << 20

BETWEEN = ",;\t"
"""What may stand between cells: the first of these that is in the header does."""

csv.field_size_limit(1 << 31)  # what an event may hold is limited where blocks are read


class Header(Struct, frozen=True, kw_only=True):
    """The first line, and what follows from it."""

    text: bytes
    size: int
    """Bytes of the file that it takes."""
    delimiter: str
    columns: list[str]


class Records(Struct, kw_only=True):
    """Lines read as cells. A line that cannot be has none, and a reason."""

    cells: list[list[str]]
    texts: dict[int, str]
    """What stands where there are no cells, by place."""
    lines: int
    """How many lines were read; those behind begin a record that is not complete."""


class Csv(Format):
    """Cells, between commas, semicolons or tabs."""

    types = ("text/csv", "application/csv", "text/tab-separated-values")
    suffixes = (".csv", ".tsv")

    def read(self, body: Upload, how: Reading) -> Iterator[pl.DataFrame]:
        """Yield the events of the body: those of its columns that are no fields are properties.

        An empty cell says nothing. A quote that is opened and not closed costs its own line.
        """
        _, _, charset = body.content_type.lower().partition("charset=")
        if charset and charset.partition(";")[0].strip(' "') not in CHARSETS:
            raise Malformed("BadRequest: CSV must be in UTF-8")
        file = opened(body, how.limits)
        header = _headed(file)
        fields = named(how, (name for name in header.columns if name))
        for lines, waits in _texts(file, how.limits.event, model.BLOCK):
            records = _read(lines, header, waits)
            del lines[: records.lines]
            if records.cells:
                yield _sent(records, header, fields)

    def parts(self, file: io.BufferedIOBase, start: int, limits: Limits) -> Iterator[Part]:
        """Cut a file between records, each part with the header; a place is a byte."""
        header = _headed(file)
        at = max(start, header.size)
        file.seek(at)
        for lines, waits in _texts(file, limits.event, PART):
            count = _read(lines, header, waits).lines
            some = b"".join(lines[:count])
            del lines[:count]
            if some:
                at += len(some)
                yield Part(content_type=self.types[0], data=header.text + some, end=at)


def _headed(file: io.BufferedIOBase) -> Header:
    """Read the header.

    Raises: Malformed.
    """
    first = file.readline(LONGEST_HEADER)
    text = first.removeprefix(BOM)
    if first.startswith(WIDE) or b"\0" in text:
        raise Malformed("BadRequest: CSV must be in UTF-8")
    try:
        said = text.decode()
        delimiter = next((sign for sign in BETWEEN if sign in said), BETWEEN[0])
        (columns,) = csv.reader([said], delimiter=delimiter, strict=True)
    except (ValueError, csv.Error) as error:
        raise Malformed(f"BadRequest: the first line must name the columns: {error}") from None
    columns = [name.strip() for name in columns]
    line = text if text.endswith(b"\n") else text + b"\n"
    return Header(text=line, size=len(first), delimiter=delimiter, columns=columns)


def _texts(file: io.BufferedIOBase, longest: int, size: int) -> Iterator[tuple[list[bytes], bool]]:
    """Yield lines, those that were left among them, and whether what follows may complete them.

    Raises: TooLarge.
    """
    lines: list[bytes] = []
    tail, is_last = b"", False
    while not is_last:
        block = file.read(size)
        is_last = len(block) < size
        found = (tail + block).split(b"\n")
        tail = b"" if is_last else found.pop()
        if len(tail) > longest:
            too_long(longest)
        left = sum(map(len, lines))
        lines += [line + b"\n" for line in (found[:-1] if is_last else found)]
        lines += [found[-1]] if is_last and found[-1] else []
        yield lines, not is_last and left <= longest


def _read(lines: Sequence[bytes], header: Header, waits: bool) -> Records:
    """Read lines as records: all at once if nothing is wrong with them, else one by one."""
    try:
        texts = [f"{text}\n" for text in b"".join(lines).decode().split("\n")]
        found = csv.reader(texts[: len(lines)], delimiter=header.delimiter, strict=True)
        cells = [row for row in found if row]
        if set(map(len, cells)) <= {len(header.columns)}:
            return Records(cells=cells, texts={}, lines=len(lines))
    except (csv.Error, UnicodeDecodeError):
        pass
    return _slowly([line.decode(errors="surrogateescape") for line in lines], header, waits)


def _slowly(lines: list[str], header: Header, waits: bool) -> Records:
    """Read lines as records, one by one. Of one that is wrong, the next begins at its next line."""
    done = Records(cells=[], texts={}, lines=0)
    empty = [""] * len(header.columns)
    while done.lines < len(lines):
        start = done.lines
        found = csv.reader(_from(lines, start), delimiter=header.delimiter, strict=True)
        try:
            for row in found:
                if row:
                    is_right = len(row) == len(empty) and _is_text(row)
                    if not is_right:
                        done.texts[len(done.cells)] = _shown(
                            lines[done.lines : start + found.line_num]
                        )
                    done.cells.append(row if is_right else empty)
                done.lines = start + found.line_num
        except csv.Error:
            if start + found.line_num >= len(lines) and waits:
                return done  # what closes the quotes may come
            done.texts[len(done.cells)] = _shown(lines[done.lines : done.lines + 1])
            done.cells.append(empty)
            done.lines += 1
    return done


def _from(lines: list[str], start: int) -> Iterator[str]:
    for place in range(start, len(lines)):
        yield lines[place]


def _is_text(row: list[str]) -> bool:
    """Whether a row was UTF-8: what was none was read as halves of pairs."""
    try:
        "".join(row).encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(lines: list[str]) -> str:
    text = "".join(lines).rstrip("\r\n")
    return text.encode(errors="surrogateescape").decode(errors="replace")


def _sent(records: Records, header: Header, fields: dict[str, str]) -> pl.DataFrame:
    """Return records as a frame of `batch.SENT`."""
    size = len(records.cells)
    columns = {
        name: pl.Series(name, cells, dtype=pl.String).replace("", None)
        for name, cells in zip(header.columns, zip(*records.cells, strict=True), strict=True)
        if name
    }
    nothing = pl.repeat(None, size, dtype=pl.String, eager=True)
    found = {
        field: columns.pop(fields[field], nothing) if field in fields else nothing
        for field in FIELDS
    }
    timestamp, at = instants.parted(found["timestamp"])
    if "properties" in fields:
        sent, wrong = properties.of_json(found["properties"])
    else:
        rest = pl.DataFrame(columns)
        sent = properties.of_struct(rest.to_struct("properties")) if columns else nothing
        wrong = nothing
    content = nothing.clone()
    if records.texts:  # a series is changed in place
        places = pl.Series(list(records.texts), dtype=pl.UInt32)
        wrong = wrong.clone().scatter(places, INVALID)
        content = content.scatter(places, list(records.texts.values()))
    return pl.DataFrame({**found, "timestamp": timestamp, "properties": sent}).with_columns(
        reason=wrong, content=content, at=at,
    ).select(*SENT)  # fmt: skip
