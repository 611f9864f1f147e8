"""What every charge model keeps, whichever it is; and each against the rule written slowly."""

import json
import random
from decimal import ROUND_05UP
from decimal import Decimal as D

import msgspec
import polars as pl
import pytest

from metering import charges
from metering.charges.model import LINES
from metering.columns import settle
from tests.oracle import prices as oracle

FAMILY = {
    "standard", "graduated", "volume", "package", "percentage", "graduated_percentage", "dynamic",
    "custom",
}  # fmt: skip

ULP = D("0.000000000001")


def test_the_family_is_whole():
    """A file that is lost or misnamed fails here, not at a customer's invoice."""
    assert set(charges.MODELS) == FAMILY
    assert set(oracle.MODELS) == FAMILY - {"dynamic", "custom"}


@pytest.mark.parametrize("kind", sorted(FAMILY))
def test_what_a_plan_does_not_say_costs_nothing(kind):
    """Each model has a default, and any quantity of it is free; a custom one has no price."""
    default = charges.read(kind, None)

    assert charges.read(kind, msgspec.to_builtins(default)) == default
    if kind != "custom":
        assert amounts([(kind, default)], [(0, D(0), 0), (0, D("12.5"), 3)]) == [0, 0]


def lines(rows):
    """Frame rows of (price, quantity, events)."""
    schema = dict(list(LINES.items())[:4])
    return pl.DataFrame(
        [(place, *row) for place, row in enumerate(rows)], schema=schema, orient="row"
    )


def amounts(terms, rows):
    """Price rows of (price, quantity, events) and return the amounts in their order."""
    return charges.price(lines(rows), terms).sort("line")["amount"].to_list()


def decimal(dice, whole=4, decimals=12):
    """A decimal text of any shape that is allowed."""
    scale = dice.randint(0, decimals)
    return format(D(dice.randint(0, 10 ** (dice.randint(1, whole) + scale))).scaleb(-scale), "f")


def some_ranges(dice, *prices):
    """Ranges that are a ladder: inclusive, adjacent, or mixed."""
    style, ranges, start = dice.choice([(0,), (1,), (0, 1)]), [], 0
    for _ in range(dice.randint(0, 4)):
        end = start + dice.randint(1, 30)
        ranges.append({"from_value": start, "to_value": end})
        start = end + dice.choice(style)
    ranges.append({"from_value": start, "to_value": None})
    return [{**step, **{price: decimal(dice) for price in prices}} for step in ranges]


def some_properties(kind, dice):
    """Properties of a model at random, all of them allowed."""
    if kind == "standard":
        return {"amount": decimal(dice)}
    if kind in ("graduated", "volume"):
        return {f"{kind}_ranges": some_ranges(dice, "per_unit_amount", "flat_amount")}
    if kind == "graduated_percentage":
        ranges = some_ranges(dice, "flat_amount")
        for step in ranges:
            step["rate"] = decimal(dice, whole=2, decimals=10)
        return {"graduated_percentage_ranges": ranges}
    if kind == "package":
        return {"amount": decimal(dice), "package_size": dice.randint(1, 20),
                "free_units": dice.randint(0, 10)}  # fmt: skip
    assert kind == "percentage", kind
    return {"rate": decimal(dice, whole=2, decimals=10), "fixed_amount": decimal(dice)}


def some_quantity(dice):
    """Nothing, a bound, just beyond a bound, a fraction, or very much."""
    whole = D(dice.choice([0, dice.randint(0, 100), dice.randint(0, 100), dice.randint(0, 10**8)]))
    return whole + dice.choice([D(0), D(0), ULP, D("0.5"), D(dice.randint(0, 10**12)) * ULP])


@pytest.mark.parametrize("kind", sorted(oracle.MODELS))
def test_it_agrees_with_the_slow_rule(kind):
    """Sixty plans with forty quantities each, to the last cent at 0, 2 and 3 digits."""
    dice = random.Random(kind)
    plans = [some_properties(kind, dice) for _ in range(60)]
    rows = [(dice.randrange(60), some_quantity(dice), dice.randint(0, 50)) for _ in range(2400)]

    priced = charges.price(lines(rows), [(kind, charges.read(kind, plan)) for plan in plans])

    priced = priced.sort("line")
    exact = [oracle.MODELS[kind](plans[place], units, events) for place, units, events in rows]
    assert priced["amount"].to_list() == [
        amount.quantize(ULP, ROUND_05UP, oracle.EXACT) for amount in exact
    ]
    for digits in (0, 2, 3):
        money = priced.select(settle(pl.col("amount"), digits)).to_series().to_list()
        assert money == [oracle.cents(amount, digits) for amount in exact]


