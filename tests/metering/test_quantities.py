"""Quantities of many lines in one pass: by hand, against the slow rules, on every engine."""

import random
from decimal import Decimal as D

import pytest

from metering.quantities import Metered, planned, quantities
from sql.warehouse import open_warehouse
from tests.engines import new_warehouse_url
from tests.metering.usage import EVER, event, frame, line, send, store
from tests.oracle import usage as oracle


def metric(aggregation_type, field="v", **more):
    return Metered(
        id=more.pop("id", "m"),
        code="c",
        aggregation_type=aggregation_type,
        field_name=field,
        **more,
    )


def measured(warehouse, asked, *lines, until=EVER):
    """The quantities of lines on one metric, as texts."""
    found = quantities(warehouse, frame(*lines), {asked.id: asked}, until)
    return [str(quantity.normalize() + 0) for quantity in found["quantity"]]


def sent(warehouse, *values, field="v", code="c"):
    """One event an hour for s1, each with a value in one property."""
    return send(
        warehouse,
        [event("s1", code, hour, {field: value}) for hour, value in enumerate(values, 1)],
        first=random.Random(str(values)).randrange(1, 10**6),
    )


def test_sums_are_exact_and_ignore_what_is_no_decimal(warehouse):
    """10.5 + 2 = 12.5; a missing field, words, exponents and spaces do not even count."""
    wrong = ["abc", "1e3", " 1", "1 ", "+1", "1_0", ".5", "5.", "", "0x1", "１", "1,5", "nan", "-",
             "9" * 27, "0.0000000000001"]  # fmt: skip
    sent(warehouse, "10.5", "2", *wrong)
    sent(warehouse, "9", field="other")

    found = quantities(warehouse, frame(line(0, "s1", "m")), {"m": metric("sum_agg")}, EVER)

    assert found["quantity"].to_list() == [D("12.5")]
    assert found["events_count"].to_list() == [2]
    assert found["events_sum"].to_list() == [D("12.5")]


def test_twelve_decimals_and_twenty_six_digits_survive(warehouse):
    """No float on the way: 12345678901234.123456789012 three times; 26 digits less 1."""
    sent(warehouse, *["12345678901234.123456789012"] * 3)
    sent(warehouse, "9" * 26 + "." + "9" * 12, "-1", code="big")
    big = Metered(id="big", code="big", aggregation_type="sum_agg", field_name="v")

    found = quantities(
        warehouse,
        frame(line(0, "s1", "m"), line(1, "s1", "big")),
        {"m": metric("sum_agg"), "big": big},
        EVER,
    )

    assert found["quantity"].to_list() == [
        D("37037036703702.370370367036"), D("9" * 25 + "8." + "9" * 12),
    ]  # fmt: skip


@pytest.mark.parametrize("values", [["9" * 26] * 2, ["9" * 26] * 4, ["9" * 26, "4" + "0" * 25]])
def test_a_sum_that_does_not_fit_is_refused(warehouse, values):
    """27 digits raise on every engine; none of them wraps, within an engine or on the way out.

    A maximum would fit, but not the sum of its events that is kept beside it.
    """
    sent(warehouse, *values)

    for kind in ("sum_agg", "max_agg"):
        with pytest.raises(Exception, match=r"(?i)overflow|range"):
            measured(warehouse, metric(kind), line(0, "s1", "m"))


def test_a_negative_total_is_no_usage(warehouse):
    """12.5 - 20 bills nothing, but its three events were counted and add up."""
    sent(warehouse, "10.5", "2", "-20")

    for kind, total in (("sum_agg", "-7.5"), ("latest_agg", "-7.5")):
        found = quantities(warehouse, frame(line(0, "s1", "m")), {"m": metric(kind)}, EVER)
        assert (found["quantity"].item(), found["events_count"].item()) == (0, 3)
        assert found["events_sum"].item() == D(total)


def test_max_is_the_greatest_and_latest_the_newest(warehouse):
    """Of 5, 20, 3 the most is 20 and the last is 3; at one instant the later ingested is newer."""
    sent(warehouse, "5", "20", "3")
    both = [line(0, "s1", "m"), line(1, "s1", "m", stop=3)]
    assert measured(warehouse, metric("max_agg"), *both) == ["20", "20"]
    assert measured(warehouse, metric("latest_agg"), *both) == ["3", "20"]

    send(warehouse, [event("s2", "c", 9, {"v": v}) for v in ("1", "2")], first=10**7)
    send(warehouse, [event("s2", "c", 8, {"v": "7"})], first=10**7 + 5)
    assert measured(warehouse, metric("latest_agg"), line(0, "s2", "m")) == ["2"]
    assert measured(warehouse, metric("latest_agg"), line(0, "s2", "m"), until=10**7) == ["1"]


