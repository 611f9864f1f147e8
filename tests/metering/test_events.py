"""Prices that need the single events: by hand from the scenarios, and against the slow rules."""

import json
import random
from decimal import ROUND_05UP
from decimal import Decimal as D

import pytest

from metering.rating import rate
from tests.metering.test_quantities import Counting, plain_line, plainly
from tests.metering.test_rating import metered, price
from tests.metering.usage import EVER, event, frame, line, send
from tests.oracle import prices as priced
from tests.oracle import usage as oracle

ULP = D("0.000000000001")


def cost(warehouse, terms, *values, kind="sum_agg", **more):
    """What a percentage charges for events of these values, one an hour."""
    sent = [event("s1", "m", hour, {"value": value}) for hour, value in enumerate(values)]
    send(warehouse, sent)
    prices = [price("p", "percentage", terms)]
    lines = frame(line(0, "s1", "m", **more))
    return rate(warehouse, lines, prices, {"m": metered("m", kind)}, EVER)["amount"].item()


FREE = {
    "events": {"free_units_per_events": 3},
    "units": {"free_units_per_total_aggregation": "15.0"},
    "both": {"free_units_per_events": 3, "free_units_per_total_aggregation": "15.0"},
}


@pytest.mark.parametrize(
    ("free", "values", "amount"),
    [
        # scenario charge-percentage-free-events-and-amount: 1 % and 5.00
        ("events", ["10"] * 3, "0"),
        ("events", ["10"] * 4, "5.1"),
        ("units", ["4"] * 3, "0"),
        ("units", ["4"] * 4, "5.01"),
        ("units", ["4", "4", "4", "4", "10"], "10.11"),
        ("both", ["1"] * 3, "0"),
        ("both", ["1"] * 4, "5.01"),
        ("both", ["10"], "0"),
        ("both", ["10"] * 2, "5.05"),
        ("both", ["10"] * 3, "10.15"),
        # nothing at all, and events that bring nothing in the end
        ("both", [], "0"),
        ("units", ["5", "-5"], "0"),
    ],
)
def test_the_first_events_or_units_may_be_free(warehouse, free, values, amount):
    """An event that is only partly covered by free units pays what is fixed."""
    terms = {"rate": "1", "fixed_amount": "5", **FREE[free]}

    assert cost(warehouse, terms, *values) == D(amount)


BOUNDED = {
    "rate": "1", "fixed_amount": "1", "per_transaction_min_amount": "1.75",
    "per_transaction_max_amount": "12",
}  # fmt: skip


@pytest.mark.parametrize(
    ("more", "values", "amount"),
    [
        # scenario charge-percentage-min-max-per-transaction
        ({}, ["100", "1000", "10000", "10"], "26.75"),
        ({}, [], "0"),
        # an event exactly at a bound is not changed by it, and just beyond it is
        ({}, ["75"], "1.75"),
        ({}, ["1100.000000000001"], "12"),
        # three events free; then 20 units, of which the second event uses up 10 and pays for 5
        ({"free_units_per_events": 3}, ["100"] * 4, "2"),
        ({"free_units_per_total_aggregation": "20"}, ["10", "15", "1000"], "12.75"),
        # both: the fewer events. Two of 10 are free, though 50 units would be
        (
            {"free_units_per_events": 2, "free_units_per_total_aggregation": "50"},
            ["10", "10", "1000"], "11",
        ),
        # both: 15 units are used up by the second event, which pays at least 1.75
        (
            {"free_units_per_events": 9, "free_units_per_total_aggregation": "15"},
            ["10", "10", "1000"], "12.75",
        ),
    ],
)  # fmt: skip
def test_an_event_may_cost_at_least_and_at_most(warehouse, more, values, amount):
    """1 % and 1.00, at least 1.75 and at most 12.00 for each."""
    assert cost(warehouse, {**BOUNDED, **more}, *values) == D(amount)


def test_what_events_are_worth_depends_on_the_aggregation(warehouse):
    """Of three events 5, 9, 9: a maximum is brought by the first 9, and each counts as one.

    At least 1.00 per event at 100 %: 1 + 9 + 1 for the maximum, 1 + 1 + 1 counted, and two
    different values are two.
    """
    terms = {"rate": "100", "per_transaction_min_amount": "1"}
    sent = [event("s1", "m", hour, {"value": value}) for hour, value in enumerate("599")]
    send(warehouse, sent)
    prices = [price("p", "percentage", terms)]
    for kind, amount in (("max_agg", 11), ("count_agg", 3), ("unique_count_agg", 2)):
        metrics = {"m": metered("m", kind)}
        found = rate(warehouse, frame(line(0, "s1", "m")), prices, metrics, EVER)
        assert found["amount"].to_list() == [amount], kind


