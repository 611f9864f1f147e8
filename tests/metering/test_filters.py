"""Every event falls in exactly one bucket and group."""

import random

import polars as pl
import pytest

from metering import charges, filters
from metering.filters import ALL, Price
from metering.quantities import Metered
from tests.oracle import usage as oracle

CLOUDS = Metered(
    id="m", code="c", aggregation_type="count_agg",
    filters={"cloud": ["aws", "gcp", "azure"], "region": ["us", "eu", "asia"]},
)  # fmt: skip


def price(id, values=None, position=0, groups=None, charge_id="charge"):
    """A price, whatever it costs."""
    terms = {"amount": "1", **({"pricing_group_keys": groups} if groups else {})}
    return Price(
        id=id, charge_id=charge_id, kind="standard", properties=charges.read("standard", terms),
        filter_id=id if values else None, values=values or {}, position=position,
    )  # fmt: skip


def placed(prices, *events, metric=CLOUDS):
    """Where events fall, each given by its properties: (price id, group)."""
    keys = filters.facets(prices)["charge"]
    parts = pl.DataFrame(
        [
            ("m", "charge", place, pl_json([properties.get(key) for key in keys]))
            for place, properties in enumerate(events)
        ],
        schema={
            "metric_id": pl.String, "charge_id": pl.String, "line": pl.UInt32, "facets": pl.String,
        },
        orient="row",
    )  # fmt: skip
    found = filters.placed(parts, {"charge": keys}, prices, {"m": metric}).sort("line")
    return [(prices[row[0]].id, row[1]) for row in found.select("price", "grouped_by").rows()]


def pl_json(texts):
    """A JSON array, as an engine writes it."""
    import json

    return json.dumps(texts, ensure_ascii=False)


AWS, GCP, NOTHING = {"cloud": "aws"}, {"cloud": "gcp"}, {}


def test_fewer_values_win():
    """Spec F3: {aws, gcp} at 5 and {aws} at 3: an aws event goes to 3, a gcp event to 5."""
    prices = [
        price("both", {"cloud": ["aws", "gcp"]}),
        price("aws", {"cloud": ["aws"]}, 1),
        price("rest"),
    ]

    found = placed(prices, AWS, GCP, {"cloud": "azure"}, {"cloud": "ibm"}, NOTHING)

    assert [id for id, _ in found] == ["aws", "both", "rest", "rest", "rest"]


def test_more_keys_win_over_fewer_values():
    """Two keys of three values each are closer than one key of one value."""
    wide = {"cloud": [ALL], "region": [ALL]}
    prices = [price("one", {"cloud": ["aws"]}), price("two", wide, 1), price("rest")]

    found = placed(
        prices, {"cloud": "aws", "region": "us"}, AWS, {"cloud": "aws", "region": "mars"}
    )

    assert [id for id, _ in found] == ["two", "one", "one"]


def test_the_oldest_of_equals_wins_wherever_it_stands_in_the_list():
    """Two identical filters: the one with the lower position; and so for equally many values."""
    prices = [
        price("rest"),
        price("new", {"cloud": ["aws"]}, 7),
        price("old", {"cloud": ["aws"]}, 3),
    ]
    assert placed(prices, AWS) == [("old", None)]

    crossed = [price("c", {"cloud": ["aws"]}, 1), price("r", {"region": ["us"]}, 0), price("rest")]
    assert placed(crossed, {"cloud": "aws", "region": "us"}) == [("r", None)]


def test_all_values_are_the_declared_ones():
    """An undeclared value, or none, is in the default bucket."""
    prices = [price("any", {"cloud": [ALL]}), price("rest")]

    found = placed(prices, AWS, {"cloud": "ibm"}, {"cloud": ""}, {"cloud": None}, {"cloud": ALL})

    assert [id for id, _ in found] == ["any", "rest", "rest", "rest", "rest"]


