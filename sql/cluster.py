"""The tables of one ClickHouse node, written again for a cluster of them.

Every table is replicated to every node, so that a join finds all of it where it runs; only events
are parted among the shards. Each node then has its part in `events_local`, and reads the whole in
`events`.
"""

import re
from zlib import crc32

PARTED = ("events",)
"""Tables too large for one node."""

PATH = "/clickhouse/tables/{database}/"
"""Where the replicas of a table agree, in the words of ClickHouse's macros."""

WRITING = {
    "insert_quorum": "auto",
    "insert_quorum_parallel": 0,
    "insert_quorum_timeout": 8_000,
    "distributed_foreground_insert": 1,
}
"""An insert is answered when most replicas have it."""

READING = {"select_sequential_consistency": 1}
"""A replica that lags waits until it has what was answered."""

FRAMES = {"prefer_global_in_and_join": 1}
"""What is sent along with a query is sent on to every shard."""

CREATE = re.compile(
    r"^create table if not exists (?P<name>\w+) (?P<columns>\(.*)\n?\s*"
    r"engine = MergeTree\b(?P<rest>.*)$",
    re.S,
)

WINDOW = "non_replicated_deduplication_window = 10000"
"""How many inserts a table remembers on one node."""

REPLICATED_WINDOW = (
    "replicated_deduplication_window = 10000, replicated_deduplication_window_seconds = 604800"
)


def clustered(statement: str, cluster: str) -> list[str]:
    """Return what does on a cluster what a statement of a migration does on one node."""
    found = CREATE.match(statement)
    assert found is not None, f"say in sql/cluster.py what this is on a cluster: {statement[:60]}"
    name, on = found["name"], f"on cluster `{cluster}`"
    is_parted = name in PARTED
    local = f"{name}_local" if is_parted else name
    path = f"{PATH}{{shard}}/{name}" if is_parted else f"{PATH}{name}"
    replica = "{replica}" if is_parted else "{shard}-{replica}"
    rest = found["rest"].replace(WINDOW, REPLICATED_WINDOW)
    made = [
        f"create table if not exists {local} {on} {found['columns'].rstrip()}\n"
        f"engine = ReplicatedMergeTree('{path}', '{replica}'){rest}"
    ]
    if is_parted:
        made.append(
            f"create table if not exists {name} {on} as {local}\n"
            f"engine = Distributed('{cluster}', currentDatabase(), '{local}')"
        )
    return made


def shard(token: str, shards: int) -> int:
    """Return the shard, from 1, that takes an insert whole: a repeat goes to the same.

    So an insert is stored or is not, on a cluster too, and of two under one token one is.
    """
    return 1 + crc32(token.encode()) % shards