@pytest.mark.parametrize("kind", sorted(oracle.MODELS))
def test_amounts_explain_themselves(kind):
    """amount = units * rate + flat on every step, every line has one, and they add up."""
    dice = random.Random(f"{kind} steps")
    terms = [(kind, charges.read(kind, some_properties(kind, dice))) for _ in range(20)]
    frame = lines([(n % 20, some_quantity(dice), n) for n in range(400)])

    steps = charges.steps(frame, terms)
    priced = dict(charges.price(frame, terms).select("line", "amount").rows())

    assert steps.columns == list(charges.STEPS)
    summed = dict.fromkeys(range(400), D(0))
    for line, _, units, rate, flat, amount, rest, parts in steps.rows():
        assert parts == 1
        told = oracle.plus(oracle.times(units, rate), flat)
        assert oracle.plus(amount, D(rest).scaleb(-24)) == told
        summed[line] = oracle.plus(summed[line], told)
    assert set(steps["line"]) == set(range(400))
    assert all(abs(oracle.plus(priced[line], -amount)) < ULP for line, amount in summed.items())


def test_models_are_priced_side_by_side():
    """All models in one call give what each gives alone, in whatever order the lines come."""
    dice = random.Random(11)
    kinds = sorted(oracle.MODELS)
    plans = [(kind, some_properties(kind, dice)) for kind in kinds * 5]
    terms = [(kind, charges.read(kind, plan)) for kind, plan in plans]
    rows = [(n % len(terms), some_quantity(dice), n % 9) for n in range(600)]
    together = charges.price(lines(rows), terms).sort("line")

    shuffled = charges.price(lines(rows).sample(fraction=1, shuffle=True, seed=5), terms)
    alone = [charges.price(lines([(0, *row[1:])]), [terms[row[0]]]) for row in rows[:30]]

    assert shuffled.sort("line").equals(together)
    assert [one["amount"][0] for one in alone] == together["amount"].to_list()[:30]
    assert [one["amount_details"][0] for one in alone] == together["amount_details"].to_list()[:30]


def test_details_add_up_to_the_amount():
    """What a graduated fee tells of its ranges is what it costs, and it tells each one entered."""
    dice = random.Random(12)
    plans = [some_properties("graduated", dice) for _ in range(30)]
    terms = [("graduated", charges.read("graduated", plan)) for plan in plans]
    rows = [(n % 30, D(dice.randint(0, 10**5)).scaleb(-3), 1) for n in range(300)]

    priced = charges.price(lines(rows), terms).sort("line")

    for (place, units, _), details, amount in zip(
        rows, priced["amount_details"], priced["amount"], strict=True
    ):
        told = json.loads(details)["graduated_ranges"]
        written = plans[place]["graduated_ranges"][: len(told)]
        assert [(t["from_value"], t["to_value"]) for t in told] == [
            (step["from_value"], step["to_value"]) for step in written
        ]
        assert sum(D(t["units"]) for t in told) == units
        assert abs(sum(D(t["total_with_flat_amount"]) for t in told) - amount) <= len(told) * ULP


@pytest.mark.parametrize(
    ("kind", "properties", "is_prorated"),
    [
        ("percentage", {"rate": "1", "free_units_per_events": 3}, False),
        ("percentage", {"rate": "1", "free_units_per_total_aggregation": "0.5"}, False),
        ("percentage", {"rate": "1", "per_transaction_min_amount": "1"}, False),
        ("percentage", {"rate": "1", "per_transaction_max_amount": "1"}, False),
        ("graduated", None, True),
    ],
)
def test_what_needs_the_single_events_says_so(kind, properties, is_prorated):
    """And what does not, does not: events are asked for only where they matter."""
    terms = charges.read(kind, properties)

    assert charges.MODELS[kind].needs_events(terms, is_prorated)
    for other in sorted(FAMILY):
        assert not charges.MODELS[other].needs_events(charges.read(other, None), False)
    assert not charges.MODELS["volume"].needs_events(charges.read("volume", None), True)


def test_an_amount_that_does_not_fit_is_refused():
    """27 digits before the point raise, wherever they arise: in a product or in a sum."""
    much = ("standard", charges.read("standard", {"amount": "9" * 26}))
    flat = {"from_value": 0, "to_value": None, "per_unit_amount": "1", "flat_amount": "9" * 26}
    sum_ = ("graduated", charges.read("graduated", {"graduated_ranges": [flat]}))

    assert amounts([much, sum_], [(0, D(1), 1), (1, D("0.5"), 1)])[0] == D("9" * 26)
    for terms in (much, sum_):
        with pytest.raises(pl.exceptions.ComputeError, match="overflow"):
            amounts([terms], [(0, D(2), 1)])
