"""kill -9 while events come in loses no acknowledged event, and doubles none.

More of it: `make soak`.
"""

import random

import pytest

from tests.ingest.kills.fight import fight
from tests.ingest.kills.server import POINTS


@pytest.mark.parametrize(("warehouse", "kills"), [("duckdb", 9), ("chdb", 7), ("clickhouse", 7)])
def test_servers_that_are_killed_keep_their_word(warehouse, kills):
    """23 kills of real servers under four producers; then books, rows, usage and bill are held
    against each other.

    Each warehouse's every point of a commit is among them. On ClickHouse there are two servers, and
    one is paused until its lease is another's, between its last look at it and its insert.
    """
    seed = random.randrange(2**32)
    print(f"seed {seed}")

    found = fight(warehouse, kills, seed)

    print(found)
    assert set(POINTS[warehouse]) <= set(found["ends"])
    assert sum(found["ends"].values()) >= kills
    assert found["answers"]["lost"] > 0, "no request was in flight when a server died"
    assert found["events"] > 100
    assert found["billed_cents"] > 0
