"""Who wins: rows in columns against the rule told row by row."""

import random

import polars as pl
import pytest

from ingest.verdicts import judge


def slowly(groups, is_whole, stored):
    """The rule as a person would apply it: group after group, remembering what is taken."""
    taken, verdicts = set(stored), []
    for keys, whole in zip(groups, is_whole, strict=True):
        own: set[int] = set()
        late = []
        for key in keys:
            late.append(key in taken or key in own)
            own.add(key)
        if not whole or not any(late):
            taken |= own
        kept = "withheld" if whole and any(late) else "accepted"
        verdicts += ["duplicate" if is_late else kept for is_late in late]
    return verdicts


def columns(groups, stored):
    rows = [(number, key) for number, keys in enumerate(groups) for key in keys]
    frame = pl.DataFrame(rows, schema={"group": pl.UInt32, "key_low": pl.UInt64}, orient="row")
    taken = pl.DataFrame({"key_low": stored}, schema={"key_low": pl.UInt64})
    return [some.with_columns(key_high=pl.lit(7, pl.UInt64)) for some in (frame, taken)]


def test_columns_judge_as_the_rule_told_row_by_row():
    """500 commits of up to 8 groups over few identities, so that nearly all of them collide."""
    draw = random.Random(2024)
    for _ in range(500):
        space = draw.choice([3, 6, 20])
        sizes = [draw.randint(1, 5) for _ in range(draw.randint(1, 8))]
        groups = [[draw.randrange(space) for _ in range(size)] for size in sizes]
        is_whole = [draw.random() < 0.7 for _ in groups]
        stored = [key for key in range(space) if draw.random() < 0.15]

        judged = judge(
            *columns(groups, stored)[:1], pl.Series(is_whole), columns(groups, stored)[1]
        )

        assert judged["verdict"].to_list() == slowly(groups, is_whole, stored), (groups, is_whole)


@pytest.mark.parametrize(
    ("groups", "is_whole", "verdicts"),
    [
        ([[1], [1]], [True, True], ["accepted", "duplicate"]),
        ([[1, 1], [1]], [True, True], ["withheld", "duplicate", "accepted"]),
        ([[1], [1, 2], [2]], [True] * 3, ["accepted", "duplicate", "withheld", "accepted"]),
        ([[1, 2], [2, 3]], [False] * 2, ["accepted", "accepted", "duplicate", "accepted"]),
    ],
)
def test_a_batch_that_loses_blocks_nobody(groups, is_whole, verdicts):
    """What a refused batch would have taken is free for those behind it."""
    rows, stored = columns(groups, [])

    assert judge(rows, pl.Series(is_whole), stored)["verdict"].to_list() == verdicts


def test_a_thousand_retries_of_one_event_are_judged_at_once():
    """One is accepted, 999 are duplicates, and there is no round for each of them."""
    rows, stored = columns([[5]] * 1000, [])

    verdicts = judge(rows, pl.Series([True] * 1000), stored)["verdict"]

    assert verdicts.to_list() == ["accepted"] + ["duplicate"] * 999
