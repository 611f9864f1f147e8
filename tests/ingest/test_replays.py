"""Rejected rows that come again: through the same door, once, and off the list once they count."""

import json

import pytest
from msgspec import Raw

import ingest
from ingest import BulkQuery, EventQuery, RejectedEventQuery, replays
from ingest.requests import EventMending, RejectedEventFilter
from metering.measures.refusals import Missing
from metering.measures.shapes import Upload
from tests.conftest import NOW
from tests.engines import execute
from tests.ingest.conftest import reading, shift_of
from tests.ingest.test_service import upload

BROKEN = {"transaction_id": "t1", "timestamp": "yesterday", "code": "calls"}
MENDED = EventMending(timestamp=Raw(b'"5"'))


def waiting(shift, **more):
    """What still waits, the latest first."""
    return ingest.rejected(reading(shift), RejectedEventQuery(**more))


def test_a_row_keeps_all_that_was_sent_of_it(shift):
    """Thirty digits, nested values and the subscription are what is stored after the mending."""
    number = "123456789012345678.123456789012"
    body = (
        '[{"transaction_id":"t1","timestamp":"yesterday","code":"calls","external_subscription_id":'
        f'"s","precise_total_amount_cents":{number},"properties":{{"n":1.0,"a":{{"b":[1]}}}}}}]'
    )
    ingest.bulk(shift, Upload("application/json", iter([body.encode()])), BulkQuery())
    (row,) = waiting(shift).items

    told = ingest.replay(shift, row.id, MENDED)

    assert (told.replayed, told.accepted) == (1, 1)
    event = ingest.find(reading(shift), "t1", "s")
    assert event.properties == {"n": "1.0", "a": '{"b":[1]}'}
    assert str(event.precise_total_amount_cents) == number
    assert event.timestamp.timestamp() == 5


def test_a_line_that_was_no_json_is_mended_whole(shift):
    """Its content is what was sent; all of an event is said in its place."""
    ingest.bulk(shift, Upload("application/x-ndjson", iter([b"{broken\n"])), BulkQuery())
    (row,) = waiting(shift).items
    assert (row.content, row.reason) == ("{broken", "base:invalid_json")
    assert ingest.replay(shift, row.id).rejected == 1

    said = EventMending(transaction_id="t1", code="calls", properties={"n": Raw(b"2")})
    assert ingest.replay(shift, row.id, said).accepted == 1

    event = ingest.find(reading(shift), "t1")
    assert (event.properties, event.timestamp) == ({"n": "2"}, NOW)


def test_many_are_replayed_in_parts_and_those_that_stay_wrong_wait(shift, monkeypatch):
    """Of 25 rows, 4 at a time, ten have the filter's code; three of them have no id and stay."""
    monkeypatch.setattr(replays, "MOST", 4)
    rows = [
        {"code": "calls" if n < 10 else "other", "timestamp": "never",
         "transaction_id": f"t{n}" if n >= 3 else ""}
        for n in range(25)
    ]  # fmt: skip
    ingest.bulk(shift, upload(*rows), BulkQuery())

    told = ingest.replay_all(shift, RejectedEventFilter(code="calls"), MENDED)

    assert (told.replayed, told.accepted, told.rejected) == (10, 7, 3)
    assert {one.reason for one in told.verdicts} == {"transaction_id:value_is_mandatory"}
    assert waiting(shift).meta.total_count == 18
    assert waiting(shift, replayed=True).meta.total_count == 7
    assert ingest.browse(reading(shift), EventQuery()).meta.total_count == 7
    assert len(execute(shift.warehouse, "select id from rejected_events")) == 25, (
        "none is kept twice"
    )


def test_a_crash_before_the_row_left_the_list_counts_nothing_twice(shift, monkeypatch):
    """The event was accepted, the process died; the next replay finds it there."""
    ingest.bulk(shift, upload(BROKEN), BulkQuery())
    (row,) = waiting(shift).items
    append = shift.warehouse.append

    def dying(tables, token):
        if "replays" in tables:
            raise SystemExit
        append(tables, token)

    monkeypatch.setattr(shift.warehouse, "append", dying)
    with pytest.raises(SystemExit):
        ingest.replay(shift, row.id, MENDED)
    monkeypatch.undo()
    assert waiting(shift).meta.total_count == 1

    again = ingest.replay(shift, row.id, MENDED)

    assert (again.duplicates, [one.is_same for one in again.verdicts]) == (1, [True])
    assert waiting(shift).meta.total_count == 0
    assert ingest.replay(shift, row.id, MENDED).replayed == 0
    assert ingest.browse(reading(shift), EventQuery()).meta.total_count == 1


def test_a_row_whose_id_another_event_took_stays(shift):
    """It can never count: it is a duplicate that is not the same, and is still shown."""
    ingest.bulk(shift, upload(BROKEN, {**BROKEN, "timestamp": 9}), BulkQuery())
    (row,) = waiting(shift).items

    told = ingest.replay(shift, row.id, MENDED)

    assert (told.duplicates, [one.is_same for one in told.verdicts]) == (1, [False])
    assert waiting(shift).meta.total_count == 1


def test_rows_are_found_by_what_they_say_and_by_nobody_else(shift):
    """By reason, code, subscription and time; another organization sees, and replays, none."""
    one = {**BROKEN, "external_subscription_id": "s1"}
    ingest.bulk(shift, upload(one, {"transaction_id": "t2"}), BulkQuery())

    for said, size in (
        ({"code": "calls"}, 1), ({"code": "x"}, 0), ({"external_subscription_id": "s1"}, 1),
        ({"external_subscription_id": ""}, 1), ({"reason": "timestamp:invalid_format"}, 1),
        ({"received_from": NOW, "received_to": NOW}, 2),
        ({"received_to": NOW.replace(year=2000)}, 0),
    ):  # fmt: skip
        assert waiting(shift, **said).meta.total_count == size, said
    row = waiting(shift).items[0]
    assert json.loads(row.content)["transaction_id"] == "t2"
    other = shift_of(shift.warehouse)
    assert waiting(other).meta.total_count == 0
    assert ingest.replay_all(other, event=MENDED).replayed == 0
    with pytest.raises(Missing) as refused:
        ingest.replay(other, row.id)
    assert refused.value.code == "rejected_event_not_found"
