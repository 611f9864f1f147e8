"""The writer: many requests in one commit, each answered when it is durable, and none twice."""

import hashlib
import random
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal as D

import polars as pl
import pytest

from ingest import batch, commit, limits, quick, writer
from ingest.commit import Commit
from ingest.group import Group
from ingest.keys import Keys
from ingest.limits import Limits
from ingest.writer import Writer
from metering.measures.refusals import Busy, Unavailable
from sql.duck import identities
from sql.warehouse import open_warehouse
from tests.clickhouse_shim import Answer, Shim, serving
from tests.conftest import NOW
from tests.engines import execute, new_warehouse_url, scratch
from tests.sql.test_warehouse import admit_no


def row(transaction, code="calls", subscription="s", properties='{"n":"1"}'):
    return (subscription, transaction, code, 1_711_929_599_999_999, True, properties, None)


def whole(*rows, organization="o"):
    return Group(organization=organization, received_at=NOW, rows=rows, is_whole=True)


def each(*rows, organization="o"):
    return Group(organization=organization, received_at=NOW, rows=batch.of(rows), is_whole=False)


def verdicts(outcomes):
    return [outcome["verdict"].to_list() for outcome in outcomes]


def stored(warehouse):
    """Everything that counts, in the order of ingestion."""
    return [
        tuple(row)
        for row in execute(
            warehouse,
            "select e.sequence, s.organization_id, s.external_subscription_id, e.transaction_id "
            "from events as e join streams as s on s.stream = e.stream order by e.sequence",
        )
    ]


@pytest.fixture
def committing(warehouse):
    return Commit(warehouse)


def test_groups_share_a_commit_and_keep_their_own_answers(warehouse, committing):
    """A single event, a batch with a duplicate, and rows with one: 1, none and 2 are stored."""
    outcomes = committing.write(
        [
            whole(row("a")),
            whole(row("b"), row("a"), row("c")),
            each(row("b"), row("a"), row("d"), row("a", code="other")),
        ]
    )

    assert verdicts(outcomes) == [
        ["accepted"],
        ["withheld", "duplicate", "withheld"],
        ["accepted", "duplicate", "accepted", "duplicate"],
    ]
    assert outcomes[2]["is_same"].to_list() == [None, True, None, False]
    assert [name for *_, name in stored(warehouse)] == ["a", "b", "d"]


def test_one_id_is_two_events_for_two_subscriptions_or_organizations(warehouse, committing):
    """Four times `a`, each for somebody else: all accepted, with four identities and streams."""
    outcomes = committing.write(
        [
            each(row("a"), row("a", subscription="t")),
            each(row("a"), row("a", subscription="t"), organization="p"),
        ]
    )

    assert verdicts(outcomes) == [["accepted"] * 2] * 2
    assert len(pl.concat(outcomes).unique(["key_high", "key_low"])) == 4
    assert stored(warehouse) == [
        (1, "o", "s", "a"), (2, "o", "t", "a"), (3, "p", "s", "a"), (4, "p", "t", "a"),
    ]  # fmt: skip


def test_a_new_process_goes_on_where_the_last_one_stopped(warehouse, committing):
    """Sequence, streams and identities are read back: `a` is known, `b` is the third event."""
    committing.write([each(row("a"), row("a", subscription="t"))])

    outcomes = Commit(warehouse).write([each(row("b"), row("a"), row("c", subscription="t"))])

    assert verdicts(outcomes) == [["accepted", "duplicate", "accepted"]]
    assert [place for place, *_ in stored(warehouse)] == [1, 2, 3, 4]
    assert [len(set(column)) for column in zip(*stored(warehouse), strict=True)][2] == 2


def test_identities_are_the_same_on_every_engine(committing):
    """md5 of "1:a", the first event of stream 1, read by the standard library."""
    (outcome,) = committing.write([each(row("a"))])

    number = int.from_bytes(hashlib.md5(b"1:a").digest(), "little")
    assert outcome.select("key_high", "key_low").rows() == [(number >> 64, number % 2**64)]


def test_one_poisonous_row_takes_no_other_with_it(warehouse, committing):
    """Among 50 single events, a batch of 3 and 40 rows, the engine refuses one of each kind."""
    admit_no(warehouse, "poison")
    bad = "poison"
    singles = [whole(row(f"s{n}", code=bad if n == 7 else "calls")) for n in range(50)]
    rest = each(*[row(f"r{n}", code=bad if n == 20 else "calls") for n in range(40)])

    batched = whole(row("x"), row("y", code=bad), row("z"), organization="p")
    outcomes = committing.write([*singles, batched, rest])

    found = pl.concat(outcomes)["verdict"].value_counts().sort("verdict").rows()
    assert found == [("accepted", 49 + 39), ("rejected", 1 + 3 + 1)]
    assert outcomes[7]["reason"].to_list() == [commit.NOT_STORABLE]
    assert [place for place, *_ in stored(warehouse)] == list(range(1, 89))
    kept = execute(warehouse, "select reason, count(*) from rejected_events group by reason")
    assert kept == [(commit.NOT_STORABLE, 5)]

    again = committing.write([whole(row("x"), row("z"))])
    assert verdicts(again) == [["accepted", "accepted"]]
    numbers = execute(warehouse, "select stream, organization_id from streams order by stream")
    assert [tuple(pair) for pair in numbers] == [(1, "o"), (2, "p")]


