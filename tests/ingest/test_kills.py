"""kill -9 while events come in loses no acknowledged event, and doubles none.

More of it: `python -m tests.ingest.kills`.
"""

import random

import pytest

from tests.ingest.kills import fight


@pytest.mark.parametrize(("engine", "kills"), [("duckdb", 12), ("chdb", 8)])
def test_a_server_that_is_killed_keeps_its_word(engine, kills):
    """20 kills of a real server under four producers; then the books are held against the rows."""
    seed = random.randrange(2**32)
    print(f"seed {seed}")

    found = fight(engine, kills, seed)

    print(found)
    assert found["lost"] > 0, "no request was in flight when the server died"
    assert found["events"] > 100
