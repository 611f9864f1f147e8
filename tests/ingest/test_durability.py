"""An answer is given only after the disk was told to keep what it is about."""

import pytest

from tests.ingest.tracing import TIMES, traced, tracer


@pytest.mark.parametrize("engine", ["duckdb", "chdb"])
def test_the_disk_has_it_before_the_client_hears_of_it(engine, tmp_path):
    """Between `sent` and `answered`, each of three times, the files of the events are synced.

    DuckDB syncs its log; ClickHouse the files of the new part, and its folder.
    """
    if (seen_by := tracer(engine)) is None:
        pytest.skip("neither strace nor gcc is here to see it")
    store = tmp_path / "store"
    url = f"{engine}:///{store}"

    happened = traced(seen_by, url, tmp_path)

    marks = [said for said in happened if not said.startswith("sync ")]
    assert marks == ["sent", "answered"] * TIMES
    text = "\n".join(happened)
    for part in text.split("sent")[1:]:
        synced = [
            line.removeprefix(f"sync {store}")
            for line in part.partition("answered")[0].splitlines()
            if line.startswith(f"sync {store}")
        ]
        if engine == "duckdb":
            assert ".wal" in synced
        else:
            assert any(line.endswith("data.bin") for line in synced), synced
            assert len({line.rpartition("/")[0] for line in synced}) > 1, synced
