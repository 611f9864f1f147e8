"""Corrections through the verbs, on every warehouse: appended, once, and complete after a crash."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from msgspec import Raw
from msgspec.structs import replace

import ingest
from ingest import EventAmendment, EventQuery, corrections
from ingest.commit import Commit
from ingest.requests import CorrectionQuery
from metering.measures.refusals import Conflict, Invalid, Missing
from sql.work import Work
from tests.conftest import NOW
from tests.engines import execute
from tests.ingest.conftest import reading
from tests.ingest.test_service import event
from tests.ingest.test_writer import each, row


@pytest.fixture
def correcting(shift):
    """A shift whose work keeps nothing but what it tells."""
    told = []

    @contextmanager
    def begin():
        work = Work(organization=shift.organization, now=NOW, rows=None, warehouse=shift.warehouse)
        yield work
        told.extend(said.notice.type for said in work.told)

    made = replace(shift, begin=begin)
    ingest.create(made, event("t1", properties={"n": Raw(b"1")}))
    ingest.create(made, event("t2", properties={"n": Raw(b"2")}))
    return made, told


def test_a_voided_event_is_shown_as_such_and_its_id_stays_taken(correcting):
    """t1 is voided: listed with `void`, told once, and sent again still a duplicate."""
    shift, told = correcting

    ingest.void(shift, "t1", "s1", "sent twice by the meter")

    assert ingest.find(reading(shift), "t1").corrected == "void"
    page = ingest.browse(reading(shift), EventQuery())
    assert {one.transaction_id: one.corrected for one in page.items} == {"t1": "void", "t2": None}
    assert page.meta.total_count == 2
    assert told == ["event.voided"]
    with pytest.raises(Invalid) as refused:
        ingest.create(shift, event("t1"))
    assert refused.value.details == {"transaction_id": ["value_already_exist"]}


def test_an_amended_event_is_one_event_with_another_content(correcting):
    """t1 becomes 7 at second 5, then 8: one row is shown, both corrections are kept, in order."""
    shift, told = correcting

    ingest.amend(
        shift, "t1", EventAmendment(properties={"n": Raw(b"7")}, timestamp=Raw(b"5")), "s1", "typo"
    )
    after = ingest.amend(shift, "t1", EventAmendment(properties={"n": Raw(b"8")}), "s1", "again")

    assert ingest.find(reading(shift), "t1", "s1") == after
    assert (after.properties, after.timestamp.timestamp(), after.corrected) == (
        {"n": "8"}, 5, "amend",
    )  # fmt: skip
    page = ingest.browse(reading(shift), EventQuery())
    assert [one.properties["n"] for one in page.items] == ["2", "8"]
    assert page.meta.total_count == 2
    kept = ingest.browse_corrections(reading(shift), CorrectionQuery(transaction_id="t1"))
    assert [(one.reason, one.event.properties["n"]) for one in kept.items] == [
        ("again", "8"), ("typo", "7"),
    ]  # fmt: skip
    assert told == ["event.amended", "event.amended"]
    rows = execute(shift.warehouse, "select sequence from events order by sequence")
    assert [place for (place,) in rows] == [1, 2, 3, 4], "nothing is updated in place"


def test_what_cannot_be_corrected_says_why(correcting):
    """No reason, an unknown event, a bad instant; and a voided event is corrected no more."""
    shift, _ = correcting

    with pytest.raises(Invalid) as refused:
        ingest.void(shift, "t1", "s1", " ")
    assert refused.value.details == {"reason": ["value_is_mandatory"]}
    with pytest.raises(Missing):
        ingest.void(shift, "t1", "s2", "why")
    with pytest.raises(Invalid):
        EventAmendment(timestamp=Raw(b'"soon"'))
    ingest.void(shift, "t1", "s1", "why")
    for again in (
        lambda: ingest.void(shift, "t1", "s1", "why"),
        lambda: ingest.amend(shift, "t1", EventAmendment(code="x"), "s1", "why"),
    ):
        with pytest.raises(Conflict) as refused:
            again()
        assert refused.value.code == "event_already_voided"


def test_of_many_who_correct_one_event_at_once_one_wins(correcting, monkeypatch):
    """Eight threads saw t1 as it was sent: one amends it, seven are told that it is corrected."""
    shift, _ = correcting
    seen = corrections.newest(shift, "t1", "s1")
    monkeypatch.setattr(corrections, "newest", lambda *_: seen)

    def amend(number):
        try:
            said = EventAmendment(properties={"n": Raw(str(number).encode())})
            ingest.amend(shift, "t1", said, "s1", "race")
        except Conflict as refused:
            return refused.code
        return "won"

    with ThreadPoolExecutor(8) as pool:
        said = sorted(pool.map(amend, range(8)))

    assert said == ["event_already_corrected"] * 7 + ["won"]
    assert len(execute(shift.warehouse, "select sequence from corrections")) == 1
    assert len(execute(shift.warehouse, "select sequence from events")) == 3


def test_an_amendment_whose_row_was_not_stored_is_completed(correcting, monkeypatch):
    """The process dies between the two: nobody counts it, until the next writer stores its row."""
    shift, _ = correcting
    warehouse = shift.warehouse
    store, mark = warehouse.append, warehouse.watermark()

    def dying(tables, token):
        if "events" in tables:
            raise SystemExit
        store(tables, token)

    ingest.stop(warehouse)
    group = amending(shift, monkeypatch)
    commit = Commit(warehouse)
    warehouse.append = dying
    with pytest.raises(SystemExit):
        commit.write([group])
    warehouse.append = store

    assert warehouse.watermark() == mark, "the correction is not passed without its row"
    (outcome,) = Commit(warehouse).write([each(row("t9"))])
    assert outcome["verdict"].to_list() == ["accepted"]
    rows = execute(warehouse, "select sequence, transaction_id from events order by sequence")
    assert [tuple(one) for one in rows] == [(1, "t1"), (2, "t2"), (3, "t1"), (4, "t9")]
    assert ingest.find(reading(shift), "t1").properties == {"n": "7"}


class Caught(Exception):
    """What would have been put into the writer."""


class Catching:
    """In the writer's place: shows what it is given."""

    def put(self, group):
        raise Caught(group)


def amending(shift, monkeypatch):
    """What the writer is given when t1 becomes 7."""
    said = EventAmendment(properties={"n": Raw(b"7")})
    with monkeypatch.context() as patch:
        patch.setattr(corrections.writer, "of", lambda _: Catching())
        with pytest.raises(Caught) as caught:
            ingest.amend(shift, "t1", said, "s1", "typo")
    (group,) = caught.value.args
    return group