def test_unique_values_come_and_go(warehouse):
    """Scenario agg-unique-count-metered-operations: repeated adds and orphan removes do nothing."""
    steps = [("a", None, "1"), ("a", "add", "1"), ("zz", "remove", "1"), ("b", None, "2"),
             ("b", "remove", "1"), ("", None, "1"), ("b", "add", "2"), ("1", None, "3"),
             ("1.0", None, "4")]  # fmt: skip
    for place, (value, operation, expected) in enumerate(steps):
        properties = {"uid": value, **({"operation_type": operation} if operation else {})}
        send(warehouse, [event("s1", "c", 1 + place, properties)], first=1 + place)
        unique = metric("unique_count_agg", field="uid")
        assert measured(warehouse, unique, line(0, "s1", "m")) == [expected], value

    assert measured(warehouse, unique, line(0, "s1", "m", start=5)) == ["3"]


def test_what_recurs_survives_its_period(warehouse):
    """Scenario agg-sum-recurring-carried: 10, then +20 +20, then nothing: 10, 50, 50."""
    send(
        warehouse,
        [event("s1", "c", hour, {"v": v}) for hour, v in ((1, "10"), (11, "20"), (12, "20"))],
    )
    periods = [line(n, "s1", "m", start=10 * n, stop=10 * n + 10) for n in range(3)]

    assert measured(warehouse, metric("sum_agg", recurring=True), *periods) == ["10", "50", "50"]
    assert measured(warehouse, metric("sum_agg"), *periods) == ["10", "40", "0"]


def test_windows_are_half_open_and_every_line_has_its_own(warehouse):
    """Events at 0 h, 5 h and 10 h; what ends at 5 h has one, what begins there has two."""
    send(warehouse, [event("s1", "c", hour) for hour in (0, 5, 10)])
    send(warehouse, [event("s1", "other", 1), event("s2", "c", 1)], first=10)
    send(warehouse, [event("s1", "c", 1, organization="another")], first=20)
    windows = [(0, 5), (5, 11), (0, 11), (6, 9), (-5, 0), (5, 10)]

    lines = [line(n, "s1", "m", start=a, stop=b) for n, (a, b) in enumerate(windows)]
    lines += [line(6, "s1", "m", org="another"), line(7, "nobody", "m"), line(8, "s2", "m")]

    counted = measured(warehouse, metric("count_agg"), *lines)
    assert counted == ["1", "2", "3", "0", "0", "1", "1", "0", "1"]


def test_what_came_after_the_watermark_is_not_known(warehouse):
    """Three events, of which the last two were ingested later: 1, then 2, then 3."""
    sent_now = send(warehouse, [event("s1", "c", 3), event("s1", "c", 2), event("s1", "c", 1)])

    counted = [
        measured(warehouse, metric("count_agg"), line(0, "s1", "m"), until=one["sequence"])
        for one in sent_now
    ]

    assert counted == [["1"], ["2"], ["3"]]


def test_metrics_round_before_anything_is_priced(warehouse):
    """Scenario agg-metric-rounding-functions: 12.345 as 12.4, 12, 12.35 and 10."""
    sent(warehouse, "12.345")
    roundings = [("ceil", 1), ("floor", 0), ("round", 2), ("round", -1), (None, None)]

    metrics = {
        str(n): metric("sum_agg", id=str(n), rounding_function=function, rounding_precision=digits)
        for n, (function, digits) in enumerate(roundings)
    }
    lines = [line(n, "s1", str(n)) for n in range(len(roundings))]
    found = quantities(warehouse, frame(*lines), metrics, EVER)["quantity"].to_list()

    assert found == [D("12.4"), D(12), D("12.35"), D(10), D("12.345")]


STRANGE = ["a.b", "a/b", "$x", "/x", 'a"b', "~1", "a\\b", "é", "a b", "*", "0", "a'b", "", "\t",
           "[0]"]  # fmt: skip


