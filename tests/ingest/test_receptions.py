"""What the door counted is what it answered, also after a crash between rows and counts."""

import random

import pytest

import ingest
from ingest import BulkQuery, RejectedEventQuery, batch
from ingest.commit import Commit
from ingest.formats.texts import Sent, columns
from tests.conftest import NOW
from tests.engines import execute
from tests.ingest.conftest import reading
from tests.ingest.test_service import upload
from tests.ingest.test_writer import each, row, whole

COUNTS = "sum(accepted), sum(duplicates), sum(withheld), sum(rejected), max(sequence)"


def counted(warehouse, organization="o"):
    """What the door says of an organization."""
    (found,) = execute(
        warehouse, f"select {COUNTS} from receptions where organization_id = '{organization}'"
    )
    return tuple(int(number or 0) for number in found)


def test_each_outcome_is_counted_once(warehouse):
    """One alone, a batch of two that is refused whole, and three rows of which one is known."""
    commit = Commit(warehouse)
    commit.write([whole(row("a"))])
    commit.write([whole(row("b"), row("a")), each(row("b"), row("a"), row("c"))])
    commit.write([each(row("z"), organization="p")])

    assert counted(warehouse) == (3, 2, 1, 0, 3)
    assert counted(warehouse, "p") == (1, 0, 0, 0, 4)
    numbers = execute(warehouse, "select reception from receptions order by reception")
    assert [number for (number,) in numbers] == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("lost", ["events", "receptions"])
def test_a_crash_leaves_no_event_uncounted_and_none_counted_twice(warehouse, lost):
    """The process dies at an insert, before or after it: the next one counts what is there."""
    dice = random.Random(20261122)
    store = warehouse.append
    sent = 0
    for _ in range(12):
        is_after, countdown = dice.random() < 0.5, dice.randint(1, 3)

        def dying(tables, token, countdown=[countdown], is_after=is_after):  # noqa: B006
            countdown[0] -= lost in tables
            if is_after or countdown[0]:
                store(tables, token)
            if not countdown[0]:
                raise SystemExit

        commit = Commit(warehouse)
        warehouse.append = dying
        try:
            while True:
                size = dice.randint(1, 4)
                rows = [row(f"t{sent + place}") for place in range(size)]
                commit.write([each(*rows)])
                sent += size
        except SystemExit:
            warehouse.append = store
        sent += 4  # what was in flight is not sent again
    Commit(warehouse).write([each(row("last"))])

    (stored,) = execute(warehouse, "select count(*) from events")
    accepted, *others, last = counted(warehouse)
    assert (accepted, others, last) == (stored[0], [0, 0, 0], stored[0])


def test_rejected_rows_belong_to_their_reception(shift):
    """Two rows that cannot be events are counted and shown; one of a crash is neither."""
    told = ingest.bulk(
        shift,
        upload({"transaction_id": "a", "code": "x"}, {"code": "x"}, {"transaction_id": "b"}),
        BulkQuery(),
    )
    assert (told.accepted, told.rejected) == (1, 2)
    assert counted(shift.warehouse, shift.organization) == (1, 0, 0, 2, 1)
    ingest.stop(shift.warehouse)
    store = shift.warehouse.append

    def dying(tables, token):
        if "receptions" in tables:
            raise SystemExit
        store(tables, token)

    commit = Commit(shift.warehouse)
    shift.warehouse.append = dying
    group = each(row("c"), organization=shift.organization)
    group.rejected = batch.checked(columns([Sent(code="x")]), 1, NOW).rejected
    with pytest.raises(SystemExit):
        commit.write([group])
    shift.warehouse.append = store
    Commit(shift.warehouse).write([each(row("d"), organization=shift.organization)])

    page = ingest.rejected(reading(shift), RejectedEventQuery())
    assert page.meta.total_count == 2, "the row of a request that was never answered is not shown"
    assert counted(shift.warehouse, shift.organization) == (3, 0, 0, 2, 3)