@pytest.mark.parametrize("limit", ["rows", "bytes"])
def test_a_full_buffer_says_so_and_loses_nothing(warehouse, monkeypatch, limit):
    """Room for 5 rows, or 2,000 bytes: the second group of 3 is told to come again, then taken."""
    if limit == "rows":
        monkeypatch.setattr(writer, "BUFFER", 5)
    else:
        limits.set_for(warehouse, Limits(buffer=2_000))
    made = Writer(warehouse)
    with made._change:  # so that the thread cannot take the first group before the second comes
        first = made.put(whole(row("a"), row("b"), row("c")))
        with pytest.raises(Busy) as refused:
            made.put(whole(row("d"), row("e"), row("f")))
    assert (refused.value.code, refused.value.retry_after) == ("too_many_events", 1)

    first.result(30)
    second = made.put(whole(row("d"), row("e"), row("f"))).result(30)

    assert second["verdict"].to_list() == ["accepted"] * 3
    made.close()
    with pytest.raises(Unavailable):
        made.put(whole(row("g")))
    assert len(stored(warehouse)) == 6


def test_threads_that_send_the_same_events_store_each_once(warehouse):
    """Eight threads send the same 200 events, each in its own order and groups."""
    made = Writer(warehouse)

    def send(seed):
        draw = random.Random(seed)
        rows = [row(f"t{n}", subscription=f"s{n % 5}") for n in range(200)]
        draw.shuffle(rows)
        accepted = 0
        while rows:
            size = draw.randint(1, 20)
            some, rows = rows[:size], rows[size:]
            group = whole(some[0]) if draw.random() < 0.3 else each(*some)
            rows += some[1:] if group.is_whole else []
            found = made.put(group).result(60)["verdict"]
            accepted += (found == "accepted").sum()
        return accepted

    with ThreadPoolExecutor(8) as pool:
        accepted = list(pool.map(send, range(8)))
    made.close()

    assert sum(accepted) == 200
    found = stored(warehouse)
    assert [place for place, *_ in found] == list(range(1, 201))
    assert len({name for *_, name in found}) == 200


@pytest.mark.parametrize(
    ("most", "few"), [(0, 9), (10, 9), (10_000, 9), (10_000, 16), (10_000, 99)]
)
def test_memory_and_warehouse_know_the_same_identities(
    warehouse, committing, most, few, monkeypatch
):
    """With memory for none, for 10, and for all, in runs or few: 100 of the 200 are known."""
    monkeypatch.setattr("ingest.keys.FEW", few)
    keys = Keys(warehouse, most)
    for part in range(10):
        rows = [row(f"t{n}") for n in range(part * 10, part * 10 + 10)]
        (outcome,) = committing.write([each(*rows)])
        keys.add(outcome["key_low"])
    names = pl.Series([f"t{n}" for n in range(200)]).shuffle(seed=1)
    asked = identities(pl.repeat(1, 200, dtype=pl.Int64, eager=True), names)

    assert sorted(keys.known(asked)["sequence"]) == list(range(1, 101))
    assert sorted(Keys(warehouse, most).known(asked)["sequence"]) == list(range(1, 101))
    assert keys.known(asked.clear()).is_empty()


def accepted(warehouse):
    """How many events the door has counted."""
    ((found,),) = execute(warehouse, "select sum(accepted) from receptions")
    return int(found or 0)


def test_few_new_events_go_the_short_way_and_are_stored_the_same(warehouse, monkeypatch):
    """Three single events, the short way and the long: the same rows, but for who they are."""
    sent = [("s", "", "c", 1_711_929_599_999_999 - n, True, "{}", D("1.5")) for n in range(3)]
    committing = Commit(warehouse)
    committing.write([whole(row("known"))])
    took = []
    shortly = quick.numbered
    monkeypatch.setattr(quick, "numbered", lambda *said: took.append(shortly(*said)) or took[-1])

    quickly = committing.write([whole(("s", f"a{n}", *one[2:])) for n, one in enumerate(sent)])
    monkeypatch.setattr(quick, "numbered", lambda *said: None)
    slowly = committing.write([whole(("s", f"b{n}", *one[2:])) for n, one in enumerate(sent)])

    assert took[0] is not None
    own = ("sequence", "key_high", "key_low")
    short, long = (
        warehouse.query("ingest/events_between", first=first, last=first + 2).sort("sequence")
        for first in (2, 5)
    )
    assert short.drop(own).equals(long.drop(own))
    keys = identities(pl.Series([1] * 3), pl.Series(["a0", "a1", "a2"]))
    assert short.select(keys.columns).equals(keys)
    assert pl.concat(quickly).drop(own[1:]).equals(pl.concat(slowly).drop(own[1:]))


