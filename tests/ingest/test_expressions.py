"""Properties that metrics compute: through every verb that takes events, on every warehouse."""

import json
from contextlib import contextmanager

import pytest
from msgspec import Raw
from msgspec.structs import replace

import ingest
from ingest import BulkQuery, EventInput, EventQuery, RejectedEventQuery, SampleEvent
from metering import metrics
from metering.measures.refusals import Invalid, Unavailable
from metering.measures.shapes import Upload
from metering.metrics import AggregationType, BillableMetricInput, BillableMetricUpdate
from sql.work import Work
from tests.conftest import NOW
from tests.ingest.conftest import metrics_ledger, reading

MISSING = "expression_evaluation_failed: event.properties.mb is missing"


@contextmanager
def catalogue(shift):
    """Work on the metrics of a shift's organization; what was known of them is forgotten."""
    with metrics_ledger().transaction(shift.organization) as rows:
        yield Work(organization=shift.organization, now=NOW, rows=rows, warehouse=shift.warehouse)
    ingest.forget(shift.organization)


def metric(shift, code="gb", expression="event.properties.mb / 1024", field_name="gb", **more):
    with catalogue(shift) as work:
        metrics.create(
            work,
            BillableMetricInput(
                name=code, code=code, aggregation_type=AggregationType.sum_agg,
                field_name=field_name, expression=expression, **more,
            ),
        )  # fmt: skip


def event(transaction="t1", code="gb", properties=None, **more):
    sent = {name: Raw(json.dumps(said).encode()) for name, said in (properties or {}).items()}
    return EventInput(
        transaction_id=transaction, code=code, external_subscription_id="s", properties=sent, **more
    )


def kept(shift):
    """The properties of all events, by transaction."""
    found = ingest.browse(reading(shift), EventQuery()).items
    return {each.transaction_id: each.properties for each in found}


def lines(*events):
    said = [
        {"transaction_id": id, "code": code, "external_subscription_id": "s", "properties": sent}
        for id, code, sent in events
    ]
    body = b"\n".join(json.dumps(each).encode() for each in said)
    return Upload("application/x-ndjson", iter([body]))


def test_what_is_computed_replaces_what_was_sent(shift):
    """512 MB are 0.5 GB whatever `gb` was sent; events of other codes stay as they are."""
    metric(shift)
    sent = {"mb": "512", "gb": 7}

    alone = ingest.create(shift, event("t1", properties=sent))
    some = ingest.create_batch(
        shift, [event("t2", properties={"mb": 1}), event("t3", "calls", properties=sent)]
    )
    told = ingest.bulk(shift, lines(("t4", "gb", sent), ("t5", "calls", sent)), BulkQuery())
    ingest.stream(shift, iter([event("t6", properties={"mb": 2048})]))

    assert alone.properties == {"mb": "512", "gb": "0.5"}
    assert [each.properties for each in some] == [
        {"mb": "1", "gb": "0.0009765625"}, {"mb": "512", "gb": "7"},
    ]  # fmt: skip
    assert (told.accepted, told.verdicts) == (2, [])
    assert kept(shift) == {
        "t1": {"mb": "512", "gb": "0.5"}, "t2": {"mb": "1", "gb": "0.0009765625"},
        "t3": {"mb": "512", "gb": "7"}, "t4": {"mb": "512", "gb": "0.5"},
        "t5": {"mb": "512", "gb": "7"}, "t6": {"mb": "2048", "gb": "2"},
    }  # fmt: skip


def test_what_cannot_be_computed_is_refused_in_words(shift):
    """One event: a sentence; a batch: by position, and nothing of it is kept."""
    metric(shift)
    with pytest.raises(Invalid) as one:
        ingest.create(shift, event())
    wrong = [event("t2"), event("t3", properties={"mb": "x"})]
    with pytest.raises(Invalid) as batch:
        ingest.create_batch(shift, [event("t1", properties={"mb": 1}), *wrong])

    assert (one.value.code, one.value.details) == ("validation_errors", MISSING)
    assert batch.value.details == {
        "1": MISSING, "2": "expression_evaluation_failed: event.properties.mb is not a number"
    }  # fmt: skip
    assert kept(shift) == {}


