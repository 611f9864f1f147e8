"""Events and prices to amounts: whole charges by hand, and at random against the slow rules."""

import json
import random
from decimal import ROUND_05UP
from decimal import Decimal as D

import pytest

from metering import charges
from metering.filters import ALL, Price
from metering.quantities import Metered
from metering.rating import RATED, rate
from sql.warehouse import open_warehouse
from tests.engines import new_warehouse_url
from tests.metering.charges.test_family import some_properties as some_prices
from tests.metering.charges.test_models import INCLUSIVE
from tests.metering.test_filters import some_filters, some_properties
from tests.metering.test_quantities import KINDS, Counting, plain_line, plainly
from tests.metering.usage import EVER, event, frame, line, send
from tests.oracle import prices as priced
from tests.oracle import usage as oracle

ULP = D("0.000000000001")


def metered(id, aggregation_type, field="value", **more):
    return Metered(id=id, code=id, aggregation_type=aggregation_type, field_name=field, **more)


def price(id, kind, properties, charge_id="charge", **more):
    return Price(
        id=id, charge_id=charge_id, kind=kind, properties=charges.read(kind, properties), **more
    )


def test_filters_and_groups_are_priced_by_themselves(warehouse):
    """Scenario charge-filters-and-groups: three groups at 12, the rest at 10: 460.00 in all."""
    declared = {"cloud": ["aws", "gcp", "azure"], "region": ["us", "europe", "asia"]}
    metric = metered("m", "sum_agg", filters=declared)
    prices = [
        price("rest", "standard", {"amount": "10"}),
        price("aws", "standard", {"amount": "12", "pricing_group_keys": ["country"]},
              filter_id="f", values={"cloud": ["aws"], "region": [ALL]}),
    ]  # fmt: skip
    rows = [
        ("aws", "us", "us"),
        ("aws", "europe", "france"),
        ("aws", "asia", None),
        ("gcp", "asia", "china"),
    ]
    sent = [
        {
            "cloud": cloud,
            "region": region,
            "value": "10",
            **({"country": country} if country else {}),
        }
        for cloud, region, country in rows
    ]
    send(warehouse, [event("s1", "m", hour, properties) for hour, properties in enumerate(sent)])

    found = rate(warehouse, frame(line(0, "s1", "m")), prices, {"m": metric}, EVER)

    assert found.columns == list(RATED)
    shown = ("price_id", "filter_id", "grouped_by", "units", "events_count", "amount")
    assert found.select(shown).rows() == [
        ("aws", "f", '{"country":"france"}', 10, 1, 120),
        ("aws", "f", '{"country":"us"}', 10, 1, 120),
        ("aws", "f", '{"country":null}', 10, 1, 120),
        ("rest", None, None, 10, 1, 100),
    ]  # fmt: skip
    assert found["unit_amount"].to_list() == [12, 12, 12, 10]


def test_each_bucket_and_group_climbs_its_own_tiers(warehouse):
    """10.5 units in one group and 10.5 in another cost 15.25 each, not 21 units at once."""
    prices = [price("p", "graduated", {"graduated_ranges": INCLUSIVE, "pricing_group_keys": ["g"]})]
    values = [("a", "10"), ("b", "10.5"), ("a", "0.5")]
    send(warehouse, [event("s1", "m", 1, {"g": group, "value": value}) for group, value in values])

    found = rate(warehouse, frame(line(0, "s1", "m")), prices, {"m": metered("m", "sum_agg")}, EVER)

    assert found["amount"].to_list() == [D("15.25"), D("15.25")]
    assert [json.loads(group) for group in found["grouped_by"]] == [{"g": "a"}, {"g": "b"}]
    assert found["unit_amount"].to_list() == [D("1.452380952381")] * 2


def test_a_bucket_nothing_fell_in_is_there_all_the_same(warehouse):
    """No usage: a row for each filter and one for the rest; a flat price is owed in each."""
    prices = [
        price("rest", "standard", {"amount": "1", "pricing_group_keys": ["g", "h"]}),
        price("new", "graduated", {"graduated_ranges": INCLUSIVE}, filter_id="2", position=2,
              values={"a": ["y"]}),
        price("old", "package", {"amount": "5", "package_size": 2, "free_units": 0}, filter_id="1",
              position=1, values={"a": ["x"]}),
    ]  # fmt: skip
    send(warehouse, [event("s1", "m", 1, {"value": "3", "a": "x"})])
    lines = frame(line(0, "nobody", "m"), line(1, "s1", "m"))

    found = rate(warehouse, lines, prices, {"m": metered("m", "sum_agg")}, EVER)

    empty = '{"g":null,"h":null}'
    assert found.select("line", "price_id", "grouped_by", "units", "amount").rows() == [
        (0, "old", None, 0, 0), (0, "new", None, 0, 2), (0, "rest", empty, 0, 0),
        (1, "old", None, 3, 10), (1, "new", None, 0, 2), (1, "rest", empty, 0, 0),
    ]  # fmt: skip
    assert found["unit_amount"].to_list() == [0, 0, 0, D("3.333333333333"), 0, 0]
    assert found["events_digest"].to_list()[:3] == ["0"] * 3


