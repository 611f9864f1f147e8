"""The bench at tiny sizes, in real processes: every name is there, with its size and its floor."""

from concurrent.futures import ProcessPoolExecutor
from decimal import Decimal
from io import StringIO
from multiprocessing import get_context

import msgspec
import polars as pl
import pytest
from click.testing import CliRunner
from rich.console import Console

from api.commands.bench import events
from api.commands.bench.floors import aggregate, engine
from api.commands.bench.report import NAMES, Floor, Place, measure, show
from api.commands.bench.run import Report, Run, report
from api.commands.bench.sizes import FULL, SMALL, Sizes
from api.main import main

TINY = Sizes(
    subscriptions=40, events=2_000, json_events=300, json_body=100, arrow_events=300,
    arrow_body=100, singles=24, connections=4, usages=4, rounds=1,
)  # fmt: skip

PER_LEDGER = {"bill_run_s", "bill_run_invoices_per_s", "bill_run_cpu_s", "peak_rss_mb"}
"""What is measured on PostgreSQL too."""

ALONE = {"bill_run_cpu_s", "bill_run_twice", "bill_run_idle_ms"}
"""What is measured against itself, and has no floor."""

FLOORS = {
    "bill_run_s": "bill_run", "bill_run_invoices_per_s": "bill_run", "usage_ms_p50": "usage",
    "usage_ms_p99": "usage", "aggregate_vs_engine": "aggregate",
    "ingest_single_per_s": "ingest_single", "ingest_json_events_per_s": "ingest_json",
    "ingest_json_vs_engine": "ingest_json", "ingest_arrow_events_per_s": "ingest_arrow",
    "ingest_arrow_vs_engine": "ingest_arrow",
}  # fmt: skip
"""The script that each measure stands beside."""


@pytest.mark.parametrize(
    ("warehouse", "ledgers"), [("duckdb", ["sqlite", "postgresql"]), ("chdb", ["sqlite"])]
)
def test_every_name_has_its_value_its_size_and_its_floor(warehouse, ledgers):
    """40 subscriptions, 2,000 events: 14 names, four of them on PostgreSQL too; through JSON."""
    said = []
    run = Run(sizes=TINY, warehouses=[warehouse], ledgers=ledgers)
    wire = msgspec.json.encode(report(run, said.append))
    made = msgspec.json.decode(wire, type=Report)

    named = [(each.name, each.ledger) for each in made.measures]
    assert {name for name, _ in named} == set(NAMES)
    for ledger in ledgers:
        assert {name for name, on in named if on == ledger} >= PER_LEDGER
    assert {ledger for _, ledger in named} == {*ledgers, ""}
    assert len(set(named)) == len(named)
    for each in made.measures:
        assert each.warehouse == warehouse
        assert each.value > 0, each
        assert len(each.rounds) == 1, each
        assert each.size, each
        assert not each.is_judged, each
        assert (each.floor is None) == (each.name in ALONE), each
        if each.name in FLOORS:
            assert each.floor_name == FLOORS[each.name]
            assert each.floor_settings["version"], each
    book = {"subscriptions": 40, "events": 2_000}
    assert book.items() <= {each.name: each for each in made.measures}["bill_run_s"].size.items()
    assert not made.is_full
    assert not made.left_out
    assert all(each.startswith(f"{warehouse}: ") for each in said)