def test_a_property_may_have_any_name(warehouse):
    """A dot, a quote or a star in a key is part of its name, and never a path."""
    properties = {key: str(place) for place, key in enumerate(STRANGE)}
    send(warehouse, [event("s1", "c", 1, {**properties, "b": "-1", "x": "-1"})])
    metrics = {key: metric("sum_agg", field=key, id=key) for key in STRANGE}

    lines = frame(*(line(place, "s1", key) for place, key in enumerate(STRANGE)))
    found = quantities(warehouse, lines, metrics, EVER)["quantity"].to_list()

    assert found == list(range(len(STRANGE)))


class Counting:
    """A warehouse that counts what is asked of it, and takes nothing in."""

    def __init__(self, warehouse):
        self.warehouse, self.dialect, self.asked = warehouse, warehouse.dialect, []

    def query(self, name, **more):
        self.asked.append(name)
        return self.warehouse.query(name, **more)


KINDS = ("count_agg", "sum_agg", "max_agg", "latest_agg", "unique_count_agg")


def test_the_number_of_statements_does_not_depend_on_the_number_of_lines(warehouse):
    """Ten lines or a thousand, on five metrics: one statement for each, and one for the streams."""
    send(warehouse, [event(f"s{n}", "c", 1, {"v": "1"}) for n in range(1000)])
    metrics = {kind: metric(kind, id=kind) for kind in KINDS}
    asked = []
    for count in (10, 1000):
        lines = [line(n, f"s{n}", KINDS[n % 5]) for n in range(count)]
        counting = Counting(warehouse)
        found = quantities(counting, frame(*lines), metrics, EVER)
        assert found["quantity"].to_list() == [1] * count
        asked.append(sorted(counting.asked))

    assert asked[0] == asked[1]
    assert asked[0] == ["quantities"] * 4 + ["quantities_streams", "quantities_unique"]


def test_lines_without_events_do_not_reach_the_events(warehouse):
    """A thousand subscriptions that sent nothing cost the one statement that finds no stream."""
    counting = Counting(warehouse)
    lines = [line(n, f"s{n}", "m") for n in range(1000)]

    found = quantities(counting, frame(*lines), {"m": metric("sum_agg")}, EVER)

    assert counting.asked == ["quantities_streams"]
    assert found.select("quantity", "events_count", "events_digest").unique().rows() == [
        (0, 0, "0")
    ]


def test_a_statement_is_named_by_its_text():
    """The same text, the same name, whatever the metric; another aggregation, another name."""
    metrics = {"a": metric("sum_agg", id="a"), "b": metric("sum_agg", field="w", id="b"),
               "c": metric("max_agg", id="c")}  # fmt: skip
    lines = frame(*(line(n, "s1", id) for n, id in enumerate(metrics)))

    _, known = planned("duckdb", lines, metrics, {})
    _, click = planned("clickhouse", lines, metrics, {})

    a, b, c = known.sort("line")["statement"]
    assert a == b != c
    assert len(a) == 16
    assert set(click["statement"]).isdisjoint(known["statement"])


def test_what_is_not_ready_is_never_silently_nothing(warehouse):
    """A metric that is not given raises, and so does a line given twice."""
    weighted = {"m": metric("weighted_sum_agg")}
    with pytest.raises(KeyError):
        quantities(warehouse, frame(line(0, "s1", "m")), {}, EVER)
    with pytest.raises(AssertionError, match="twice"):
        quantities(warehouse, frame(line(0, "s1", "m"), line(0, "s2", "m")), weighted, EVER)


VALUES = ["1", "2.5", "-3", "0.000000000001", "12345678901234.123456789012", "1.0", "abc", "1e3",
          "", "00012", "-0.50", "99999999999999999999"]  # fmt: skip


def some_events(dice, count):
    """Events of a few subscriptions, many at the same instant, in no order of time."""
    return [
        event(
            f"s{dice.randint(0, 5)}",
            dice.choice(["c", "c", "c", "d"]),
            dice.randint(0, 60),
            {
                name: dice.choice(values)
                for name, values in (("v", VALUES), ("operation_type", ["add", "remove", "x"]))
                if dice.random() < 0.8
            },
            organization=dice.choice(["org", "org", "another"]),
        )
        for _ in range(count)
    ]


def some_lines(dice, metrics, count):
    """Lines on any of the metrics, with windows of their own."""
    starts = [dice.randint(0, 50) for _ in range(count)]
    return [
        line(
            number, f"s{dice.randint(0, 6)}", dice.choice(list(metrics)), start=start,
            stop=start + dice.randint(1, 40), org=dice.choice(["org", "another"]),
        )
        for number, start in enumerate(starts)
    ]  # fmt: skip