def test_groups_are_written_in_the_order_of_their_keys():
    """Missing and empty are null; quotes and other scripts are kept as JSON."""
    prices = [price("rest", groups=["region", "cloud"])]

    found = placed(
        prices, {"cloud": "aws", "region": "us"}, {"cloud": 'a"b\\株'}, {"region": ""}, NOTHING
    )

    assert [group for _, group in found] == [
        '{"region":"us","cloud":"aws"}', '{"region":null,"cloud":"a\\"b\\\\株"}',
        '{"region":null,"cloud":null}', '{"region":null,"cloud":null}',
    ]  # fmt: skip
    assert filters.empty_groups(prices) == ['{"region":null,"cloud":null}']


def test_a_filter_has_groups_of_its_own():
    """Scenario charge-filters-and-groups: the filter splits by country, the default does not."""
    prices = [price("aws", {"cloud": ["aws"], "region": [ALL]}, groups=["country"]), price("rest")]
    us = {"cloud": "aws", "region": "us", "country": "us"}

    found = placed(prices, us, {"cloud": "aws", "region": "asia"}, {**us, "cloud": "gcp"})

    assert found == [("aws", '{"country":"us"}'), ("aws", '{"country":null}'), ("rest", None)]


def test_metrics_that_declare_other_values_share_a_charge_in_a_call():
    """What `all values` means is asked of the metric at hand."""
    prices = [price("any", {"cloud": [ALL]}), price("rest")]

    ibm = Metered(id="m", code="c", aggregation_type="count_agg", filters={"cloud": ["ibm"]})

    assert placed(prices, AWS, {"cloud": "ibm"}, metric=ibm) == [("rest", None), ("any", None)]


def test_a_charge_has_one_default_price():
    """None, or two, is a mistake of ours."""
    with pytest.raises(AssertionError, match="no default"):
        placed([price("aws", {"cloud": ["aws"]})], GCP)
    with pytest.raises(AssertionError, match="two default"):
        placed([price("a"), price("b", groups=["x"])], GCP)


def some_filters(dice):
    """Up to six overlapping filters, and a default; some split their bucket."""
    prices = [price("rest", groups=dice.choice([None, ["user"], ["user", "region"]]))]
    for place in range(dice.randint(0, 6)):
        values = {
            key: [ALL] if dice.random() < 0.2 else dice.sample(known, dice.randint(1, 3))
            for key, known in dice.sample(sorted(CLOUDS.filters.items()), dice.randint(1, 2))
        }
        groups = dice.choice([None, None, ["user"]])
        prices.append(price(f"f{place}", values, position=place, groups=groups))
    dice.shuffle(prices)
    return prices


def some_properties(dice):
    """Properties of an event: declared, undeclared, empty or missing."""
    known = {"cloud": ["aws", "gcp", "azure", "ibm", ""], "region": ["us", "eu", "asia", "mars"],
             "user": ["u1", "u2", ""]}  # fmt: skip
    return {key: dice.choice(texts) for key, texts in known.items() if dice.random() < 0.85}


def as_the_oracle_reads(prices):
    """Prices as dictionaries."""
    return [
        {"id": p.id, "values": p.values, "position": p.position, "groups": p.groups}
        for p in prices
    ]  # fmt: skip


def test_it_agrees_with_the_slow_rule():
    """Two hundred charges with thirty events each, one event at a time."""
    dice = random.Random(8)
    metric = {"filters": CLOUDS.filters}
    chosen = set()
    for _ in range(200):
        prices = some_filters(dice)
        events = [some_properties(dice) for _ in range(30)]

        found = placed(prices, *events)

        for properties, (id, group) in zip(events, found, strict=True):
            event = {"properties": properties}
            expected = oracle.bucket(event, as_the_oracle_reads(prices), metric)
            members = oracle.group(event, expected)
            assert id == expected["id"], (properties, prices)
            assert group == (None if not members else text_of(members))
            chosen.add(id)
    assert len(chosen) == 7


def text_of(members):
    """A group as JSON text."""
    import json

    return json.dumps(dict(members), separators=(",", ":"), ensure_ascii=False)