def alone(check, *said):
    """Run a check in a process of its own: the engine in process keeps one folder per process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(check, *said).result(timeout=120)


@pytest.mark.parametrize("kind", ["duckdb", "chdb"])
def test_the_floor_of_json_stores_what_our_writer_stores(kind, tmp_path):
    """200 events from lines of JSON, as our writer would keep them, numbered from 1 to 200."""
    assert alone(stores_the_same, kind, tmp_path / "events.ndjson") == 200


def stores_the_same(kind, file):
    """Load a file by the bare engine, and hold what it keeps against what we would."""
    made = events.events(0, 200, 200, 7)
    file.write_bytes(events.ndjson(made))
    columns = ["transaction_id", "stream", "code", "key_high", "key_low"]
    with engine.fresh(kind, 7) as bare:
        bare.run(engine.statement(bare, "ingest_json"), file=str(file))
        found = pl.from_arrow(bare.query("select * from events"))
    kept, ours = found.select(columns).sort(columns), events.stored(made).select(columns)
    assert kept.equals(ours.sort(columns))
    assert found["sequence"].sort().to_list() == list(range(1, 201))
    assert found["at"].dt.epoch("s").sort().equals(made["timestamp"].dt.epoch("s").sort())
    return found.height


@pytest.mark.parametrize("kind", ["duckdb", "chdb"])
def test_the_floor_of_quantities_answers_what_we_answer(kind):
    """500 events of 7 subscriptions, each metric by the bare engine and by a slow rule."""
    assert alone(answers_the_same, kind) == ["calls", "peak", "seats", "traffic", "users"]


def answers_the_same(kind):
    """Ask the bare engine for every metric, and hold its answer against the slow rule."""
    made = events.events(0, 500, 500, 7)
    rules = {
        "calls": len,
        "traffic": lambda used: sum(Decimal(one["size"]) for one in used),
        "peak": lambda used: max(one["level"] for one in used),
        "users": lambda used: len({one["user"] for one in used}),
        "seats": lambda used: used[-1]["level"],
    }
    asked = []
    with engine.fresh(kind, 7) as bare:
        bare.insert("events", events.stored(made).to_arrow())
        for code, text in aggregate.statements(bare, "aggregate").items():
            found = bare.query(text, code=code, **aggregate.WINDOW).to_pylist()
            used = made.filter(code=code).partition_by("external_subscription_id", as_dict=True)
            slowly = {
                int(name.removeprefix("sub-")): Decimal(rules[code](rows.to_dicts()))
                for (name,), rows in used.items()
            }
            assert {row["stream"]: row["quantity"] for row in found} == slowly, code
            asked.append(code)
    return sorted(asked)


def test_a_goal_is_judged_at_full_size_only():
    """2,100 invoices a second reach 2,000; 1,600 reach PostgreSQL's 1,500; small sizes say so."""
    small, full = (Place(warehouse="duckdb", is_full=full) for full in (False, True))
    floor = Floor(name="bill_run", rounds=[5_000.0, 4_000.0, 6_000.0])

    def judged(place, *rates, ledger="sqlite"):
        made = measure(
            "bill_run_invoices_per_s", place, rates, floor, size={"events": 1}, ledger=ledger
        )
        assert made.floor == 5_000.0
        return made.value, made.goal, made.is_judged, made.is_reached

    assert judged(full, 9_000.0, 1_900.0, 2_100.0) == (2_100.0, "≥ 2,000", True, True)
    assert judged(full, 1_600.0) == (1_600.0, "≥ 2,000", True, False)
    assert judged(full, 1_600.0, ledger="postgresql") == (1_600.0, "≥ 1,500", True, True)
    assert judged(small, 2_100.0) == (2_100.0, "≥ 2,000", False, True)
    assert FULL.reaches(FULL)
    assert not SMALL.reaches(FULL)


def test_the_table_says_what_was_not_reached_and_what_was_not_judged():
    """One measure at full size, one below it."""
    console = Console(width=100, record=True, file=StringIO())
    place = Place(warehouse="duckdb", is_full=False)
    show([measure("usage_ms_p50", place, [20.0], size={})], console)
    assert "no*" in console.export_text()

    full = Place(warehouse="duckdb", is_full=True)
    show([measure("usage_ms_p50", full, [20.0], size={})], console)
    said = console.export_text()
    assert "≤ 15" in said
    assert "*" not in said


def test_the_command_is_there():
    """`invora bench --help` names its options."""
    said = CliRunner().invoke(main, ["bench", "--help"])

    assert said.exit_code == 0, said.output
    for option in ("--full", "--json", "--warehouse", "--only"):
        assert option in said.output
