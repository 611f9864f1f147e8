"""Events through the verbs, on every warehouse."""

import json
from decimal import Decimal as D

import pytest
from msgspec import Raw

import ingest
from ingest import BulkQuery, EventInput, EventQuery, RejectedEventQuery, VerdictKind
from ingest.event import EPOCH
from metering.measures.refusals import Invalid, Malformed, Missing
from metering.measures.shapes import Upload
from tests.conftest import NOW
from tests.ingest.conftest import reading, shift_of


def event(transaction="t1", **more):
    said = {"transaction_id": transaction, "code": "calls", "external_subscription_id": "s1"}
    return EventInput(**{**said, **more})


def upload(*events, content_type="application/json"):
    return Upload(content_type, iter([json.dumps(list(events)).encode()]))


def test_an_event_is_kept_as_it_was_sent(shift):
    """1711929599.9999999 is kept to the microsecond and shown to the millisecond; 1.0 stays 1.0."""
    made = ingest.create(
        shift,
        event(
            timestamp=Raw(b"1711929599.9999999"),
            properties={"size": Raw(b"1.0"), "name": Raw(b'"a b"'), "gone": Raw(b"null")},
            precise_total_amount_cents=Raw(b'"12345678901234567890123456.123456789012"'),
        ),
    )

    assert ingest.find(reading(shift), "t1") == ingest.find(reading(shift), "t1", "s1") == made
    assert (made.timestamp - EPOCH).total_seconds() * 1000 == 1_711_929_599_999
    assert made.properties == {"size": "1.0", "name": "a b"}
    assert made.precise_total_amount_cents == D("12345678901234567890123456.123456789012")
    assert (made.customer_id, made.subscription_id, made.created_at) == (None, None, NOW)


def test_the_first_event_of_an_id_counts(shift):
    """A second `t1` is refused even with another timestamp; for another subscription it is new."""
    first = ingest.create(shift, event())
    with pytest.raises(Invalid) as refused:
        ingest.create(shift, event(timestamp=Raw(b"5")))
    other = ingest.create(shift, event(external_subscription_id="s2", timestamp=Raw(b"5")))

    assert refused.value.details == {"transaction_id": ["value_already_exist"]}
    assert first.id != other.id
    assert first.timestamp == NOW
    work = reading(shift)
    assert ingest.find(work, "t1", "s1") == first
    assert ingest.find(work, "t1") == other


def test_a_batch_is_stored_whole_or_not_at_all(shift):
    """A stored id and one said twice refuse all four events, by position; then they are free."""
    ingest.create(shift, event("t1"))
    with pytest.raises(Invalid) as refused:
        ingest.create_batch(shift, [event("t2"), event("t1"), event("t3"), event("t3")])

    made = ingest.create_batch(shift, [event("t2"), event("t3")])

    taken = {"transaction_id": ["value_already_exist"]}
    assert refused.value.details == {"1": taken, "3": taken}
    assert [one.transaction_id for one in made] == ["t2", "t3"]
    assert ingest.browse(reading(shift), EventQuery()).meta.total_count == 3


@pytest.mark.parametrize(("size", "code"), [(0, "no_events"), (10_001, "too_many_events")])
def test_a_batch_has_one_to_ten_thousand_events(shift, size, code):
    """None, or one more than there may be."""
    with pytest.raises(Invalid) as refused:
        ingest.create_batch(shift, [event()] * size)

    assert refused.value.details == {"events": [code]}


def test_rows_of_a_body_have_verdicts_of_their_own(shift):
    """Six rows: 2 new, 3 duplicates of which one differs, 1 without a code; listed or all."""
    ingest.create(shift, event("t1", timestamp=Raw(b"5"), properties={"n": Raw(b"1")}))
    row = {"code": "calls", "external_subscription_id": "s1", "timestamp": 5}
    rows = [
        {**row, "transaction_id": "t1", "timestamp": "5.0", "properties": {"n": "1"}},
        {**row, "transaction_id": "t1", "properties": {"n": 1.0}},
        {**row, "transaction_id": "t2"},
        {**row, "transaction_id": "t2"},
        {**row, "transaction_id": "t3", "code": " "},
        {**row, "transaction_id": "t4"},
    ]

    found = ingest.bulk(shift, upload(*rows), BulkQuery())

    counts = (found.received, found.accepted, found.duplicates, found.rejected)
    assert counts == (6, 2, 3, 1)
    assert [(v.row, v.verdict, v.is_same, v.reason) for v in found.verdicts] == [
        (0, VerdictKind.duplicate, True, None),
        (1, VerdictKind.duplicate, False, None),
        (3, VerdictKind.duplicate, True, None),
        (4, VerdictKind.rejected, None, "code:value_is_mandatory"),
    ]
    again = ingest.bulk(shift, upload(*rows), BulkQuery(verdicts="all"))
    assert [v.row for v in again.verdicts] == list(range(6))
    assert (again.accepted, again.duplicates) == (0, 5)