def test_a_value_moves_between_events_of_one_bucket_but_not_across(warehouse):
    """A seat added in the us and removed in asia: gone if one price has both, kept if not."""
    metric = metered("m", "unique_count_agg", filters={"region": ["us", "asia", "eu"]})
    moves = [("us", "add"), ("asia", "remove")]
    send(warehouse, [
        event("s1", "m", hour, {"value": "seat", "region": region, "operation_type": operation})
        for hour, (region, operation) in enumerate(moves)
    ])  # fmt: skip
    rest = price("rest", "standard", {"amount": "1"})
    both = price("f", "standard", {"amount": "1"}, filter_id="f", values={"region": ["us", "asia"]})
    one = price("f", "standard", {"amount": "1"}, filter_id="f", values={"region": ["us"]})

    for filtered, units in ((both, [0, 0]), (one, [1, 0])):
        lines = frame(line(0, "s1", "m"))
        found = rate(warehouse, lines, [rest, filtered], {"m": metric}, EVER)
        assert found["units"].to_list() == units
        assert found["events_count"].to_list() == units
        assert found["events_read"].sum() == 2


def test_a_fixed_amount_is_paid_for_each_event(warehouse):
    """1 % and 5.00: four events of 10 cost 20.40."""
    send(warehouse, [event("s1", "m", hour, {"value": "10"}) for hour in range(4)])
    prices = [price("p", "percentage", {"rate": "1", "fixed_amount": "5"})]

    found = rate(warehouse, frame(line(0, "s1", "m")), prices, {"m": metered("m", "sum_agg")}, EVER)

    assert found["amount"].to_list() == [D("20.4")]
    assert json.loads(found["amount_details"][0])["paid_events"] == 4


def test_other_prices_are_other_amounts_and_nothing_is_written(warehouse):
    """Asked again with altered prices, only amounts change; the warehouse is only read."""
    send(warehouse, [event("s1", "m", 1, {"value": "10"})])
    reading, lines = Counting(warehouse), frame(line(0, "s1", "m"))
    metrics = {"m": metered("m", "sum_agg")}

    for amount in ("1", "2.5"):
        prices = [price("p", "standard", {"amount": amount})]
        found = rate(reading, lines, prices, metrics, EVER)
        assert found["amount"].to_list() == [10 * D(amount)]

    assert not hasattr(reading, "append")
    assert reading.asked == ["quantities_streams", "quantities"] * 2


def test_nothing_asked_is_nothing_answered(warehouse):
    """No lines make no rows, and columns that are not ours do not matter."""
    metrics, prices = {"m": metered("m", "sum_agg")}, [price("p", "standard", {"amount": "1"})]
    lines = frame(line(0, "s1", "m")).with_columns(kind=1, price=2, quantity=3, statement=4)

    assert rate(warehouse, frame(), prices, metrics, EVER).schema == RATED
    assert rate(warehouse, lines, prices, metrics, EVER).schema == RATED


def test_what_cannot_be_priced_is_never_silently_nothing(warehouse):
    """A charge without a price raises."""
    lines, metrics = frame(line(0, "s1", "m")), {"m": metered("m", "sum_agg")}

    with pytest.raises(AssertionError, match="no price"):
        rate(warehouse, lines, [], metrics, EVER)


