"""CloudEvents: one or a batch, in the words of their specification."""

import json
from datetime import UTC, datetime
from decimal import Decimal as D

import pytest

from metering.measures.refusals import Malformed
from tests.ingest.formats.reading import read, rows, wrong

ONE, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"

EVENT = {
    "specversion": "1.0", "id": "e1", "source": "/gateway/7", "type": "calls", "subject": "s1",
    "time": "2024-03-31T23:59:59.25Z", "datacontenttype": "application/json",
    "data": {"region": "eu", "n": 1.0}, "comexampleextension": 5,
}  # fmt: skip


def test_an_event_says_its_fields_in_other_words():
    """id, type, subject, time, data; and the amount of a dynamic charge as an extension."""
    sent = {**EVENT, "precisetotalamountcents": "1.50"}

    (found,) = rows(ONE, json.dumps(sent).encode()).rows()

    at = datetime(2024, 3, 31, 23, 59, 59, 250_000, tzinfo=UTC)
    assert found == ("s1", "e1", "calls", at, True, '{"region":"eu","n":"1.0"}', D("1.50"))


def test_a_batch_is_an_array_of_them():
    """300 events; also without subject, time and data."""
    batch = [{**EVENT, "id": f"e{place}"} for place in range(300)]
    bare = {name: EVENT[name] for name in ("specversion", "id", "source", "type")}

    assert rows(BATCH, json.dumps(batch).encode())["transaction_id"].to_list() == [
        f"e{place}" for place in range(300)
    ]
    (found,) = rows(f"{BATCH}; charset=utf-8", json.dumps([bare]).encode()).rows()
    assert found[0] == ""
    assert (found[4], found[5]) == (False, "{}")


def test_what_is_wrong_is_said_in_our_words():
    """No version, another one, no id, an id that is a number, packed data, data that is a text."""
    batch = [
        {**EVENT, "specversion": None}, {**EVENT, "specversion": "0.3"}, {**EVENT, "id": ""},
        {**EVENT, "id": 5}, {**EVENT, "data_base64": "AAAA"}, {**EVENT, "data": "text"},
        {**EVENT, "time": "yesterday"}, EVENT,
    ]  # fmt: skip

    found = wrong(BATCH, json.dumps(batch).encode())

    assert [said[:2] for said in found] == [
        (0, "specversion:value_is_mandatory"),
        (1, "specversion:value_is_invalid"),
        (2, "transaction_id:value_is_mandatory"),
        (3, "transaction_id:value_is_invalid"),
        (4, "properties:value_is_invalid"),
        (5, "properties:value_is_invalid"),
        (6, "timestamp:invalid_format"),
    ]


@pytest.mark.parametrize(
    ("content_type", "body"),
    [(ONE, b""), (ONE, b"["), (ONE, b"{},{}"), (BATCH, b"{}"), (BATCH, b'{"events": []}')],
)
def test_a_body_that_is_none_is_refused(content_type, body):
    """Nothing, half an array, two at once, and what is no array."""
    with pytest.raises(Malformed):
        read(content_type, body)
