"""A watched folder: each file once, in parts, also if the process ends in between."""

import gzip
import json
import logging

import pytest

from ingest import sources
from ingest.formats import ndjson
from ingest.limits import Limits
from metering.measures.refusals import Malformed, Unavailable
from tests.engines import execute


def lines(*names):
    """Events as NDJSON."""
    return "".join(json.dumps({"transaction_id": name, "code": "c"}) + "\n" for name in names)


def folder(path, shift, **options):
    """The source of a folder, as a server that starts has it."""
    more = "".join(f"&{name}={value}" for name, value in options.items())
    return sources.at(f"folder://{path}?organization={shift.organization}{more}", Limits())


def stored(shift):
    """The transaction ids that are stored, in the order in which they were taken in."""
    asked = "select transaction_id from events order by sequence"
    return [name for (name,) in execute(shift.warehouse, asked)]


def test_a_file_is_read_once_it_is_the_same_twice(shift, tmp_path):
    """Written in two steps between polls: nothing of it is read before the second poll after."""
    source, file = folder(tmp_path, shift), tmp_path / "deep" / "a.ndjson"
    file.parent.mkdir()
    rows = []
    for written in ("a", "b", "", "", ""):
        with file.open("a") as open_file:
            open_file.write(lines(written) if written else "")
        rows.append(sources.pull(shift, source))

    assert rows == [0, 0, 2, 0, 0]
    assert stored(shift) == ["a", "b"]


def test_what_was_read_is_remembered_by_the_warehouse(shift, tmp_path):
    """A server that starts anew reads nothing again; a file that grew is read, and counts once."""
    for name, text in (("a.ndjson", lines("a")), ("b.csv", "transaction_id,code\nb,c\n")):
        (tmp_path / name).write_text(text)
    (tmp_path / "c.ndjson.gz").write_bytes(gzip.compress(lines("c").encode()))
    for name in ("notes.txt", ".hidden.ndjson", "d.ndjson.part"):
        (tmp_path / name).write_text(lines("x"))

    counts = []
    for _ in range(2):
        source = folder(tmp_path, shift)
        counts.append([sources.pull(shift, source) for _ in range(3)])
    (tmp_path / "a.ndjson").write_text(lines("a", "d"))
    counts.append([sources.pull(shift, source) for _ in range(3)])

    assert counts == [[0, 3, 0], [0, 0, 0], [0, 2, 0]]
    assert stored(shift) == ["a", "b", "c", "d"]


def test_it_goes_on_where_it_was_interrupted(shift, tmp_path, monkeypatch):
    """Parts of one line each; stopped after two of five, a new server reads the other three."""
    monkeypatch.setattr(ndjson, "PART", 40)
    (tmp_path / "a.ndjson").write_text(lines(*"abcde"))
    source, parts = folder(tmp_path, shift), []
    sources.pull(shift, source)
    first = sources.pull(shift, source, lambda: len(parts.append(1) or parts) == 2)

    source = folder(tmp_path, shift)
    rest = [sources.pull(shift, source) for _ in range(2)]

    assert (first, rest) == (2, [0, 3])
    assert stored(shift) == list("abcde")


def test_what_could_not_be_stored_is_pulled_again(shift, tmp_path, monkeypatch):
    """The warehouse is away in the middle of a file: the next poll begins at its position."""
    monkeypatch.setattr(ndjson, "PART", 40)
    (tmp_path / "a.ndjson").write_text(lines(*"abc"))
    source = folder(tmp_path, shift)
    sources.pull(shift, source)

    with monkeypatch.context() as broken:
        receive, calls = sources.service.receive, []

        def away(*said):
            calls.append(said)
            if len(calls) == 2:
                raise Unavailable("events_not_written", "")
            return receive(*said)

        broken.setattr(sources.service, "receive", away)
        with pytest.raises(Unavailable):
            sources.pull(shift, source)

    assert sources.pull(shift, source) == 2
    assert stored(shift) == ["a", "b", "c"]


def test_a_file_that_breaks_stops_no_other_and_is_named(shift, tmp_path, caplog):
    """A JSON array that ends nowhere, before a file that is right; said once, not at each poll."""
    (tmp_path / "a.json").write_text('[{"transaction_id": "a"')
    (tmp_path / "b.ndjson").write_text(lines("b"))
    source = folder(tmp_path, shift)

    with caplog.at_level(logging.ERROR):
        counts = [sources.pull(shift, source) for _ in range(4)]

    assert counts == [0, 1, 0, 0]
    (said,) = [line for line in caplog.messages if "a.json" in line]
    assert "the array is not closed" in said


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://host/path?organization=o", "begins with one of folder, kafka"),
        ("folder:///var/in", "does not say whose events it has"),
        ("kafka://user:secret@host:1/?organization=o", "kafka://host:1/: say a topic"),
        ("kafka://host:1/t?organization=o&type=xml", "a type of json, cloudevents"),
    ],
)
def test_a_source_that_cannot_be_is_refused_when_it_is_named(url, said):
    """An unknown scheme, no organization, no topic, an unknown type; no password is repeated."""
    with pytest.raises(Malformed, match=said) as refused:
        sources.at(url, Limits())
    assert "secret" not in str(refused.value)
