"""Time and days: what was held for how long, by hand and against the slow rules, in many zones."""

import json
import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal as D
from fractions import Fraction

import pytest

from metering import windows
from metering.quantities import quantities
from metering.rating import rate
from sql.warehouse import open_warehouse
from tests.engines import new_warehouse_url
from tests.metering.test_quantities import Counting, plain_line, plainly
from tests.metering.test_rating import metered, price
from tests.metering.usage import EVER, T0, event, frame, line, send, store
from tests.oracle import days as oracle
from tests.oracle import prices as priced
from tests.oracle import usage

TINY = Fraction(1, 10**12)

DAY = 24
MONTH = 31 * DAY

WEIGHTED = {"m": metered("m", "weighted_sum_agg")}
HELD = {"m": metered("m", "weighted_sum_agg", recurring=True)}
ONE = [price("p", "standard", {"amount": "1"})]


def weighed(warehouse, metrics, *lines):
    """Units and closing levels of lines, as a fee shows them."""
    found = rate(warehouse, frame(*lines), ONE, metrics, EVER)
    return found.select("units", "total_aggregated_units").rows()


def test_a_level_is_averaged_over_the_period(warehouse):
    """Spec A8: +2500 on the 5th of 31 days is 2177.42; then 2500, -2000 on the 4th, -200: 533.33.

    The level is carried if the metric recurs, and what is left of it is the closing level.
    """
    moves = [(4 * DAY, "2500"), (MONTH + 3 * DAY, "-2000"), (MONTH + 5 * DAY, "-200")]
    send(warehouse, [event("s1", "m", hour, {"value": value}) for hour, value in moves])
    both = [line(0, "s1", "m"), line(1, "s1", "m", start=MONTH, stop=MONTH + 30 * DAY)]

    assert weighed(warehouse, HELD, *both) == [
        (D("2177.419354838710"), 2500), (D("533.333333333333"), 300),
    ]  # fmt: skip
    assert weighed(warehouse, WEIGHTED, *both) == [
        (D("2177.419354838710"), 2500), (D(0), -2200),
    ]  # fmt: skip


def test_a_part_of_a_period_weighs_as_a_part(warehouse):
    """Spec A8: +10 for 12 hours of 30 days is 0.16667. A level ends with the line, not the period.

    What is held for the last 10 of 31 days, in a line that begins there, is 10/31.
    """
    send(warehouse, [event("s1", "m", 12, {"value": "10"}), event("s1", "m", 24, {"value": "-10"})])
    send(warehouse, [event("s2", "m", 1, {"value": "31"})], first=100)
    short = line(0, "s1", "m", stop=30 * DAY)
    late = line(1, "s2", "m", start=21 * DAY, full=(0, MONTH))
    early = line(2, "s2", "m", stop=1 + DAY, full=(0, MONTH))

    found = weighed(warehouse, HELD, short, late, early)

    assert found == [(D("0.166666666667"), 0), (D(10), 31), (D(1), 31)]


def test_a_level_is_weighed_to_the_microsecond_and_holds_petabytes(warehouse):
    """3 for a microsecond of 31 days is 0.000000000001 (1.12e-12); 10^15 bytes stay 10^15."""
    tick = timedelta(microseconds=1)
    moves = [(T0, "3"), (T0 + tick, "-3")]
    send(warehouse, [{**event("s1", "m", 0, {"value": value}), "at": at} for at, value in moves])
    send(warehouse, [event("s2", "m", -9, {"value": "1000000000000000.123456789012"})], first=50)

    found = weighed(warehouse, HELD, line(0, "s1", "m"), line(1, "s2", "m"))

    assert found[0] == (D("0.000000000001"), 0)
    assert found[1] == (D("1000000000000000.123456789012"),) * 2


def prorated(warehouse, kind, events, *lines, model="standard", terms=None):
    """Units and amounts of prorated lines; a unit costs 1 unless terms say otherwise."""
    send(warehouse, events)
    metrics = {"m": metered("m", kind, recurring=True)}
    prices = [price("p", model, terms or {"amount": "1"})]
    asked = [{**one, "prorated": True} for one in lines]
    found = rate(warehouse, frame(*asked), prices, metrics, EVER)
    return found.select("units", "amount").rows()


def test_a_sum_counts_for_the_days_it_was_there(warehouse):
    """Scenario agg-sum-recurring-prorated-three-months: 10 for 17 of 31 days is 5.48388, upward.

    Then 10 all month, 20 for 21 of 30 days and 20 for one day: 24.66667 of 50.
    """
    moves = [(14, "10"), (31 + 9, "20"), (31 + 29, "20")]
    events = [event("s1", "m", day * DAY, {"value": value}) for day, value in moves]
    april = line(1, "s1", "m", start=MONTH, stop=MONTH + 30 * DAY)
    may = line(2, "s1", "m", start=MONTH + 30 * DAY, stop=MONTH + 61 * DAY)

    found = prorated(warehouse, "sum_agg", events, line(0, "s1", "m"), april, may)

    assert found == [(10, D("5.48388")), (50, D("24.66667")), (50, 50)]


