"""What is paid for at once: tables worked by hand, and at random against the slow rules."""

import random
from decimal import Decimal as D
from itertools import pairwise

import polars as pl
import pytest

from metering import advance
from tests.metering.charges.test_models import INCLUSIVE
from tests.metering.test_rating import metered, price
from tests.metering.usage import event, frame, line, send
from tests.oracle.advance import Slice

PRICES = {
    "standard": {"amount": "1.5"},
    "graduated": {"graduated_ranges": INCLUSIVE},
    "package": {"amount": "100", "free_units": 3, "package_size": 2},
    "percentage": {"rate": "5", "fixed_amount": "1"},
}


def paid_for(*rows):
    return pl.DataFrame(list(rows), schema=advance.PAID_FOR, orient="row")


def rated(warehouse, metric, terms, sent, batches=1, **more):
    """Price events as they come, in so many batches; the fees of a batch are known to the next."""
    send(warehouse, sent)
    levels, found = {}, []
    edges = [round(len(sent) * n / batches) for n in range(batches + 1)]
    for since, until in pairwise(edges):
        fresh = sent[since:until]
        if not fresh:
            continue
        asked = frame(line(0, "s1", "m", **more)).with_columns(
            first_at=pl.lit(min(each["at"] for each in fresh))
        )
        paid = paid_for(*((0, *slice_, level) for slice_, level in levels.items()))
        rows = advance.rate(warehouse, asked, terms, {"m": metric}, since, until, paid)
        for row in rows.iter_rows(named=True):
            levels[row["filter_id"], row["grouped_by"]] = row["paid_level"]
            found.append(row)
    return found


def shown(found):
    return [(row["units"], row["amount"]) for row in found]


def uses(*values, hours=None, **more):
    return [
        event("s1", "m", (hours or range(len(values)))[n], {"value": value, **more})
        for n, value in enumerate(values)
    ]


@pytest.mark.parametrize(
    ("kind", "properties", "values", "expected"),
    [
        ("standard", {"amount": "1"}, ["10", "-4", "8"], [(10, 10), (0, 0), (4, 4)]),
        (
            "graduated",
            {
                "graduated_ranges": [
                    {"from_value": 0, "to_value": 5, "per_unit_amount": "0.02",
                     "flat_amount": "0.01"},
                    {"from_value": 6, "to_value": None, "per_unit_amount": "0.01",
                     "flat_amount": "0.01"},
                ]
            },
            ["3", "1", "2"],
            [(3, D("0.07")), (1, D("0.02")), (2, D("0.04"))],
        ),
        ("package", PRICES["package"], ["3", "1", "2"], [(3, 0), (1, 100), (2, 100)]),
        (
            "percentage",
            {"rate": "5", "fixed_amount": "1", "free_units_per_total_aggregation": "120"},
            ["100", "10", "20", "20"],
            [(100, 0), (10, 0), (20, D("1.5")), (20, 2)],
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("batches", [1, 3])
def test_an_event_costs_what_it_adds(warehouse, kind, properties, values, expected, batches):
    """PA2 and PA3 as they are worked in the specification, in one batch and event by event."""
    found = rated(
        warehouse, metered("m", "sum_agg"), [price("p", kind, properties)], uses(*values), batches
    )
    assert shown(found) == expected


@pytest.mark.parametrize("batches", [1, 6])
def test_a_value_that_comes_back_is_free(warehouse, batches):
    """Add, remove, add again, another, the same again, a third: 12, 0, 0, 12, 0, 12."""
    steps = [("1", ""), ("1", "remove"), ("1", ""), ("2", ""), ("2", ""), ("3", "")]
    sent = [
        event("s1", "m", n, {"value": value, **({"operation_type": said} if said else {})})
        for n, (value, said) in enumerate(steps)
    ]
    metric = metered("m", "unique_count_agg")
    found = rated(warehouse, metric, [price("p", "standard", {"amount": "12"})], sent, batches)
    assert shown(found) == [(1, 12), (0, 0), (1, 0), (1, 12), (0, 0), (1, 12)]


@pytest.mark.parametrize("batches", [1, 4])
def test_a_late_event_is_priced_at_its_own_instant(warehouse, batches):
    """Two free, then 2.00 each: 0, 0, 2.00; the fourth is earlier than all, and free (PA7)."""
    ranges = [
        {"from_value": 0, "to_value": 2, "per_unit_amount": "0", "flat_amount": "0"},
        {"from_value": 3, "to_value": None, "per_unit_amount": "2", "flat_amount": "0"},
    ]
    sent = uses("1", "1", "1", "1", hours=[10, 10, 12, 9])
    terms = [price("p", "graduated", {"graduated_ranges": ranges})]
    found = rated(warehouse, metered("m", "count_agg"), terms, sent, batches)
    assert [row["amount"] for row in found] == [0, 0, 2, 0]


def test_seats_are_paid_for_to_the_end_of_the_period(warehouse):
    """30.00 a month of 30 days, seats added on the 11th to the 15th: 20, 19, 18, 17, 16 (PA4)."""
    sent = uses(*"abcde", hours=[24 * day + 9 for day in range(10, 15)])
    metric = metered("m", "unique_count_agg", recurring=True)
    terms = [price("p", "standard", {"amount": "30"})]
    found = rated(warehouse, metric, terms, sent, 2, stop=24 * 30, prorated=True)
    assert [round(row["amount"], 2) for row in found] == [20, 19, 18, 17, 16]


SEEDS = range(12)


@pytest.mark.parametrize("seed", SEEDS)
def test_it_agrees_with_the_slow_rules(warehouse, seed):
    """Random events: late, at one instant, negative, in groups, in any number of batches."""
    dice = random.Random(seed)
    kind = dice.choice(["count_agg", "sum_agg", "unique_count_agg"])
    model = dice.choice(sorted(PRICES))
    properties = PRICES[model]
    sent = []
    for _ in range(dice.randint(1, 40)):
        said = {"value": str(dice.randint(-3, 9)), "g": dice.choice("ab")}
        if dice.random() < 0.3:
            said["operation_type"] = "remove"
        sent.append(event("s1", "m", dice.randint(0, 20), said))
    terms = [price("p", model, {**properties, "pricing_group_keys": ["g"]})]
    metric = metered("m", kind)
    found = rated(warehouse, metric, terms, sent, dice.choice([1, 2, 5, len(sent)]))

    told = {
        "aggregation_type": kind, "field_name": "value", "rounding_function": None,
        "rounding_precision": None,
    }  # fmt: skip
    slices = {group: Slice(told, (model, properties)) for group in "ab"}
    expected = [
        slices[each["properties"]["g"]].takes({**each, "sequence": n})
        for n, each in enumerate(sent)
    ]
    assert shown(found) == expected, (kind, model)