def test_a_row_that_cannot_be_computed_is_rejected_alone(shift):
    """Of three rows one is refused, listed with its reason, and kept as it was sent."""
    metric(shift)
    told = ingest.bulk(
        shift,
        lines(("t1", "gb", {"mb": 1024}), ("t2", "gb", {"gb": "9"}), ("t3", "gb", {"mb": 2048})),
        BulkQuery(),
    )

    assert (told.accepted, told.rejected) == (2, 1)
    (verdict,) = told.verdicts
    assert (verdict.row, verdict.transaction_id, verdict.verdict) == (1, "t2", "rejected")
    assert verdict.reason == f"properties:{MISSING}"
    assert kept(shift) == {"t1": {"mb": "1024", "gb": "1"}, "t3": {"mb": "2048", "gb": "2"}}
    (row,) = ingest.rejected(reading(shift), RejectedEventQuery()).items
    assert json.loads(json.loads(row.content)["properties"]) == {"gb": "9"}


def test_a_rejected_row_is_computed_when_it_is_sent_again(shift):
    """Refused without `mb`; mended with 512 it is half a GB, mended with a text it stays."""
    metric(shift)
    ingest.bulk(shift, lines(("t1", "gb", {})), BulkQuery())
    (row,) = ingest.rejected(reading(shift), RejectedEventQuery()).items

    def again(mb):
        return ingest.replay(shift, row.id, ingest.EventMending(properties={"mb": Raw(mb)}))

    wrong, right = again(b'"x"'), again(b"512")

    assert (wrong.rejected, right.accepted) == (1, 1)
    assert wrong.verdicts[0].reason.endswith("event.properties.mb is not a number")
    assert kept(shift) == {"t1": {"mb": "512", "gb": "0.5"}}


def test_an_event_sent_again_is_the_same(shift):
    """The second is a duplicate that equals the first: both were computed alike."""
    metric(shift)
    ingest.bulk(shift, lines(("t1", "gb", {"mb": 1024})), BulkQuery())
    told = ingest.bulk(shift, lines(("t1", "gb", {"mb": 1024})), BulkQuery())

    assert [(each.verdict, each.is_same) for each in told.verdicts] == [("duplicate", True)]


def test_several_metrics_compute_of_one_event(shift):
    """Two properties from one event, each from what was sent: 2 and 3, not 2 and 4."""
    metric(shift, "gb", "event.properties.n + 1", "n")
    metric(shift, "files", "event.properties.n + 2", "m", event_code="gb")

    made = ingest.create(shift, event(properties={"n": 1}))

    assert made.properties == {"n": "2", "m": "3"}


def test_a_change_counts_for_the_events_after_it(shift):
    """Halved, then doubled, then deleted; what is stored stays as it was."""
    metric(shift, expression="event.properties.mb / 2")
    ingest.create(shift, event("t1", properties={"mb": 1}))
    with catalogue(shift) as work:
        metrics.update(
            work, "gb", BillableMetricUpdate(expression="event.properties.mb * 2"), is_used=False
        )
    ingest.create(shift, event("t2", properties={"mb": 1}))
    with catalogue(shift) as work:
        metrics.delete(work, "gb")
    ingest.create(shift, event("t3", properties={"mb": 1}))

    assert kept(shift) == {
        "t1": {"mb": "1", "gb": "0.5"}, "t2": {"mb": "1", "gb": "2"}, "t3": {"mb": "1"}
    }  # fmt: skip


def test_the_ledger_is_asked_once_and_need_not_answer_again(shift):
    """Of three events one asks; when the plan has aged and the ledger is gone, it goes on."""
    asked = []

    def counted():
        asked.append(1)
        return shift.look()

    def gone():
        raise OSError("no ledger")

    metric(shift)
    known, lost = replace(shift, look=counted), replace(shift, look=gone)
    for id in ("t1", "t2", "t3"):
        ingest.create(known, event(id, properties={"mb": 1024}))
    until, plan = ingest.expressions._known[shift.organization]
    ingest.expressions._known[shift.organization] = 0, plan
    ingest.create(lost, event("t4", properties={"mb": 1024}))
    ingest.forget(shift.organization)
    with pytest.raises(Unavailable) as unknown:
        ingest.create(lost, event("t5", properties={"mb": 1024}))

    assert (len(asked), until > 0) == (1, True)
    assert kept(shift)["t4"] == {"mb": "1024", "gb": "1"}
    assert unknown.value.code == "expressions_not_read"