def plainly(metric):
    """A metric as the oracle reads it."""
    return {
        "code": metric.code, "aggregation_type": metric.aggregation_type,
        "field_name": metric.field_name, "recurring": metric.recurring,
        "rounding_function": metric.rounding_function,
        "rounding_precision": metric.rounding_precision, "filters": metric.filters,
        "percentile": metric.percentile,
    }  # fmt: skip


def plain_line(line):
    """A line as the oracle reads it."""
    return {
        "organization": line["organization_id"], "subscription": line["external_subscription_id"],
        "start": line["start"], "stop": line["stop"],
    }  # fmt: skip


def some_metrics():
    """Every kind, recurring where it may be, and some that round."""
    metrics = {kind: metric(kind, id=kind) for kind in KINDS}
    for kind in ("sum_agg", "unique_count_agg"):
        metrics[f"recurring {kind}"] = metric(kind, id=f"recurring {kind}", recurring=True)
    metrics["average"] = metric("average_agg", id="average")
    for which in ("0", "50", "95", "99.9"):
        metrics[which] = metric("percentile_agg", id=which, percentile=D(which))
    metrics["rounded"] = metric(
        "sum_agg", id="rounded", rounding_function="ceil", rounding_precision=-1
    )
    return metrics


def test_it_agrees_with_the_slow_rules(warehouse):
    """Eight hundred events and lines: quantity, count, sum and digest, each counted one by one."""
    dice = random.Random(20260101)
    metrics = some_metrics()
    events = send(warehouse, some_events(dice, 800))
    lines, until = some_lines(dice, metrics, 800), 700

    found = quantities(warehouse, frame(*lines), metrics, until)

    used = 0
    for asked, *row in zip(
        lines, *found.select("quantity", "events_count", "events_sum", "events_digest"), strict=True
    ):
        known = plainly(metrics[asked["metric_id"]])
        window = oracle.in_window(events, plain_line(asked), known, until)
        quantity, counted = oracle.aggregate(window, known)
        assert row == [oracle.rounded(quantity, known), *oracle.provenance(counted, known)], asked
        used += quantity > 0
    assert used > 300


def test_the_order_and_the_batches_of_arrival_in_store_do_not_matter(warehouse):
    """The same events written in another order, in two batches: the same quantities."""
    dice = random.Random(2)
    metrics = some_metrics()
    lines = frame(*some_lines(dice, metrics, 300))
    events = some_events(dice, 300)
    kept = send(warehouse, events)
    before = quantities(warehouse, lines, metrics, EVER)
    other = open_warehouse(new_warehouse_url("duckdb" if warehouse.dialect == "duckdb" else "chdb"))
    dice.shuffle(kept)

    streams = {e["stream"]: (e["organization"], e["subscription"]) for e in kept}
    store(other, kept[:100], streams)
    store(other, kept[100:], {})

    assert quantities(other, lines, metrics, EVER).equals(before)
    other.close()


def test_both_engines_agree_to_the_last_digit():
    """A thousand lines on DuckDB, on ClickHouse in process and over HTTP: one answer."""
    dice = random.Random(3)
    metrics = some_metrics()
    events, lines = some_events(dice, 1000), frame(*some_lines(dice, metrics, 1000))
    answers = []
    for kind in ("duckdb", "chdb", "clickhouse"):
        warehouse = open_warehouse(new_warehouse_url(kind))
        send(warehouse, events)
        answers.append(quantities(warehouse, lines, metrics, EVER).drop("statement"))
        warehouse.close()

    assert answers[0].equals(answers[1])
    assert answers[0].equals(answers[2])
    assert answers[0]["quantity"].sum() > 0


def test_events_that_were_put_in_order_give_the_same_quantities(monkeypatch):
    """Eight hundred events as they came, then in order on DuckDB: every quantity is the same."""
    monkeypatch.setattr("sql.runs.MANY", 100)
    dice = random.Random(4)
    metrics = some_metrics()
    warehouse = open_warehouse(new_warehouse_url("duckdb"))
    send(warehouse, some_events(dice, 800))
    lines = frame(*some_lines(dice, metrics, 400))
    before = quantities(warehouse, lines, metrics, 700)

    assert warehouse.tidy()

    assert quantities(warehouse, lines, metrics, 700).equals(before)
    assert before["quantity"].sum() > 0
    warehouse.close()
