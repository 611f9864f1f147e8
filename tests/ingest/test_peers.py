"""Many processes on one ClickHouse: one writes, the others hand over, and none is ever overtaken.

A second writer that believes to be next is played by a second `Commit`.
"""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import polars as pl
import pytest

from api.call import real_now
from ingest import batch, writer
from ingest.commit import Commit, Overtaken
from metering.measures.refusals import Unavailable
from sql.warehouse import open_warehouse
from tests.engines import execute, new_warehouse_url
from tests.ingest.test_writer import each, row, stored, verdicts, whole


class Shared:
    """Two writers on one ClickHouse and one ledger, as two processes have them."""

    def __init__(self, ledger):
        url = new_warehouse_url("clickhouse")
        self.warehouses = [open_warehouse(url), open_warehouse(url)]
        self.doors = [Door(warehouse) for warehouse in self.warehouses]
        self.writers = [
            writer.start(one, ledger, real_now, url=door.url, secret=b"s" * 40)
            for one, door in zip(self.warehouses, self.doors, strict=True)
        ]

    def close(self):
        for one, door in zip(self.warehouses, self.doors, strict=True):
            writer.stop(one)
            door.close()
            one.close()


class Door(ThreadingHTTPServer):
    """What a process shows to others, without the rest of its REST door."""

    def __init__(self, warehouse):
        super().__init__(("127.0.0.1", 0), Handing)
        self.warehouse = warehouse
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self):
        self.shutdown()
        self.server_close()


