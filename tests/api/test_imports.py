"""`invora import`: through the server or into the stores, interrupted anywhere, each event once."""

import gzip
import json
import signal
import subprocess
import time

import polars as pl
import pyarrow as pa
import pytest
from backports import zstd

from sql.warehouse import open_warehouse
from tests.api.platform.test_serve import command, run, serving
from tests.engines import execute

ROWS = 120_000

KILLS = 5
"""Tries to kill an import after its first position: its rows come before, and may be all."""


def organization(folder):
    """Open an organization in the stores themselves, and return its key."""
    made = run(folder, "organizations", "create", "Acme")
    return json.loads(made.stdout)["api_key"]


def lines(name, size):
    """Events as NDJSON."""
    events = (
        {"transaction_id": f"{name}{place}", "code": "calls", "external_subscription_id": "s",
         "timestamp": 1_700_000_000 + place}
        for place in range(size)
    )  # fmt: skip
    return "".join(json.dumps(event) + "\n" for event in events).encode()


def table(name, size):
    """The same events as a table."""
    return pl.read_ndjson(lines(name, size))


def asked(folder, statement):
    """Ask the warehouse, which nobody may have open."""
    warehouse = open_warehouse(f"duckdb:///{folder}/warehouse.duckdb")
    try:
        return [tuple(row) for row in execute(warehouse, statement)]
    finally:
        warehouse.close()


def write_all(folder):
    """A file of every kind, each with ten events of its own."""
    folder.mkdir()
    (folder / "a.ndjson").write_bytes(lines("a", 10))
    (folder / "b.jsonl.gz").write_bytes(gzip.compress(lines("b", 10)))
    (folder / "c.json").write_bytes(b"[" + lines("c", 10).strip().replace(b"\n", b",\n") + b"]")
    (folder / "d.json.zst").write_bytes(
        zstd.compress(b'{"events":[' + lines("d", 10).strip().replace(b"\n", b",") + b"]}")
    )
    table("e", 10).write_csv(folder / "e.csv")
    (folder / "f.csv.gz").write_bytes(gzip.compress(table("f", 10).write_csv().encode()))
    table("g", 10).write_parquet(folder / "g.parquet")
    table("h", 10).write_ipc(folder / "h.arrow")
    made = table("i", 10).to_arrow()
    with pa.ipc.new_stream(folder / "i.arrows", made.schema) as stream:
        stream.write_table(made)
    (folder / "read.me").write_text("no events")


@pytest.mark.parametrize("is_served", [False, True], ids=["stores", "server"])
def test_files_of_every_kind_are_imported_once(tmp_path, is_served):
    """Nine files of ten events; again, and again by a glob: they were imported before."""
    data = tmp_path / "data"
    key = organization(data)
    write_all(tmp_path / "files")
    words = ["import", str(tmp_path / "files"), str(tmp_path / "files" / "*.csv*")]

    def both():
        return [run(data, *words, INVORA_API_KEY=key) for _ in range(2)]

    if is_served:
        with serving(data):
            first, second = both()
    else:
        first, second = both()

    assert first.returncode == second.returncode == 0, first.stderr + second.stderr
    assert first.stdout == (
        "90 rows of 9 files: 90 accepted, 0 duplicates (0 not the same), 0 rejected; "
        "0 files were imported before\n"
    )
    assert second.stdout.startswith("0 rows of 9 files")
    assert "9 files were imported before" in second.stdout
    assert asked(data, "select count(*), count(distinct key_low) from events") == [(90, 90)]
    seconds = """select min(epoch("at"))::bigint, max(epoch("at"))::bigint, min(code) from events"""
    assert asked(data, seconds) == [(1_700_000_000, 1_700_000_009, "calls")]


@pytest.mark.parametrize("is_served", [False, True], ids=["stores", "server"])
def test_a_killed_import_goes_on_where_it_was(tmp_path, is_served):
    """120,000 rows of one file, killed after the first position: the rest is read, nothing twice.

    What is read again is one part at most. A server is killed with the import.
    """
    data = tmp_path / "data"
    key = organization(data)
    file = tmp_path / "a.ndjson"
    file.write_bytes(lines("a", ROWS))
    env = {"INVORA_API_KEY": key}

    def killed(megabytes):
        """Kill an import when so much is on the disk."""
        process = subprocess.Popen(**command(data, "import", str(file), **env))
        until = time.monotonic() + 60
        size = (data / "warehouse.duckdb").stat().st_size
        while time.monotonic() < until and process.poll() is None:
            grown = sum(path.stat().st_size for path in data.glob("warehouse.duckdb*")) - size
            if grown > megabytes << 20:
                break
        process.send_signal(signal.SIGKILL)
        process.wait()

    before = None
    for number in range(KILLS):
        if is_served:
            with serving(data) as (server, _):
                killed(3 * number + 3)
                server.send_signal(signal.SIGKILL)
                server.wait()
        else:
            killed(3 * number + 3)
        (before,) = asked(data, "select sum(received) from positions").pop()
        if before:
            break
    rest = run(data, "import", str(file), **env)

    assert rest.returncode == 0, rest.stderr
    assert before, "it was always killed before its first position"
    assert asked(data, "select count(*), count(distinct key_low) from events") == [(ROWS, ROWS)]
    read = int(rest.stdout.partition(" ")[0].replace(",", ""))
    assert read == ROWS - before
    assert asked(data, "select sum(received) from positions") == [(ROWS,)]


def test_what_cannot_be_done_is_said_plainly(tmp_path):
    """No key, a wrong key, no such file, a file of no kind, a folder that another import owns."""
    data, file = tmp_path / "data", tmp_path / "a.ndjson"
    key = organization(data)
    file.write_bytes(lines("a", 1))
    (tmp_path / "a.txt").write_text("")

    said = {
        "--key": run(data, "import", str(file)),
        "Unauthorized": run(data, "import", str(file), INVORA_API_KEY="wrong"),
        "there is no such file": run(data, "import", str(tmp_path / "b*.csv"), "--key", key),
        "ends with one of": run(data, "import", str(tmp_path / "a.txt"), "--key", key),
        "say which column": run(data, "import", str(file), "--column", "code", "--key", key),
    }

    for words, found in said.items():
        assert found.returncode, words
        assert words in found.stderr, found.stderr
        assert "Traceback" not in found.stderr