def test_a_fee_tells_what_was_free_and_what_a_bound_changed(warehouse):
    """10 units are free, 5 of the second event too, and the third pays 12.00 instead of 12.10."""
    terms = {**BOUNDED, "free_units_per_total_aggregation": "15"}
    send(warehouse, [event("s1", "m", n, {"value": v}) for n, v in enumerate(["10", "10", "1110"])])

    lines = frame(line(0, "s1", "m"))
    found = rate(warehouse, lines, [price("p", "percentage", terms)], METRICS, EVER)

    assert found["amount"].to_list() == [D("13.75")]
    assert json.loads(found["amount_details"].item()) == {
        "units": "1130.0", "free_units": "15.0", "free_events": 1, "paid_units": "1115.0",
        "rate": "1.0", "per_unit_total_amount": "11.15", "paid_events": 2,
        "fixed_fee_unit_amount": "1.0", "fixed_fee_total_amount": "2.0",
        "min_max_adjustment_total_amount": "0.6",
    }  # fmt: skip


METRICS = {"m": metered("m", "sum_agg")}


def told(subscription, hour, cents, **properties):
    """An event that says what it costs."""
    return {**event(subscription, "m", hour, properties), "cents": cents}


def test_events_may_bring_their_own_price(warehouse):
    """Scenario charge-dynamic-grouped: 10.1 and 901.9 cents are 9.12; each group by itself.

    What is not counted costs nothing, nor does what sums up to no units, and yen have no cents.
    """
    send(warehouse, [
        told("s1", 1, "10.1", value="10", g="a"), told("s1", 2, "901.9", value="10", g="b"),
        told("s1", 3, "500", value="x", g="b"), told("s1", 4, None, value="1", g="b"),
        told("s2", 5, "77", value="5"), told("s2", 6, "77", value="-5"),
    ])  # fmt: skip
    lines = [line(0, "s1", "m"), line(1, "s2", "m"), line(2, "s1", "m", digits=0)]
    lines += [line(3, "s1", "m", charge_id="grouped"), line(4, "s3", "m")]
    prices = [
        price("p", "dynamic", {}),
        price("g", "dynamic", {"pricing_group_keys": ["g"]}, charge_id="grouped"),
    ]

    found = rate(warehouse, frame(*lines), prices, METRICS, EVER)

    assert found.select("line", "units", "amount").rows() == [
        (0, D(21), D("9.12")), (1, D(0), D(0)), (2, D(21), D(912)),
        (3, D(10), D("0.101")), (3, D(11), D("9.019")), (4, D(0), D(0)),
    ]  # fmt: skip


def test_only_prices_that_need_events_ask_for_them(warehouse):
    """A plain charge beside one with free events: the single events of one line are asked for."""
    send(warehouse, [event(f"s{n}", "m", 1, {"value": "4"}) for n in range(50)])
    free = {"rate": "1", "free_units_per_events": 1}
    prices = [
        price("a", "percentage", {"rate": "1"}, charge_id="a"),
        price("b", "percentage", free, charge_id="b"),
    ]
    asked = []
    for count in (1, 50):
        counting = Counting(warehouse)
        lines = [line(n, f"s{n}", "m", charge_id="a") for n in range(count)]
        rate(counting, frame(*lines), prices, METRICS, EVER)
        assert counting.asked == ["quantities_streams", "quantities"]
        lines += [line(100 + n, f"s{n}", "m", charge_id="b") for n in range(count)]
        counting = Counting(warehouse)
        rate(counting, frame(*lines), prices, METRICS, EVER)
        asked.append(counting.asked)

    assert asked[0] == asked[1]
    assert asked[0][-2:] == ["quantities_streams", "quantities_events"]


def some_terms(dice):
    """A percentage with any of its options."""
    terms = {"rate": dice.choice(["1", "2.5", "0.0000000001", "33.3333333333"])}
    if dice.random() < 0.6:
        terms["fixed_amount"] = dice.choice(["1", "0.25", "0.000000000001"])
    if dice.random() < 0.6:
        terms["free_units_per_events"] = dice.randint(1, 6)
    if dice.random() < 0.6:
        terms["free_units_per_total_aggregation"] = dice.choice(["0", "12.5", "0.5", "300"])
    if dice.random() < 0.4:
        terms["per_transaction_min_amount"] = dice.choice(["0", "0.5", "1.25"])
    if dice.random() < 0.4:
        terms["per_transaction_max_amount"] = dice.choice(["1.25", "3"])
    return terms


VALUES = ["1", "12.5", "-3", "0", "100", "0.000000000001", "99.999999999999", "x", "7.25"]