class Handing(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        told = writer.take(self.server.warehouse, body)
        self.send_response(503 if told is None else 200)
        self.end_headers()
        self.wfile.write(told or b"")

    def log_message(self, *said):
        """Say nothing."""


@pytest.fixture
def shared(ledger):
    made = Shared(ledger)
    yield made
    made.close()


def test_who_does_not_write_hands_over_and_the_answers_are_the_same(shared):
    """The first writes. What the second is sent is stored by it too: a duplicate, a batch that
    loses, rows that cannot be read, each with the verdict that it would have had there.
    """
    first, second = shared.writers
    assert first.put(whole(row("a"))).result(60)["verdict"].to_list() == ["accepted"]
    unread = pl.DataFrame(
        [{"row": 2, "reason": "code:value_is_mandatory", "content": "{}"}], schema=batch.REJECTED
    )
    mixed = each(row("a"), row("c", code="other"))
    mixed.rejected = unread

    answers = [second.put(group) for group in (whole(row("b")), whole(row("a"), row("d")), mixed)]

    found = [answer.result(60)["verdict"].to_list() for answer in answers]
    assert found == [["accepted"], ["duplicate", "withheld"], ["duplicate", "accepted"]]
    assert answers[2].result()["is_same"].to_list() == [True, None]
    assert (first.is_writing, second.is_writing) == (True, False)
    assert [name for *_, name in stored(shared.warehouses[1])] == ["a", "b", "c"]
    reasons = execute(shared.warehouses[0], "select reason from rejected_events")
    assert [tuple(reason) for reason in reasons] == [("code:value_is_mandatory",)]


def test_when_the_writer_ends_the_other_goes_on(shared):
    """`a` by the first; it ends; the second then knows `a`, and writes `b` as the second event."""
    first, second = shared.writers
    first.put(whole(row("a"))).result(60)
    writer.stop(shared.warehouses[0])

    after = second.put(each(row("a"), row("b"))).result(60)

    assert after["verdict"].to_list() == ["duplicate", "accepted"]
    assert [place for place, *_ in stored(shared.warehouses[1])] == [1, 2]


def test_nobody_writes_and_nobody_is_to_be_had(shared, monkeypatch):
    """The holder of the lease is gone without a word: 503, come again; nothing was taken."""
    monkeypatch.setattr(writer, "PATIENCE_S", 0.3)
    first, second = shared.writers
    first.put(whole(row("a"))).result(60)
    shared.doors[0].close()

    with pytest.raises(Unavailable) as refused:
        second.put(whole(row("b"))).result(60)

    assert (refused.value.code, refused.value.retry_after) == ("events_written_elsewhere", 1)
    assert [name for *_, name in stored(shared.warehouses[1])] == ["a"]


def test_an_answer_that_is_lost_on_the_way_between_processes_is_said_to_be(shared, monkeypatch):
    """The writer has stored `b`, and its answer is cut off: 503; sent again, a duplicate."""
    first, second = shared.writers
    first.put(whole(row("a"))).result(60)
    take = writer.take
    monkeypatch.setattr(writer, "take", lambda *said: take(*said) and None.x)

    with pytest.raises(Unavailable) as refused:
        second.put(whole(row("b"))).result(60)
    monkeypatch.setattr(writer, "take", take)

    assert refused.value.code == "events_not_written"
    assert second.put(whole(row("b"))).result(60)["verdict"].to_list() == ["duplicate"]


def test_a_writer_that_was_overtaken_stores_nothing_and_forgets_what_it_knew(monkeypatch):
    """Two believe to be next after `a`. The first falls asleep just before its insert; the second
    writes; the first wakes: its insert is not stored, it is told so, and what it then reads is
    right.
    """
    url = new_warehouse_url("clickhouse")
    one, other = open_warehouse(url), open_warehouse(url)
    asleep = Commit(one)
    asleep.write([whole(row("a"))])
    awake = Commit(other)
    insert = one.append

    def wake(tables, token):
        monkeypatch.setattr(one, "append", insert)
        monkeypatch.setattr(asleep, "_is_alone", lambda: False)
        awake.write([whole(row("b")), whole(row("c"))])
        insert(tables, token)

    monkeypatch.setattr(one, "append", wake)
    with pytest.raises(Overtaken):
        asleep.write([whole(row("b")), whole(row("d"))])

    assert not asleep.is_open
    assert [name for *_, name in stored(one)] == ["a", "b", "c"]
    assert verdicts(Commit(one).write([each(row("b"), row("d"))])) == [["duplicate", "accepted"]]
    assert [place for place, *_ in stored(other)] == [1, 2, 3, 4]
    for warehouse in (one, other):
        warehouse.close()


def test_an_insert_that_arrives_after_its_writer_was_replaced_is_seen():
    """The new one has read all there is; then the old one's `b` arrives; the new one's first insert
    is not stored in its place, and nothing is doubled.
    """
    url = new_warehouse_url("clickhouse")
    one, other = open_warehouse(url), open_warehouse(url)
    old = Commit(one)
    old.write([whole(row("a"))])
    new = Commit(other)
    old.write([whole(row("b"))])

    with pytest.raises(Overtaken):
        new.write([whole(row("b"))])

    assert [name for *_, name in stored(one)] == ["a", "b"]
    for warehouse in (one, other):
        warehouse.close()


def test_a_stream_is_not_numbered_twice_by_two_writers():
    """Both give number 2 at the same time, to two subscriptions: one is told to read anew."""
    url = new_warehouse_url("clickhouse")
    one, other = open_warehouse(url), open_warehouse(url)
    old = Commit(one)
    old.write([whole(row("a"))])
    new = Commit(other)
    old.write([whole(row("b", subscription="t"))])

    with pytest.raises(Overtaken):
        new.write([whole(row("c", subscription="u"))])
    Commit(other).write([whole(row("c", subscription="u"))])

    found = execute(one, "select stream, external_subscription_id from streams order by stream")
    assert [tuple(pair) for pair in found] == [(1, "s"), (2, "t"), (3, "u")]
    for warehouse in (one, other):
        warehouse.close()


def test_a_shared_warehouse_has_no_writer_but_one_that_was_started():
    """Nobody writes by chance to what others may write to; an embedded one needs no start."""
    shared, own = (open_warehouse(new_warehouse_url(kind)) for kind in ("clickhouse", "duckdb"))

    with pytest.raises(Unavailable):
        writer.of(shared)
    assert writer.of(own) is writer.of(own)

    writer.stop(own)
    writer.stop(shared)
