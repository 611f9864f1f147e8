"""What every aggregation keeps, whichever it is: parts can be put together again."""

import random
from decimal import Decimal as D
from fractions import Fraction

import polars as pl
import pytest

from metering.aggregations import KINDS, PARTS
from metering.quantities import merge

FAMILY = {
    "count_agg", "sum_agg", "max_agg", "latest_agg", "unique_count_agg", "weighted_sum_agg",
    "average_agg", "percentile_agg",
}  # fmt: skip


def test_the_family_is_whole():
    """A file that is lost or misnamed fails here."""
    assert set(KINDS) == FAMILY


def test_each_says_what_metrics_of_its_kind_may_do():
    """Only what adds up carries over, and only count, sum and unique count are paid in advance."""
    kinds = KINDS.values()

    assert {k.kind for k in kinds if k.recurs} == {
        "sum_agg", "unique_count_agg", "weighted_sum_agg",
    }  # fmt: skip
    assert {k.kind for k in kinds if k.in_advance} == {"count_agg", "sum_agg", "unique_count_agg"}
    assert {k.kind for k in kinds if not k.has_field} == {"count_agg"}


def some_parts(kind, dice):
    """Parts of one line, told apart by values where the kind does so."""
    names = ["a", "b", "c"] if KINDS[kind].tells_values else [""]
    return [
        {
            "line": 7, "facets": f"[{n}]", "value": dice.choice(names),
            "quantity": D(dice.randint(0, 1) if names != [""] else dice.randint(-99, 99)),
            "last": n, "events_count": dice.randint(1, 9), "events_sum": D(n) / 4,
            "events_digest": 2**64 + n, "kind": kind, "percentile": D("62.5"),
            "held": D(n) / 8 if KINDS[kind].is_over_time else None, "held_part": D(n) * 3,
        }
        for n in range(12)
    ]  # fmt: skip


def by_hand(kind, parts):
    """What the parts make together."""
    quantities = [part["quantity"] for part in parts]
    if kind == "max_agg":
        return max(quantities)
    if kind == "latest_agg":
        return max(parts, key=lambda part: part["last"])["quantity"]
    if kind == "unique_count_agg":
        newest = {
            part["value"]: part["quantity"] for part in sorted(parts, key=lambda p: p["last"])
        }
        return sum(newest.values())
    if kind == "average_agg":
        exact = Fraction(sum(quantities)) / sum(part["events_count"] for part in parts)
        half = Fraction(1, 2) * (1 if exact >= 0 else -1)
        return D(int(exact * 10**12 + half)).scaleb(-12)
    if kind == "percentile_agg":
        every = sorted(part["quantity"] for part in parts for _ in range(part["events_count"]))
        return every[-(-len(every) * 5 // 8) - 1]
    return sum(quantities)


@pytest.mark.parametrize("kind", sorted(FAMILY))
def test_parts_make_the_same_whole_in_any_order(kind):
    """Twelve parts, shuffled twenty times: quantity, count, sum and digest stay as they are."""
    dice = random.Random(kind)
    schema = {**PARTS, "kind": pl.String, "percentile": pl.Decimal(38, 12)}
    for _ in range(20):
        parts = some_parts(kind, dice)
        frame = pl.DataFrame(parts, schema=schema).sample(fraction=1, shuffle=True, seed=3)

        merged = merge(frame, by=["line"])

        assert merged["quantity"].to_list() == [by_hand(kind, parts)]
        assert merged["events_count"].item() == sum(part["events_count"] for part in parts)
        assert int(merged["events_digest"].item()) == sum(part["events_digest"] for part in parts)
        has_numbers = kind not in ("count_agg", "unique_count_agg")
        added = sum(part["events_sum"] for part in parts)
        assert merged["events_sum"].item() == (added if has_numbers else None)
        if KINDS[kind].is_over_time:
            assert merged["held"].item() == sum(part["held"] for part in parts)
            assert merged["held_part"].item() == sum(part["held_part"] for part in parts)