@pytest.mark.parametrize("seed", range(2))
def test_percentages_agree_with_the_slow_rule(warehouse, seed):
    """Forty charges over 900 events with groups, one event at a time, to the last digit."""
    dice = random.Random(seed)
    kinds = ["sum_agg", "sum_agg", "max_agg", "count_agg", "unique_count_agg"]
    metrics = {f"m{n}": metered(f"m{n}", kinds[n % 5]) for n in range(10)}
    charged = [(f"c{n}", f"m{n % 10}", some_terms(dice)) for n in range(40)]
    sent = send(warehouse, [
        event(f"s{dice.randint(0, 3)}", f"m{dice.randint(0, 9)}", dice.randint(0, 50),
              {"value": dice.choice(VALUES), "g": dice.choice(["a", "b", ""])})
        for _ in range(900)
    ])  # fmt: skip
    prices = [
        price(id, "percentage", {**terms, "pricing_group_keys": ["g"]}, charge_id=id)
        for id, _, terms in charged
    ]
    lines = [
        line(place * 4 + n, f"s{n}", metric_id, charge_id=id, start=5, stop=45)
        for place, (id, metric_id, _) in enumerate(charged)
        for n in range(4)
    ]

    found = rate(warehouse, frame(*lines), prices, metrics, EVER)

    paid = 0
    for place, group, amount in found.select("line", "grouped_by", "amount").rows():
        asked = next(one for one in lines if one["line"] == place)
        terms = next(terms for id, _, terms in charged if id == asked["charge_id"])
        expected = slowly(sent, asked, metrics[asked["metric_id"]], json.loads(group), terms)
        assert amount == expected.quantize(ULP, ROUND_05UP, priced.EXACT), (asked, group, terms)
        paid += amount > 0
    assert paid > 150


def slowly(sent, asked, metric, group, terms):
    """What one group of one line costs."""
    known = plainly(metric)
    events = oracle.in_window(sent, plain_line(asked), known, EVER)
    mine = [one for one in events if (one["properties"]["g"] or None) == group["g"]]
    quantity, counted = oracle.aggregate(mine, known)
    units = oracle.rounded(quantity, known)
    values = values_of(metric.aggregation_type, units, counted)
    count = int(units) if metric.aggregation_type == "unique_count_agg" else len(counted)
    return priced.percentage_of_events(terms, units, count, values)


def values_of(kind, units, counted):
    """What each event brings to a percentage."""
    if kind == "unique_count_agg":
        return [D(1)] * int(units)
    if kind == "count_agg":
        return [D(1)] * len(counted)
    values = [oracle.number(one["properties"]["value"]) for one in counted]
    if kind == "max_agg" and values:
        first = values.index(max(values))
        return [value if place == first else D(0) for place, value in enumerate(values)]
    return values


TIERS = [
    {"from_value": 0, "to_value": 2, "per_unit_amount": "10", "flat_amount": "1"},
    {"from_value": 3, "to_value": None, "per_unit_amount": "5", "flat_amount": "2"},
]
TOGETHER = [
    ("weighted_sum_agg", True, False, "standard", {"amount": "1"}),
    ("average_agg", False, False, "standard", {"amount": "1"}),
    ("percentile_agg", False, False, "standard", {"amount": "1"}),
    ("sum_agg", True, True, "volume", {"volume_ranges": TIERS}),
    ("sum_agg", True, True, "graduated", {"graduated_ranges": TIERS}),
    ("unique_count_agg", True, True, "standard", {"amount": "1"}),
    ("unique_count_agg", True, True, "graduated", {"graduated_ranges": TIERS}),
    ("sum_agg", False, False, "percentage", {**BOUNDED, **FREE["both"]}),
    ("sum_agg", False, False, "dynamic", {}),
]


@pytest.mark.parametrize(("kind", "recurring", "prorated", "model", "terms"), TOGETHER)
def test_what_is_told_apart_is_priced_together(warehouse, kind, recurring, prorated, model, terms):
    """A filter that takes both values of a property costs what a charge without filters costs."""
    dice = random.Random(kind + model)
    send(warehouse, [
        {
            **event("s1", "m", dice.randint(-200, 700), {
                "value": dice.choice(["1", "2", "3.5", "-1", "4"]), "g": dice.choice("ab"),
                "operation_type": dice.choice(["add", "remove"]),
            }),
            "cents": "12.5",
        }
        for _ in range(120)
    ])  # fmt: skip
    metric = metered("m", kind, recurring=recurring, filters={"g": ["a", "b"]}, percentile=D(60))
    prices = [
        price("whole", model, terms, charge_id="whole"),
        price("both", model, terms, "parts", filter_id="f", values={"g": ["a", "b"]}),
        price("rest", model, terms, charge_id="parts"),
    ]
    lines = [line(n, "s1", "m", id, prorated=prorated) for n, id in enumerate(("whole", "parts"))]

    found = rate(warehouse, frame(*lines), prices, {"m": metric}, EVER)

    told = ("units", "total_aggregated_units", "amount", "events_count", "events_digest")
    whole, both, _ = found.select(told).rows()
    assert whole == both
    assert whole[0] > 0
