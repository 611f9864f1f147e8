"""Formats: the same events, however they are written down, packed and cut into chunks."""

import gzip
import io
import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal as D

import polars as pl
import pyarrow as pa
import pytest
from backports import zstd

from ingest import batch, formats
from ingest.formats import model
from ingest.limits import Limits
from metering.measures.refusals import Malformed, TooLarge
from metering.measures.shapes import Upload
from tests.conftest import NOW

START = datetime(2024, 3, 31, 23, 59, 59, tzinfo=UTC)

EVENTS = [
    {
        "transaction_id": f"t{number}",
        "code": "calls",
        "external_subscription_id": f"s{number % 7}",
        "timestamp": f"{int(START.timestamp()) + number}.25",
        "properties": {"region": "eu", "n": number},
        "precise_total_amount_cents": "1.50",
    }
    for number in range(500)
]


def read(content_type, body, encoding="", size=1 << 16, **how):
    """Read a body that arrives in chunks of `size`, and check its rows."""
    chunks = (body[at : at + size] for at in range(0, len(body), size))
    frames = formats.of(content_type).read(
        Upload(content_type, chunks, encoding), formats.Reading(**how)
    )
    place, found = 0, []
    for frame in frames:
        found.append(batch.checked(frame, place, NOW))
        place += len(frame)
    return found


def rows(*said, **more):
    return pl.concat(found.rows for found in read(*said, **more))


def ipc(table, **options):
    file = io.BytesIO()
    with pa.ipc.new_stream(file, table.schema, options=pa.ipc.IpcWriteOptions(**options)) as out:
        out.write_table(table, max_chunksize=200)
    return file.getvalue()


def arrow(properties):
    columns = {name: [event[name] for event in EVENTS] for name in EVENTS[0]}
    stamps = [START + timedelta(seconds=number, milliseconds=250) for number in range(500)]
    return pa.table({
        **columns,
        "timestamp": pa.array(stamps, pa.timestamp("ms", "Europe/Paris")),
        "properties": properties,
        "precise_total_amount_cents": pa.array([D("1.50")] * 500),
    })  # fmt: skip


COMPACT = json.dumps(EVENTS, separators=(",", ":")).encode()
LINES = b"\n".join(json.dumps(event).encode() for event in EVENTS)
EXPECTED = rows("application/json", COMPACT)

WRITTEN = {
    "spaces": ("application/json", json.dumps(EVENTS, indent=2).encode(), ""),
    "root": ("application/json; charset=utf-8", b' {"events" : ' + COMPACT + b" }\n", ""),
    "gzip": ("application/json", gzip.compress(COMPACT), "gzip"),
    "ndjson": ("application/x-ndjson", LINES, ""),
    "ndjson ends": ("application/x-ndjson", b"\r\n\n" + LINES + b"\n\n", ""),
    "zstd": ("application/x-ndjson", zstd.compress(LINES), "zstd"),
    "arrow struct": (
        "application/vnd.apache.arrow.stream",
        ipc(arrow([event["properties"] for event in EVENTS])), "",
    ),
    "arrow map": (
        "application/vnd.apache.arrow.stream",
        ipc(arrow(pa.array(
            [[("region", "eu"), ("n", str(number))] for number in range(500)],
            pa.map_(pa.string(), pa.string()),
        ))), "",
    ),
    "arrow text": (
        "application/vnd.apache.arrow.stream",
        ipc(arrow([json.dumps(event["properties"]) for event in EVENTS]), compression="zstd"), "",
    ),
}  # fmt: skip


def test_the_events_are_the_500_that_were_written():
    """The oracle of the other tests: instants, properties and amounts of JSON."""
    assert len(EXPECTED) == 500
    assert EXPECTED.row(3) == (
        "s3", "t3", "calls", START + timedelta(seconds=3, milliseconds=250), True,
        '{"region":"eu","n":"3"}', D("1.50"),
    )  # fmt: skip


@pytest.mark.parametrize("size", [7, 1000, 1 << 20])
@pytest.mark.parametrize("written", WRITTEN)
def test_every_way_to_write_events_says_the_same(written, size, monkeypatch):
    """Nine ways, in chunks of 7 bytes and of all, read in blocks of 5,000 bytes."""
    monkeypatch.setattr(model, "BLOCK", 5_000)

    assert rows(*WRITTEN[written], size=size).equals(EXPECTED)