def test_the_last_day_may_belong_to_what_follows(warehouse):
    """Spec PR3: 75 units and a switch on the 18th: 17 of 31 days; what came on the 17th has one.

    What comes on the day of the switch is counted among the units, but for no day.
    """
    events = [
        event("s1", "m", -5, {"value": "75"}),
        event("s1", "m", 16 * DAY + 3, {"value": "31"}),
        event("s1", "m", 17 * DAY + 3, {"value": "31"}),
    ]
    old = line(0, "s1", "m", stop=17 * DAY + 9, full=(0, MONTH), last_day=date(2026, 1, 17))
    new = line(1, "s1", "m", start=17 * DAY + 9, full=(0, MONTH))

    found = prorated(warehouse, "sum_agg", events, old, new)

    assert found == [(137, D("42.12904")), (137, D("61.87097"))]


SAME_DAY = [(26, 8, "add"), (26, 10, "remove"), (26, 12, "add"), (27, 8, "add"),
            (27, 10, "remove"), (29, 8, "add")]  # fmt: skip


def test_a_value_counts_for_the_days_it_was_there(warehouse):
    """Scenario agg-unique-count-prorated-same-day: there on the 27th, 28th and 30th: 3 of 30."""
    events = [
        event("s1", "m", day * DAY + hour, {"value": "1111", "operation_type": operation})
        for day, hour, operation in SAME_DAY
    ]
    june = [line(0, "s1", "m", stop=30 * DAY), line(1, "s1", "m", start=30 * DAY, stop=60 * DAY)]

    assert prorated(warehouse, "unique_count_agg", events, *june) == [(1, D("0.1")), (1, 1)]


THREE = [
    {"from_value": 0, "to_value": 5, "per_unit_amount": "10", "flat_amount": "100"},
    {"from_value": 6, "to_value": 15, "per_unit_amount": "5", "flat_amount": "50"},
    {"from_value": 16, "to_value": None, "per_unit_amount": "2", "flat_amount": "0"},
]


def test_moves_climb_and_descend_the_tiers(warehouse):
    """Scenario prorated-graduated-sum-three-tiers: 100 at first, then 114, 184, … 187, and 370."""
    moves = [(9, "2"), (15, "5"), (19, "-6"), (24, "10"), (25, "4"), (29, "60")]
    costs = ["100", "114", "184", "165.67", "179.67", "183", "187"]
    send(warehouse, [event("s1", "m", day * DAY, {"value": value}) for day, value in moves])
    prices = [price("p", "graduated", {"graduated_ranges": THREE})]
    metrics = {"m": metered("m", "sum_agg", recurring=True)}
    lines = frame(line(0, "s1", "m", stop=30 * DAY, prorated=True))
    for known, expected in enumerate(costs):
        amount = rate(warehouse, lines, prices, metrics, known)["amount"].item()
        assert amount.quantize(D("0.01")) == D(expected), known

    october = line(0, "s1", "m", start=30 * DAY, stop=61 * DAY, prorated=True)
    found = rate(warehouse, frame(october), prices, metrics, EVER)
    assert found["amount"].to_list() == [370]
    assert [
        (tier["units"], tier["total_with_flat_amount"])
        for tier in json.loads(found["amount_details"].item())["graduated_ranges"]
    ] == [("5.0", "150.0"), ("10.0", "100.0"), ("60.0", "120.0")]


def test_what_is_negative_in_the_end_owes_nothing(warehouse):
    """Scenario prorated-graduated-sum-negative-carry: -3, then +4 is one unit; -3 owes no flat."""
    events = [event("s1", "m", -1, {"value": "-3"}), event("s1", "m", DAY, {"value": "4"})]
    lines = [line(0, "s1", "m", stop=DAY), line(1, "s1", "m"), line(2, "s2", "m")]

    found = prorated(
        warehouse, "sum_agg", events, *lines, model="graduated", terms={"graduated_ranges": THREE}
    )

    assert found == [(0, 0), (1, D("109.677419354838")), (0, 100)]


