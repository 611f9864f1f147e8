"""A cluster: its tables, its inserts and its reads, as the client's own HTTP code sends them.

No server can be had here. So the statements are parsed by the engine as they are, and run with the
engines of one node in place of the cluster's.
"""

import re

import polars as pl
import pytest

from ingest.commit import Commit
from sql.cluster import clustered, shard
from sql.statement import migrations
from sql.warehouse import open_warehouse
from tests.clickhouse_shim import Shim, serving
from tests.engines import execute, new_warehouse_url, scratch
from tests.ingest.test_writer import each, row, verdicts, whole
from tests.sql.frames import events

STATEMENTS = [text for _, texts in migrations("clickhouse") for text in texts]

LOCAL = (
    (rb"on cluster `c`", b""),
    (rb"ReplicatedMergeTree\([^)]*\)", b"MergeTree"),
    (rb"Distributed\('c', currentDatabase\(\), '(\w+)'\)", rb"Merge(currentDatabase(), '^\1$')"),
    (rb"(?i)^insert into `?events`? ", b"insert into events_local "),
    (rb"replicated_deduplication_window =", b"non_replicated_deduplication_window ="),
    (rb", replicated_deduplication_window_seconds = \d+", b""),
    (rb"uniqExact\(shard_num\) from system.clusters where cluster = {name:String}", b"3"),
)  # fmt: skip
"""What stands on one node for what a cluster has."""


class Node(Shim):
    """A server that believes to be a cluster of three shards, and remembers what it was asked."""

    heard: list[dict[str, str]]

    def run(self, asked, body):
        self.heard.append(asked)
        text = asked.get("query", "").encode() or body
        for cluster, local in LOCAL:
            text = re.sub(cluster, local, text)
        if "query" in asked:
            return super().run({**asked, "query": text.decode()}, body)
        return super().run(asked, text)


@pytest.fixture
def node():
    """The server, and a warehouse on its cluster."""
    shim = Node(scratch() / "chdb")
    shim.heard = []
    with serving(shim) as port:
        name = new_warehouse_url("chdb").partition("database=")[2]
        url = f"clickhouse://default:@127.0.0.1:{port}/{name}_c?cluster=c"
        warehouse = open_warehouse(url)
        warehouse.migrate()
        yield shim, warehouse
        warehouse.close()


@pytest.mark.parametrize("statement", STATEMENTS)
def test_each_table_is_one_that_a_cluster_understands(statement):
    """The engine parses it; it is replicated under a path of its own, and keeps its columns."""
    warehouse = open_warehouse(new_warehouse_url("chdb"))
    made = clustered(statement, "c")

    for text in made:
        parsed = "\n".join(line for (line,) in execute(warehouse, f"explain ast {text}"))
        assert "CreateQuery" in parsed
        assert "on cluster `c`" in text
    assert "non_replicated" not in made[0]
    assert "ReplicatedMergeTree('/clickhouse/tables/{database}/" in made[0]
    assert made[0].partition("(")[2].partition("\nengine")[0] in statement
    warehouse.close()


def test_only_events_are_parted():
    """Events have a path for each shard, and a table over all; other tables are on every node."""
    made = {text.split()[5]: clustered(text, "c") for text in STATEMENTS}

    assert {name for name, texts in made.items() if len(texts) == 2} == {"events"}
    assert "'/clickhouse/tables/{database}/{shard}/events', '{replica}'" in made["events"][0]
    assert "Distributed('c', currentDatabase(), 'events_local')" in made["events"][1]
    assert "'/clickhouse/tables/{database}/streams', '{shard}-{replica}'" in made["streams"][0]


def test_a_cluster_takes_and_finds_events_each_of_them_once(node):
    """Two commits, a duplicate, and a lookup with a frame, through the table over all shards."""
    shim, warehouse = node
    committing = Commit(warehouse)

    first = committing.write([whole(row("a"), row("b"))])
    second = Commit(warehouse).write([each(row("b"), row("c"))])

    assert verdicts(first) == [["accepted", "accepted"]]
    assert verdicts(second) == [["duplicate", "accepted"]]
    assert warehouse.watermark() == 3
    inserts = [asked for asked in shim.heard if "insert_deduplication_token" in asked]
    mine = [asked for asked in inserts if asked["insert_deduplication_token"].endswith("-events")]
    assert [asked["insert_shard_id"] for asked in mine] == [
        str(shard("after 0", 3)), str(shard("after 2", 3)),
    ]  # fmt: skip
    assert all(asked["insert_quorum"] == "auto" for asked in inserts)
    assert all(asked["async_insert"] == "0" for asked in inserts)
    assert not any("insert_shard_id" in asked for asked in inserts if asked not in mine)
    found = [asked for asked in shim.heard if "prefer_global_in_and_join" in asked]
    assert found, "frames are sent on to every shard"
    assert all(asked.get("select_sequential_consistency") == "1" for asked in found)


def test_an_insert_and_its_repeat_go_to_one_shard_and_inserts_to_all():
    """The same token, the same of three shards; a thousand tokens, a third to each about."""
    sizes = pl.Series([shard(f"after {n}", 3) for n in range(1_000)]).value_counts().sort("")

    assert shard("after 7", 3) == shard("after 7", 3)
    assert sizes[""].to_list() == [1, 2, 3]
    assert sizes["count"].min() > 250


def test_events_expire_only_where_the_url_says_so_and_never_the_newest():
    """Off; then after 400 days, but for the newest; then off again."""
    url = new_warehouse_url("chdb")

    def engine(more):
        warehouse = open_warehouse(url + more)
        warehouse.migrate()
        warehouse.append({"events": events(5)}, "once")
        asked = "select engine_full from system.tables where database = currentDatabase() "
        ((said,),) = execute(warehouse, f"{asked} and name = 'events'")
        warehouse.close()
        return said

    assert "TTL" not in engine("")
    kept = engine("&retention_days=400")
    assert "TTL toDateTime(received_at) + toIntervalDay(400) WHERE sequence < 5" in kept
    assert "TTL" not in engine("")


def test_a_url_that_says_what_nobody_understands_is_refused():
    """A word that is spelt wrong is not passed over."""
    with pytest.raises(AssertionError, match="clustr"):
        open_warehouse("clickhouse://default:@127.0.0.1:9/x?clustr=c")