def some_book(dice):
    """Metrics of every kind, charges of every model with filters and groups, events and lines."""
    metrics, prices, lines = {}, [], []
    declared = {"cloud": ["aws", "gcp", "azure"], "region": ["us", "eu", "asia"]}
    for place in range(14):
        kind = [*KINDS, "average_agg", "percentile_agg"][place % 7]
        more = {"percentile": D(90)} if kind == "percentile_agg" else {}
        if kind in ("sum_agg", "unique_count_agg"):
            more["recurring"] = dice.random() < 0.5
        if dice.random() < 0.3:
            more |= {"rounding_function": dice.choice(["round", "ceil", "floor"]),
                     "rounding_precision": dice.randint(-1, 2)}  # fmt: skip
        metric_id = f"m{place % 7}-{kind}"
        metrics.setdefault(metric_id, metered(metric_id, kind, filters=declared, **more))
        for one in some_filters(dice):
            model = dice.choice(sorted(priced.MODELS))
            terms = {**some_prices(model, dice), "pricing_group_keys": one.groups}
            prices.append((f"c{place}-{one.id}", f"c{place}", model, terms, one))
        lines += [
            line(place * 20 + n, f"s{dice.randint(0, 4)}", metric_id, f"c{place}", start=start,
                 stop=start + dice.randint(1, 40))
            for n in range(20) for start in [dice.randint(0, 30)]
        ]  # fmt: skip
    codes = [metric.code for metric in metrics.values()]
    values = ["1", "2.5", "0.000000000001", "-1", "x", "1234567.123456789012"]
    events = [
        event(f"s{dice.randint(0, 3)}", dice.choice(codes), dice.randint(0, 60), {
            **some_properties(dice), "value": dice.choice(values),
            "operation_type": dice.choice(["add", "remove"]),
        })
        for _ in range(1500)
    ]  # fmt: skip
    return metrics, prices, lines, events


def expected_rows(asked, metric, prices, events):
    """What the slow rules say of one line."""
    plain = [
        {"id": id, "values": one.values, "position": one.position, "groups": one.groups}
        for id, charge_id, _, _, one in prices if charge_id == asked["charge_id"]
    ]  # fmt: skip
    terms = {id: (model, terms) for id, _, model, terms, _ in prices}
    rows = {}
    for (id, group), some in oracle.slices(events, plain_line(asked), metric, plain, EVER).items():
        quantity, counted = oracle.aggregate(some, metric)
        units, (count, *rest) = oracle.rounded(quantity, metric), oracle.provenance(counted, metric)
        shown = int(units) if metric["aggregation_type"] == "unique_count_agg" else count
        model, properties = terms[id]
        amount = priced.MODELS[model](properties, units, shown)
        made = (units, shown, amount.quantize(ULP, ROUND_05UP, priced.EXACT), count, *rest)
        rows[asked["line"], id, group] = made
    return rows


def rated_rows(found):
    """Rated rows by line, price and group."""
    columns = ("line", "price_id", "grouped_by", "units", "events_count", "amount", "events_read",
               "events_sum", "events_digest")  # fmt: skip
    return {
        (line, id, tuple(json.loads(group or "{}").items())): tuple(rest)
        for line, id, group, *rest in found.select(columns).rows()
    }


@pytest.mark.parametrize("seed", range(3))
def test_it_agrees_with_the_slow_rules(warehouse, seed):
    """280 lines of 14 charges over 1,500 events, each bucket and group worked out one by one."""
    metrics, prices, lines, events = some_book(random.Random(seed))
    sent = send(warehouse, events)
    terms = [
        Price(id=id, charge_id=charge_id, kind=model, properties=charges.read(model, terms),
              filter_id=one.filter_id, values=one.values, position=one.position)
        for id, charge_id, model, terms, one in prices
    ]  # fmt: skip

    found = rated_rows(rate(warehouse, frame(*lines), terms, metrics, EVER))

    expected = {}
    for asked in lines:
        expected |= expected_rows(asked, plainly(metrics[asked["metric_id"]]), prices, sent)
    assert set(found) == set(expected)
    assert {key for key in expected if found[key] != expected[key]} == set()
    assert sum(row[0] > 0 for row in expected.values()) > 200


def test_lines_in_any_order_or_in_chunks_cost_the_same():
    """A book rated at once, shuffled, and in seven chunks: the same rows."""
    metrics, prices, lines, events = some_book(random.Random(99))
    warehouse = open_warehouse(new_warehouse_url("duckdb"))
    send(warehouse, events)
    terms = [
        Price(id=id, charge_id=charge_id, kind=model, properties=charges.read(model, terms),
              filter_id=one.filter_id, values=one.values, position=one.position)
        for id, charge_id, model, terms, one in prices
    ]  # fmt: skip
    whole = rate(warehouse, frame(*lines), terms, metrics, EVER)

    random.Random(1).shuffle(lines)
    shuffled = rate(warehouse, frame(*lines), terms, metrics, EVER)
    chunks = [rate(warehouse, frame(*lines[n::7]), terms, metrics, EVER) for n in range(7)]

    assert shuffled.equals(whole)
    together = {key: row for chunk in chunks for key, row in rated_rows(chunk).items()}
    assert together == rated_rows(whole)
    warehouse.close()
