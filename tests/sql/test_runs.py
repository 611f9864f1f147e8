"""Events are put in order behind everybody's back: no answer changes, and no event is lost."""

import random
import subprocess
import sys
import threading
from pathlib import Path

import duckdb
import polars as pl
import pytest

from sql import runs
from sql.runs import Run, due
from sql.warehouse import open_warehouse
from tests.engines import new_warehouse_url
from tests.sql import runs_child
from tests.sql.frames import events

KILLS = 12


@pytest.fixture
def small(monkeypatch):
    """Runs of a hundred rows and more."""
    for name, rows in (("FEW", 100), ("MANY", 400), ("MOST", 1_600)):
        monkeypatch.setattr(runs, name, rows)


@pytest.fixture
def warehouse():
    """A DuckDB file: the other engine merges its parts by itself."""
    made = open_warehouse(new_warehouse_url("duckdb"))
    yield made
    made.close()


def scattered(size, start=1):
    """Events of seven streams and two codes, mixed."""
    return events(size, start).with_columns(
        stream=pl.col("sequence") % 7,
        code=pl.when(pl.col("sequence") % 2 == 0).then(pl.lit("calls")).otherwise(pl.lit("gb")),
    )


def stored(warehouse, *order):
    """All rows; in the order of the file unless another is asked for."""
    with warehouse._cursor() as cursor:
        by = ", ".join(order or ("rowid",))
        return cursor.sql(f"select * from events order by {by}").pl()


def counted(warehouse, until):
    """How many rows there are up to a sequence, and how many sequences."""
    with warehouse._cursor() as cursor:
        asked = "select count(*), count(distinct sequence) from events where sequence <= ?"
        return cursor.execute(asked, [until]).fetchone()


def made(warehouse):
    """The runs of a file."""
    with warehouse._cursor() as cursor:
        return [Run(*row) for row in cursor.execute("from runs order by first").fetchall()]


def settled(warehouse):
    """Tidy until there is nothing to do, and say how often there was."""
    warehouse.tidy()
    return sum(1 for _ in iter(warehouse.tidy, False))


@pytest.mark.parametrize(
    ("before", "watermark", "is_idle", "expected"),
    [
        ([], 99, True, None),
        ([], 100, True, Run(1, 100)),
        ([], 399, False, None),
        ([], 400, False, Run(1, 400)),
        ([], 5_000, False, Run(1, 1_600)),
        ([Run(1, 100)], 200, True, Run(1, 200)),
        ([Run(1, 200)], 300, True, Run(201, 300)),
        ([Run(1, 400), Run(401, 590), Run(591, 690)], 790, True, Run(1, 790)),
        ([Run(1, 1_550)], 2_550, True, Run(1_551, 2_550)),
        ([Run(1, 100)], 500, False, Run(101, 500)),
    ],
)
def test_small_runs_are_merged_and_large_ones_left(small, before, watermark, is_idle, expected):
    """A run joins what follows it unless it is twice as long, or both together are too long."""
    assert due(before, watermark, is_idle=is_idle) == expected


def test_a_row_is_moved_a_few_times_in_its_life(small):
    """16,000 events that come 100 at a time: each is moved less than six times."""
    known, moved = [], 0
    for watermark in range(100, 16_001, 100):
        run = due(known, watermark, is_idle=True)
        known = [old for old in known if old.last < run.first] + [run]
        moved += run.size

    assert known[-1].last == 16_000
    assert len(known) < 25
    assert moved < 6 * 16_000


def test_the_same_rows_lie_in_order(small, warehouse):
    """1,000 mixed events become one run by code and stream; 50 more wait for company."""
    warehouse.append({"events": scattered(1_000)}, "1")
    before = stored(warehouse, "sequence")

    assert settled(warehouse) == 0  # the first call did it: it was too long to wait for idleness
    warehouse.append({"events": scattered(50, 1_001)}, "2")
    assert settled(warehouse) == 0

    assert made(warehouse) == [Run(1, 1_000)]
    after = stored(warehouse)
    assert after[:1_000].equals(before.sort("code", "stream", "at", "sequence"))
    assert after[1_000:]["sequence"].to_list() == list(range(1_001, 1_051))
    assert warehouse.watermark() == 1_050


def test_while_events_come_a_short_tail_is_left_alone(small, warehouse):
    """300 events are fewer than 400; once nothing came between two calls they are put in order."""
    warehouse.append({"events": scattered(300)}, "1")

    assert not warehouse.tidy()
    assert warehouse.tidy()
    assert made(warehouse) == [Run(1, 300)]


def test_readers_and_the_writer_are_not_disturbed(small, warehouse):
    """While 40 appends of 100 are put in order, every reader finds what was committed, once."""
    is_over, wrong = threading.Event(), []

    def read():
        while not is_over.is_set():
            until = warehouse.watermark()
            found = counted(warehouse, until)
            if found != (until, until):
                wrong.append((until, found))

    def tidy():
        while not is_over.is_set():
            warehouse.tidy()

    threads = [threading.Thread(target=work) for work in (read, tidy)]
    for thread in threads:
        thread.start()
    for first in range(1, 4_001, 100):
        warehouse.append({"events": scattered(100, first)}, str(first))
    is_over.set()
    for thread in threads:
        thread.join()

    assert wrong == []
    assert made(warehouse) != []
    assert stored(warehouse)["sequence"].sort().to_list() == list(range(1, 4_001))


def test_a_copy_that_is_not_complete_changes_nothing(small, warehouse, monkeypatch):
    """If a row were deleted that was not copied, or not deleted, all stays as it was."""
    warehouse.append({"events": scattered(1_000)}, "1")
    before = stored(warehouse)
    monkeypatch.setattr("sql.duck.DELETE", "delete from events where sequence between ? and ? - 1")

    with pytest.raises(AssertionError, match="were copied"):
        warehouse.tidy()

    assert stored(warehouse).equals(before)
    assert made(warehouse) == []


def test_a_killed_process_has_lost_and_doubled_nothing(tmp_path):
    """A process that appends and tidies at once is killed 12 times: what was answered is there."""
    file = tmp_path / "warehouse"
    dice = random.Random(7)
    answered = 0
    seen = []
    for _ in range(KILLS):
        command = [sys.executable, "-m", runs_child.__name__, f"duckdb:///{file}"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path.cwd()) as child:
            for _ in range(dice.randrange(3, 60)):
                answered = int(child.stdout.readline())
            child.kill()
        with duckdb.connect(str(file)) as found:
            count, different, last = found.execute(
                "select count(*), count(distinct sequence), max(sequence) from events"
            ).fetchone()
            runs_there = [Run(*row) for row in found.execute("from runs order by 1").fetchall()]
        assert count == different == last >= answered
        starts = [1, *(run.last + 1 for run in runs_there)]
        assert [run.first for run in runs_there] == starts[:-1]
        seen.append(runs_there)

    assert len({tuple(each) for each in seen}) > KILLS // 2, "hardly anything was put in order"
