"""What a warehouse offers is the same on every engine, to the last digit."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal as D
from pathlib import Path

import polars as pl
import pytest

import sql.statement
from sql.statement import ROOT, dtype, migrations, statement
from sql.types import AMOUNT, INSTANT
from sql.warehouse import Refused, Unanswered, open_warehouse
from tests.engines import execute, new_warehouse_url
from tests.sql.frames import SAMPLES, events, sample

AT = datetime(2024, 3, 31, 23, 59, 59, 999_999, tzinfo=UTC)

NAMES = sorted(
    str(path.relative_to(ROOT / "duckdb").with_suffix(""))
    for path in (ROOT / "duckdb").rglob("*.sql")
    if path.parent.name != "migrations"
)


ECHO = """
-- name:    tests/echo
-- dialect: {dialect}
-- about:   What was sent.
-- frames:  lines
-- returns: {columns}
select * from lines
"""
FAILING = """
-- name:    tests/failing
-- dialect: {dialect}
-- about:   Rows, then an error.
-- params:  last {int}
-- returns: sequence {int}
select {fails} as sequence from events where sequence <= {last}
"""
PARAMS = """
-- name:    tests/params
-- dialect: {dialect}
-- about:   What was bound.
-- params:  {columns}
-- returns: {columns}
select {bound}
"""
DUCK = {
    "number": "BIGINT", "key": "UBIGINT", "amount": "DECIMAL(38, 12)",
    "at": "TIMESTAMP WITH TIME ZONE", "day": "DATE", "flag": "BOOLEAN", "text": "VARCHAR",
    "items": "VARCHAR[]", "none": "VARCHAR",
}  # fmt: skip
CLICK = {
    "number": "Int64", "key": "UInt64", "amount": "Decimal(38, 12)", "at": "DateTime64(6, 'UTC')",
    "day": "Date32", "flag": "Bool", "text": "String", "items": "Array(String)",
    "none": "Nullable(String)",
}  # fmt: skip
LINES = ("number", "key", "amount", "none", "at", "day", "flag", "text", "items")
BOUND = ("number", "amount", "at", "text", "items", "none", "flag")


@pytest.fixture
def scribbled(tmp_path, monkeypatch):
    """Statements for tests alone, beside the real ones."""
    for dialect, types in (("duckdb", DUCK), ("clickhouse", CLICK)):
        (tmp_path / dialect / "tests").mkdir(parents=True)
        for real in (ROOT / dialect).iterdir():
            (tmp_path / dialect / real.name).symlink_to(real)
        bind = '${0}::{1} as "{0}"' if dialect == "duckdb" else "{{{0}:{1}}} as {0}"
        amount = types["amount"] if dialect == "duckdb" else f"Nullable({types['amount']})"
        texts = {
            "echo": ECHO.format(
                dialect=dialect,
                columns=", ".join(f"{n} {amount if n == 'none' else types[n]}" for n in LINES),
            ),
            "params": PARAMS.format(
                dialect=dialect,
                columns=", ".join(f"{n} {types[n]}" for n in BOUND),
                bound=", ".join(bind.format(n, types[n]) for n in BOUND),
            ),
            "failing": FAILING.format(
                dialect=dialect,
                int=types["number"],
                last="$last" if dialect == "duckdb" else "{last:Int64}",
                fails="cast(transaction_id as bigint)"
                if dialect == "duckdb"
                else "toInt64(throwIf(sequence = 2))",
            ),
        }
        for name, said in texts.items():
            (tmp_path / dialect / "tests" / f"{name}.sql").write_text(said.lstrip())
    monkeypatch.setattr(sql.statement, "ROOT", tmp_path)


@pytest.mark.parametrize("name", NAMES)
def test_both_engines_have_every_statement_and_promise_the_same(name):
    """The same parameters, frames and slots in; the same names and frame types out."""
    duck, click = statement("duckdb", name), statement("clickhouse", name)

    assert (duck.frames, duck.slots, duck.reads) == (click.frames, click.slots, click.reads)
    assert list(duck.params) == list(click.params)
    assert [dtype(kind) for kind in duck.params.values()] == [
        dtype(kind) for kind in click.params.values()
    ]
    assert duck.schema == click.schema
    assert duck.about == click.about


def test_no_engine_has_a_statement_of_its_own():
    """The folders hold the same names, and as many migrations."""
    found = {
        str(path.relative_to(ROOT / "clickhouse").with_suffix(""))
        for path in (ROOT / "clickhouse").rglob("*.sql")
        if path.parent.name != "migrations"
    }

    assert found == set(NAMES)
    assert [name for name, _ in migrations("duckdb")] == [
        name for name, _ in migrations("clickhouse")
    ]


@pytest.mark.parametrize("name", sorted(SAMPLES))
def test_a_statement_answers_what_its_header_promises(warehouse, name):
    """On empty tables and on three events: `query` itself holds the answer against the header."""
    assert isinstance(warehouse.query(name, **sample(name)), pl.DataFrame)

    warehouse.append({"events": events(3), "streams": streams()}, "t")

    assert isinstance(warehouse.query(name, **sample(name)), pl.DataFrame)


def streams() -> pl.DataFrame:
    return pl.DataFrame(
        {"stream": [1], "organization_id": ["o"], "external_subscription_id": ["s"]}
    )


@pytest.mark.parametrize("size", [1, 50_000])
def test_frames_go_in_and_out_unchanged(warehouse, size, scribbled):
    """Decimals of 38 digits, microseconds in UTC, nulls, texts with quotes, lists: all as sent."""
    frame = pl.DataFrame(
        {
            "number": pl.Series([2**63 - 1] * size, dtype=pl.Int64),
            "key": pl.Series([2**64 - 1] * size, dtype=pl.UInt64),
            "amount": pl.Series(
                [D("12345678901234567890123456.123456789012")] * size, dtype=AMOUNT
            ),
            "none": pl.Series([None] * size, dtype=AMOUNT),
            "at": pl.Series([AT] * size, dtype=INSTANT),
            "day": pl.Series([date(2024, 2, 29)] * size),
            "flag": [True] * size,
            "text": ['it\'s \\ "é"\n\u2028'] * size,
            "items": [["a", "b'"]] * size,
        }
    )

    answer = warehouse.query("tests/echo", frames={"lines": frame})

    assert answer.equals(frame)
    assert answer.schema == frame.schema


def test_parameters_go_in_and_out_unchanged(warehouse, scribbled):
    """What is bound comes back: great and small numbers, an instant, an empty text, null."""
    sent = {
        "number": -(2**63), "amount": D("-0.000000000001"), "at": AT, "text": "a'b\\ \n\t{}é",
        "items": ["x", "y'z", ""], "none": None, "flag": False,
    }  # fmt: skip

    (row,) = warehouse.query("tests/params", **sent).rows(named=True)

    assert row == sent


def test_a_statement_takes_just_what_its_header_names(warehouse):
    """A parameter too many, one too few, or a frame that is not asked for, is a bug of ours."""
    right = {"first": 1, "last": 2}
    for sent in ({}, {**right, "more": 3}, {**right, "frames": {"x": streams()}}):
        with pytest.raises(AssertionError):
            warehouse.query("ingest/streams_between", **sent)


def test_threads_do_not_see_each_others_frames(warehouse):
    """Eight threads, each with its own `asked`, twenty times: each finds its own event alone."""
    rows = events(8)
    warehouse.append({"events": rows}, "t")

    def ask(number: int) -> list[int]:
        asked = rows[number : number + 1].select("key_low")
        return [
            warehouse.query("ingest/known", frames={"asked": asked})["sequence"].to_list()
            for _ in range(20)
        ]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, range(8)))

    assert found == [[[number + 1]] * 20 for number in range(8)]


def test_the_watermark_is_the_last_sequence(warehouse):
    """0 when there is nothing, 5 after five events."""
    assert warehouse.watermark() == 0

    warehouse.append({"events": events(5)}, "t")

    assert warehouse.watermark() == 5


def test_what_is_refused_leaves_nothing(warehouse):
    """Three events, one of which the table does not admit: none of them is stored."""
    admit_no(warehouse, "poison")
    rows = events(3).with_columns(code=pl.Series(["a", "poison", "b"]))

    with pytest.raises(Refused):
        warehouse.append({"events": rows}, "t")

    assert warehouse.watermark() == 0
    assert warehouse.query("ingest/events_between", first=1, last=9).is_empty()


def test_a_query_after_a_failed_one_is_answered_right(warehouse, scribbled):
    """The engine in process answers on a failed handle with the rest of the error: it is let go."""
    warehouse.append({"events": events(3)}, "t")
    for _ in range(3):
        with pytest.raises(Exception, match=r"(?i)conver|throw"):
            warehouse.query("tests/failing", last=2)
        assert warehouse.watermark() == 3


def test_a_second_migration_changes_nothing(warehouse):
    """Also when two processes' worth of threads do it at once."""
    warehouse.append({"events": events(2)}, "t")
    threads = [threading.Thread(target=warehouse.migrate) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert warehouse.watermark() == 2


@pytest.mark.parametrize("kind", ["chdb", "clickhouse"])
def test_rows_sent_again_under_their_token_are_stored_once(kind):
    """ClickHouse remembers the token of an insert: the repeat of one whose answer was lost."""
    warehouse = open_warehouse(new_warehouse_url(kind))
    for token in ("a", "a", "b"):
        warehouse.append({"events": events(3)}, token)

    assert len(warehouse.query("ingest/events_between", first=1, last=9)) == 6
    warehouse.close()


def test_clickhouse_finds_identities_by_their_projection():
    """200,000 events: a lookup of three reads a few granules of by_key, not the table."""
    warehouse = open_warehouse(new_warehouse_url("chdb"))
    rows = events(200_000)
    warehouse.append({"events": rows}, "t")
    asked = ", ".join(map(str, rows["key_low"].sample(3, seed=1)))
    text = statement("clickhouse", "ingest/known").text.replace("select key_low from asked", asked)

    plan = "\n".join(line for (line,) in execute(warehouse, f"explain indexes = 1 {text}"))

    assert "by_key" in plan
    assert "Granules: 3/" in plan or "Granules: 2/" in plan or "Granules: 1/" in plan
    warehouse.close()


def test_a_projection_that_a_power_cut_tore_changes_no_answer(caplog):
    """Half of its bytes are zeros: the identities are found among the rows themselves."""
    warehouse = open_warehouse(new_warehouse_url("chdb"))
    rows = events(200_000)
    warehouse.append({"events": rows}, "t")
    mine = "database = currentDatabase() and table = 'events' and active"
    ((folder,),) = execute(warehouse, f"select path from system.parts where {mine}")
    execute(warehouse, "detach table events")
    torn = Path(folder) / "by_key.proj" / "data.bin"
    size = torn.stat().st_size
    with torn.open("r+b") as file:
        file.seek(100)
        file.write(bytes(size - 100))
    execute(warehouse, "attach table events")
    asked = rows.sample(5, seed=2)

    found = warehouse.query("ingest/known", frames={"asked": asked.select("key_low")})

    assert sorted(found["sequence"]) == sorted(asked["sequence"])
    assert "torn" in caplog.text
    warehouse.close()


def test_a_warehouse_that_is_not_there_is_unavailable():
    """Nothing listens on the port: the refusal that says try again, not a driver's error."""
    warehouse = open_warehouse(new_warehouse_url("clickhouse"))
    warehouse.close()
    warehouse._reach["port"] = 9  # type: ignore[attr-defined]

    with pytest.raises(Unanswered) as refused:
        warehouse.watermark()

    assert refused.value.code == "warehouse_unavailable"


def admit_no(warehouse, code: str) -> None:
    """Let the table of events refuse a code, as no code of ours does."""
    if warehouse.dialect == "clickhouse":
        execute(warehouse, f"alter table events add constraint no_poison check code != '{code}'")
        return
    (text,) = execute(warehouse, "select sql from duckdb_tables() where table_name = 'events'")
    execute(warehouse, "drop table events")
    plain, checked = "code VARCHAR NOT NULL", f"code VARCHAR NOT NULL CHECK (code <> '{code}')"
    execute(warehouse, text[0].replace(plain, checked))