def test_a_volume_is_chosen_by_all_units_and_paid_for_some(warehouse):
    """20 units on the 16th of 31 days are in the tier of 20, at 2: 10.32259 units cost 21.64518.

    The tier up to 10 would be theirs by their prorated number, at 5.
    """
    ranges = [
        {"from_value": 0, "to_value": 15, "per_unit_amount": "5", "flat_amount": "0"},
        {"from_value": 16, "to_value": None, "per_unit_amount": "2", "flat_amount": "1"},
    ]
    events = [event("s1", "m", 15 * DAY, {"value": "20"})]

    found = prorated(
        warehouse, "sum_agg", events, line(0, "s1", "m"), model="volume",
        terms={"volume_ranges": ranges},
    )  # fmt: skip

    assert found == [(20, D("21.64518"))]


ZONES = ["UTC", "Europe/Paris", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe",
         "America/Santiago", "Africa/Cairo", "Pacific/Auckland"]  # fmt: skip
"""With clocks that change in March or April, at night, at midnight, or by half an hour."""

SPRING = 24 * 59
"""Hours from T0 to the first of March."""


def some_events(dice, count):
    """Events of two months around the changes of the clocks, to the microsecond."""
    values = ["1", "-2.5", "7", "0.000000000001", "12345678.123456789012", "-7", "x", "", "31"]
    made = [
        event(
            f"s{dice.randint(0, 5)}", f"m{dice.randint(0, 5)}",
            SPRING + dice.choice([dice.randint(0, 61 * DAY), dice.random() * 61 * DAY]),
            {
                "value": dice.choice(values),
                "g": dice.choice(["a", "b"]),
                **dice.choice([{}, {}, {"operation_type": "remove"}]),
            },
        )
        for _ in range(count)
    ]  # fmt: skip
    return made


def some_lines(dice, count, **more):
    """Whole or partial periods of any length, in any zone."""
    made = []
    for number in range(count):
        start = SPRING + dice.choice([0, dice.randint(0, 40) * DAY + dice.randint(0, 23)])
        stop = start + dice.randint(1, 31) * DAY + dice.choice([0, dice.randint(0, 23)])
        asked = line(
            number, f"s{dice.randint(0, 6)}", f"m{number % 6}", f"c{number % 12}", start=start,
            stop=stop, zone=dice.choice(ZONES), full=(start - dice.randint(0, 9) * DAY, stop + DAY),
            **more,
        )  # fmt: skip
        if dice.random() < 0.3 and asked["last_day"] > asked["first_day"]:
            asked["last_day"] -= timedelta(days=1)
        made.append(asked)
    return made


def period_of(asked):
    """A line as the slow rules read it."""
    return {**asked, "zone": asked["timezone"]}


RECURRING = {
    f"m{n}": metered(f"m{n}", kind, recurring=True)
    for n, kind in enumerate(["sum_agg", "unique_count_agg"] * 3)
}


@pytest.mark.parametrize("seed", range(2))
def test_weighted_sums_agree_with_the_slow_rule(warehouse, seed):
    """Sixty periods over 900 events, carried or not, in groups, with two that round."""
    dice = random.Random(seed)
    more = [{}, {"recurring": True}, {"rounding_function": "ceil", "rounding_precision": 2}]
    metrics = {f"m{n}": metered(f"m{n}", "weighted_sum_agg", **more[n % 3]) for n in range(6)}
    sent = send(warehouse, some_events(dice, 900))
    lines = some_lines(dice, 60)
    prices = [
        price(f"p{n}", "standard", {"amount": "1", "pricing_group_keys": ["g"]}, charge_id=f"c{n}")
        for n in range(12)
    ]

    found = rate(warehouse, frame(*lines), prices, metrics, EVER)

    checked = 0
    for place, group, units, level in found.select(
        "line", "grouped_by", "units", "total_aggregated_units"
    ).rows():
        asked, metric = lines[place], plainly(metrics[lines[place]["metric_id"]])
        window = usage.in_window(sent, plain_line(asked), metric, EVER)
        mine = [one for one in window if one["properties"]["g"] == json.loads(group)["g"]]
        quantity, closing = oracle.weighted_sum(mine, metric, period_of(asked))
        assert (units, level) == (usage.rounded(quantity, metric), closing), asked
        checked += units > 0
    assert checked > 30


SLOW = {
    "sum_agg": (oracle.prorated_sum, oracle.moves_of_sum),
    "unique_count_agg": (oracle.prorated_unique_count, oracle.moves_of_unique_count),
}