def test_a_sandbox_asks_each_time(shift):
    """There a metric made by another process counts at once."""
    sandbox = replace(shift, is_sandbox=True)
    ingest.create(sandbox, event("t1", properties={"mb": 1}))
    with metrics_ledger().transaction(shift.organization) as rows:
        work = Work(organization=shift.organization, now=NOW, rows=rows, warehouse=shift.warehouse)
        metrics.create(
            work,
            BillableMetricInput(
                name="GB", code="gb", aggregation_type=AggregationType.sum_agg, field_name="gb",
                expression="1",
            ),
        )  # fmt: skip

    assert ingest.create(sandbox, event("t2", properties={"mb": 1})).properties["gb"] == "1"


def test_a_plan_read_while_it_changes_is_not_kept(shift):
    """A metric is made between reading and keeping: the next event asks again."""

    @contextmanager
    def slow():
        with shift.look() as looking:
            yield looking
        metric(shift)

    first = ingest.create(replace(shift, look=slow), event("t1", properties={"mb": 1024}))
    second = ingest.create(shift, event("t2", properties={"mb": 1024}))

    assert (first.properties, second.properties) == ({"mb": "1024"}, {"mb": "1024", "gb": "1"})


@pytest.mark.parametrize(
    ("expression", "sample", "wrong", "words"),
    [
        ("", {}, {"expression": ["value_is_mandatory"]}, ""),
        ("1 +", {}, {"expression": ["invalid_expression"]}, "expression: at character 4: expected"),
        ("1", None, {"event": ["invalid_event"]}, ""),
        (" ", None, {"expression": ["value_is_mandatory"], "event": ["invalid_event"]}, ""),
        ("event.properties.mb", {}, {"event": ["invalid_event"]}, "event.properties.mb is missing"),
    ],
)
def test_a_sample_is_refused_in_words(shift, expression, sample, wrong, words):
    """The codes are published; the words say where, or what is missing."""
    event = None if sample is None else SampleEvent(code="gb", **sample)
    with pytest.raises(Invalid) as refused:
        ingest.evaluate_expression(reading(shift), expression, event)

    assert refused.value.details == wrong
    assert refused.value.explanation.startswith(words)


def test_an_expression_is_tried_on_a_sample(shift):
    """Nothing need exist, and nothing is kept; without a timestamp the sample is of now."""
    sample = SampleEvent(code="gb", properties={"mb": Raw(b"512.50"), "a": Raw(b"null")})
    said = "concat(event.code, ' ', event.properties.mb * 2, ' ', event.timestamp)"

    found = ingest.evaluate_expression(reading(shift), said, sample)

    assert found.expression_result.value == f"gb 1025 {int(NOW.timestamp())}"
    assert kept(shift) == {}


def test_few_and_many_are_computed_alike(shift):
    """A batch of 100 is computed event by event, one of 101 in columns: alike, also what fails."""
    metric(shift, expression="round(event.properties.mb / 3, 2)")
    sent = [event(f"t{n}", properties={"mb": n, "gb": "x", "é": '"\\'}) for n in range(101)]
    few = ingest.create_batch(shift, sent[:100])
    many = ingest.create_batch(
        shift, [event(f"m{n}", properties={"mb": n, "gb": "x", "é": '"\\'}) for n in range(101)]
    )
    wrong = []
    for size in (100, 101):
        bad = [event(f"w{n}", properties={} if n == 7 else {"mb": n}) for n in range(size)]
        with pytest.raises(Invalid) as refused:
            ingest.create_batch(shift, bad)
        wrong.append(refused.value.details)

    assert [each.properties for each in few] == [each.properties for each in many[:100]]
    assert many[100].properties == {"mb": "100", "gb": "33.33", "é": '"\\'}
    assert wrong == [{"7": MISSING}] * 2