@pytest.mark.parametrize("second", ["known", "new", "twice"])
def test_the_short_way_is_left_where_an_event_may_be_a_duplicate(warehouse, second):
    """Two singles, of which one is stored, of a new stream, or the other again."""
    committing = Commit(warehouse)
    committing.write([whole(row("known"))])
    other = {"known": row("known"), "new": row("a", subscription="t"), "twice": row("a")}[second]

    outcomes = committing.write([whole(row("a")), whole(other)])

    expected = "accepted" if second == "new" else "duplicate"
    assert verdicts(outcomes) == [["accepted"], [expected]]


def test_counts_wait_while_more_is_coming_and_are_made_anew_after_a_crash(warehouse):
    """Of five busy commits nothing is counted; the next process counts them, and its own: 6 + 1."""
    busy = Commit(warehouse, is_busy=lambda: True)
    for number in range(5):
        busy.write([whole(row(f"a{number}"))])
    assert accepted(warehouse) == 0

    Commit(warehouse).write([whole(row("b"))])

    assert accepted(warehouse) == 6
    idle = [True]
    more = Commit(warehouse, is_busy=lambda: not idle[0])
    idle[0] = False
    more.write([whole(row("c"))])
    assert accepted(warehouse) == 6
    idle[0] = True
    more.write([whole(row("d"))])
    assert accepted(warehouse) == 8


# -- answers that are lost


class Losing(Shim):
    """A server whose answers to some inserts are lost: before it did anything, or after."""

    lost: list[str] = []

    def _insert(self, handle, found, rows) -> Answer:
        fate = self.lost.pop(0) if self.lost and b"events" in found["table"] else ""
        if fate == "before":
            raise TimeoutError("Code: 209. DB::Exception: lost before")
        answer = super()._insert(handle, found, rows)
        if fate == "after":
            raise TimeoutError("Code: 209. DB::Exception: lost after")
        return answer


@pytest.fixture
def losing(monkeypatch):
    """A ClickHouse over HTTP that may lose answers, and the warehouse on it."""
    monkeypatch.setattr(commit, "PAUSE_MS", 1)
    shim = Losing(scratch() / "chdb")
    with serving(shim) as port:
        name = new_warehouse_url("chdb").partition("database=")[2]
        warehouse = open_warehouse(f"clickhouse://default:@127.0.0.1:{port}/{name}")
        yield warehouse, shim
        warehouse.close()


@pytest.mark.parametrize("fates", [["before"], ["after"], ["before", "after"], ["after", "before"]])
def test_a_lost_answer_is_found_out_before_anything_is_said(losing, fates):
    """Whether the rows came through or not, they are stored once, and the answer is `accepted`."""
    warehouse, shim = losing
    shim.lost = list(fates)
    committing = Commit(warehouse)

    outcomes = committing.write([each(row("a"), row("b"))])

    assert verdicts(outcomes) == [["accepted", "accepted"]]
    assert [name for *_, name in stored(warehouse)] == ["a", "b"]
    assert verdicts(committing.write([each(row("b"), row("c"))])) == [["duplicate", "accepted"]]
    assert [place for place, *_ in stored(warehouse)] == [1, 2, 3]


@pytest.mark.parametrize("fate", ["before", "after"])
def test_what_stays_unknown_is_unavailable_and_settled_later(losing, fate):
    """Five answers are lost: the request is told 503; the next commit settles it first."""
    warehouse, shim = losing
    committing = Commit(warehouse)
    shim.lost = [fate] + ["before"] * (commit.ATTEMPTS - 1)
    if fate == "after":
        shim.lost = ["after"]
        execute_later = shim.run

        def silent(asked, body):  # the query that would read the rows back is lost too
            if b"from events\nwhere\n    sequence >=" in body + asked.get("query", "").encode():
                raise TimeoutError("Code: 209. DB::Exception: lost")
            return execute_later(asked, body)

        shim.run = silent

    with pytest.raises(Unavailable) as refused:
        committing.write([each(row("a"), row("b"))])
    assert refused.value.code == "events_not_written"
    assert committing.is_open
    if fate == "after":
        shim.run = execute_later

    outcomes = committing.write([each(row("b"), row("c"))])

    assert verdicts(outcomes) == [["duplicate", "accepted"]]
    assert [place for place, *_ in stored(warehouse)] == [1, 2, 3]