def test_an_array_is_cut_between_events_and_nowhere_else(monkeypatch):
    """Nested arrays of objects, and texts that look like the end of an event, in blocks of 64."""
    monkeypatch.setattr(model, "BLOCK", 64)
    nested = {"list": [{"a": 1}, {"a": 2}], "text": '},{"transaction_id":"x"},{', "q": '\\"}, {'}
    events = [{"transaction_id": f"t{n}", "code": "c", "properties": nested} for n in range(20)]

    found = rows("application/json", json.dumps(events).encode())

    assert found["transaction_id"].to_list() == [f"t{n}" for n in range(20)]
    assert json.loads(found["properties"][7])["text"] == nested["text"]
    assert json.loads(json.loads(found["properties"][7])["list"]) == nested["list"]


def test_rows_that_cannot_be_read_stop_no_other():
    """Six kinds of wrong lines between two right ones, each with its place, reason and text."""
    lines = [
        b'{"transaction_id":"a","code":"c"}', b"not json", b'{"transaction_id":5,"code":"c"}',
        b'{"transaction_id":"b","code":"c","properties":[1]}', b"[]",
        b'{"transaction_id":"b","code":"c","properties":{"a":"\xff"}}', b'{"code":"c"}',
        b'{"transaction_id":"d","code":"c","timestamp":"2024-03-01"}',
        b'{"transaction_id":"z","code":"c"}',
    ]  # fmt: skip

    (found,) = read("application/x-ndjson", b"\n".join(lines) + b"\n")

    assert found.places.to_list() == [0, 8]
    assert found.rejected.select("row", "reason").rows() == [
        (1, "base:invalid_json"),
        (2, "transaction_id:value_is_invalid"),
        (3, "properties:value_is_invalid"),
        (4, "base:value_is_invalid"),
        (5, "properties:value_is_invalid"),
        (6, "transaction_id:value_is_mandatory"),
        (7, "timestamp:invalid_format"),
    ]
    assert found.rejected["content"][0] == "not json"
    assert found.rejected["transaction_id"].to_list()[2] == "b"


@pytest.mark.parametrize(
    ("content_type", "body", "encoding"),
    [
        ("application/json", b"", ""),
        ("application/json", b'{"transaction_id":"a"}', ""),
        ("application/json", b'[{"transaction_id":"a","code":"c"}', ""),
        ("application/json", b'{"events":[{"transaction_id":"a","code":"c"}]', ""),
        ("application/json", b'[{"transaction_id":"a" "code":"c"}]', ""),
        ("application/json", b'[{"transaction_id":"a","code":"c"},]', ""),
        ("application/json", b"[1", "gzip"),
        ("application/json", gzip.compress(COMPACT)[:-20], "gzip"),
        ("application/json", b"[]", "br"),
        ("application/vnd.apache.arrow.stream", b"not arrow", ""),
        ("application/vnd.apache.arrow.stream", ipc(pa.table({"transaction_id": [1]})), ""),
        ("application/vnd.apache.arrow.stream", ipc(arrow([1] * 500)), ""),
        ("text/plain", b"hello", ""),
        ("", b"[]", ""),
    ],
)
def test_a_body_that_is_none_is_refused(content_type, body, encoding):
    """Broken JSON, a broken or unknown packing, wrong column types, an unknown Content-Type."""
    with pytest.raises(Malformed):
        read(content_type, body, encoding)


def test_an_event_of_any_size_is_not_taken(monkeypatch):
    """With a limit of 1 MB: a text of 3 MB is too large, in either way of writing."""
    limits = Limits(event=1 << 20)
    monkeypatch.setattr(model, "BLOCK", 1 << 18)
    long = json.dumps([{"transaction_id": "x" * (3 << 20), "code": "c"}]).encode()

    for content_type, body in (("application/json", long), ("application/x-ndjson", long[1:-1])):
        with pytest.raises(TooLarge):
            read(content_type, body, limits=limits)


def test_no_events_are_none():
    """An empty array, blank lines, an Arrow stream without batches."""
    empty = ipc(pa.table({"transaction_id": pa.array([], pa.string())}))

    assert sum(len(found.rows) for found in read("application/json", b"[ ]")) == 0
    assert read("application/x-ndjson", b"\n \n") == []
    assert sum(len(f.rows) for f in read("application/vnd.apache.arrow.stream", empty)) == 0