def test_a_retry_without_a_timestamp_is_the_same_event(shift):
    """Sent an hour later, without a timestamp both times: a duplicate, and not a different one."""
    sent = {"transaction_id": "t1", "code": "calls"}
    ingest.bulk(shift, upload(sent), BulkQuery())
    later = type(shift)(**{name: getattr(shift, name) for name in shift.__struct_fields__})

    found = ingest.bulk(later, upload(sent, {**sent, "timestamp": 5}), BulkQuery())

    assert [v.is_same for v in found.verdicts] == [True, False]


def test_rejected_rows_are_kept_with_their_reason(shift):
    """Of three wrong rows, two have no code: found by their reason, with what was sent."""
    wrong = [{"transaction_id": "a"}, {"transaction_id": "b"}, {"code": "calls"}]
    ingest.bulk(shift, upload(*wrong), BulkQuery())
    work = reading(shift)

    found = ingest.rejected(work, RejectedEventQuery(reason="code:value_is_mandatory"))

    assert [json.loads(one.content)["transaction_id"] for one in found.items] == ["b", "a"]
    assert ingest.rejected(work, RejectedEventQuery()).meta.total_count == 3
    assert found.items[0].received_at == NOW


def test_nothing_of_a_body_that_cannot_be_read_is_stored(shift):
    """Broken JSON is refused before the writer hears of it."""
    with pytest.raises(Malformed):
        ingest.bulk(
            shift, Upload("application/json", iter([b'[{"transaction_id":"a","code":"c"},'])),
            BulkQuery(),
        )  # fmt: skip

    assert ingest.browse(reading(shift), EventQuery()).meta.total_count == 0


def test_a_stream_is_told_its_verdicts_at_the_end(shift):
    """2,500 events in parts of 1,000, of which the last is the first again."""
    events = (event(f"t{number % 2499}") for number in range(2500))

    found = ingest.stream(shift, events)

    assert (found.received, found.accepted, found.duplicates) == (2500, 2499, 1)
    assert [(v.row, v.transaction_id, v.is_same) for v in found.verdicts] == [(2499, "t0", True)]


def test_events_are_listed_by_time_whoever_asks_sees_its_own(shift):
    """Five events at three instants: pages by number and cursor, filters, another organization."""
    for name, at in (("a", 5), ("b", 9), ("c", 9), ("d", 7), ("e", 9)):
        code, subscription = ("calls", "s1") if name != "d" else ("bytes", "")
        more = {"code": code, "external_subscription_id": subscription}
        ingest.create(shift, event(name, timestamp=Raw(str(at).encode()), **more))
    work = reading(shift)

    def names(**query):
        return [one.transaction_id for one in ingest.browse(work, EventQuery(**query)).items]

    assert names() == ["b", "c", "e", "d", "a"]
    assert names(per_page=2, page=2) == ["e", "d"]
    cursor, walked = None, []
    while True:
        page = ingest.browse(work, EventQuery(per_page=2, cursor=cursor))
        walked += [one.transaction_id for one in page.items]
        if (cursor := page.meta.next_cursor) is None:
            break
    assert walked == names()
    assert names(code="bytes") == names(external_subscription_id="") == ["d"]
    bounds = [EPOCH.replace(second=second) for second in (7, 9)]
    assert names(timestamp_from=bounds[0], timestamp_to=bounds[0]) == ["d"]
    assert names(timestamp_from=bounds[1]) == ["b", "c", "e"]
    stranger = reading(shift_of(shift.warehouse))
    assert ingest.browse(stranger, EventQuery()).items == []
    for asked in ({"transaction_id": "a"}, {"transaction_id": "z"}):
        with pytest.raises(Missing, match="There is no event"):
            ingest.find(stranger, **asked)
    with pytest.raises(Invalid):
        names(cursor="nonsense")