@pytest.mark.parametrize("seed", range(2))
def test_proration_agrees_with_the_slow_rules(warehouse, seed):
    """Ninety prorated periods over 900 events: by the unit and by tiers, day by day in its zone."""
    dice = random.Random(10 + seed)
    sent = send(warehouse, some_events(dice, 900))
    lines = some_lines(dice, 90, prorated=True)
    graduated = {"graduated_ranges": THREE}
    prices = [
        price(f"p{n}", "graduated" if n < 6 else "standard",
              {**(graduated if n < 6 else {"amount": "1"}), "pricing_group_keys": ["g"]},
              charge_id=f"c{n}")
        for n in range(12)
    ]  # fmt: skip

    found = rate(warehouse, frame(*lines), prices, RECURRING, EVER)

    paid = 0
    for place, price_id, group, units, amount in found.select(
        "line", "price_id", "grouped_by", "units", "amount"
    ).rows():
        asked = lines[place]
        metric, period = plainly(RECURRING[asked["metric_id"]]), period_of(asked)
        window = usage.in_window(sent, plain_line(asked), metric, EVER)
        mine = [one for one in window if one["properties"]["g"] == json.loads(group)["g"]]
        by_units, by_moves = SLOW[metric["aggregation_type"]]
        assert units == usage.rounded(usage.aggregate(mine, metric)[0], metric), asked
        if int(price_id[1:]) < 6:
            moves = by_moves(mine, metric, period)
            exact = priced.graduated_of_moves(graduated, moves, period["full_days"])
            assert abs(exact - Fraction(amount)) < TINY, asked
        else:
            assert amount == max(by_units(mine, metric, period), 0), asked
        paid += amount > 0
    assert paid > 60


def test_the_order_and_the_batches_of_arrival_do_not_matter():
    """The same events, written shuffled and in two batches: the same amounts on both engines."""
    dice = random.Random(77)
    events, lines = some_events(dice, 400), some_lines(dice, 60, prorated=True)
    prices = [price(f"p{n}", "graduated" if n % 2 else "standard",
                    {"graduated_ranges": THREE} if n % 2 else {"amount": "1"}, charge_id=f"c{n}")
              for n in range(12)]  # fmt: skip
    answers = []
    for kind in ("duckdb", "chdb", "clickhouse"):
        warehouse = open_warehouse(new_warehouse_url(kind))
        kept = send(warehouse, events)
        answers.append(rate(warehouse, frame(*lines), prices, RECURRING, EVER).drop("statement"))
        warehouse.close()
    other = open_warehouse(new_warehouse_url("duckdb"))
    dice.shuffle(kept)
    streams = {e["stream"]: (e["organization"], e["subscription"]) for e in kept}
    store(other, kept[:100], streams)
    store(other, kept[100:], {})
    answers.append(rate(other, frame(*lines), prices, RECURRING, EVER).drop("statement"))
    other.close()

    assert all(answer.equals(answers[0]) for answer in answers)
    assert answers[0]["amount"].sum() > 0


def test_the_clocks_change_within_a_window_and_it_is_two():
    """Paris on 29 March 2026 at 01:00 UTC: an hour ahead before, two after; Lord Howe by half one.

    Without a change a line is one window, and a recurring one reaches back for ever.
    """
    paris = line(0, "s", "m", start=SPRING, stop=SPRING + MONTH, zone="Europe/Paris")
    plain = line(1, "s", "m", start=SPRING, stop=SPRING + 9 * DAY, zone="Europe/Paris")
    howe = line(2, "s", "m", start=SPRING, stop=SPRING + 61 * DAY, zone="Australia/Lord_Howe")
    hour = 3_600_000_000

    lines = frame(paris, plain, howe).with_columns(stream=1)
    made = windows.windows(lines, "quantities_held", True, True).sort("line", "start")

    assert made.select("line", "ahead").rows() == [
        (0, hour), (0, 2 * hour), (1, hour), (2, 11 * hour), (2, 10 * hour + hour // 2),
    ]  # fmt: skip
    change = datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert made["start"].to_list()[:3] == [windows.EVER, change, windows.EVER]
    assert made["stop"].to_list()[0] == change


def test_time_does_not_cost_lines_that_do_not_ask_for_it(warehouse):
    """Sums that are not prorated are asked for as before, and statements stay as few."""
    send(warehouse, [event(f"s{n}", "m0", 9, {"value": "1"}) for n in range(40)])
    prices = [price("p", "standard", {"amount": "1"}, charge_id="c")]
    for is_prorated, name in ((False, "quantities"), (True, "quantities_held")):
        asked = []
        for count in (1, 40):
            lines = [
                line(n, f"s{n}", "m0", "c", zone=ZONES[n % 8], prorated=is_prorated)
                for n in range(count)
            ]
            counting = Counting(warehouse)
            rate(counting, frame(*lines), prices, RECURRING, EVER)
            asked.append(counting.asked)
        assert asked == [["quantities_streams", name]] * 2


def test_quantities_alone_are_never_prorated(warehouse):
    """Units on a day of daily usage are all there are, whatever the charge says."""
    send(warehouse, [event("s1", "m0", 15 * DAY, {"value": "20"})])
    lines = frame(line(0, "s1", "m0", prorated=True))

    assert quantities(warehouse, lines, RECURRING, EVER)["quantity"].to_list() == [20]
