"""What an expression is worth: by hand, and in columns against the slow rule."""

import json
from fractions import Fraction

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from metering.expressions import Expression, Refused, Sample, applied, evaluate, parse, result
from sql.types import INSTANT
from tests.oracle import expressions as oracle

TOO_LARGE = "has more than 26 digits"
MOST = "99999999999999999999999999.999999999999"


def events(*properties, code="calls", at=1_711_929_599_500_000):
    said = [json.dumps(each, ensure_ascii=False, separators=(",", ":")) for each in properties]
    frame = pl.DataFrame({"code": [code] * len(said), "at": [at] * len(said), "properties": said})
    return frame.cast({"at": INSTANT})


def worth(expression, **properties):
    """The result for one event, or the reason why there is none."""
    values, reasons = evaluate(parse(expression), events(properties))
    found = values[0] if reasons is None else reasons[0]
    try:
        alone = result(parse(expression), Sample("calls", 1_711_929_599_500_000, properties))
    except Refused as refused:
        alone = str(refused)
    assert alone == found
    return found


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("2 + 3 * 4", "14"),
        ("-2 * -3 - 1.50", "4.5"),
        ("1 / 3", "0.333333333333"),
        ("2 / 3", "0.666666666667"),
        ("-2 / 3", "-0.666666666667"),
        ("1 / 8000000000000", "0"),  # 0.000000000000125
        ("0.000000000001 / 2", "0.000000000001"),  # a half goes away from zero
        ("-0.000000000003 / 2", "-0.000000000002"),
        ("0.000000000001 * 0.5", "0.000000000001"),
        ("0.000000000001 * 0.4", "0"),
        ("0.000001 * 0.0000005 * -1", "-0.000000000001"),
        ("12345678901234.123456789012 * 3", "37037036703702.370370367036"),
        (f"{MOST} / {MOST}", "1"),
        (f"{MOST} * 1", MOST),
        ("50000000000000 * 2000000000000 / 2", f"the result of * at character 16 {TOO_LARGE}"),
        (f"{MOST} + 0.000000000001", f"the result of + at character 41 {TOO_LARGE}"),
        (f"-{MOST} - {MOST}", f"the result of - at character 42 {TOO_LARGE}"),
        ("round(2.5) + round(-2.5)", "0"),
        ("concat(round(2.5), '|', round(-2.5), '|', ceil(-2.5), '|', floor(-2.5))", "3|-3|-2|-3"),
        ("concat(round(1.005, 2), '|', ceil(1.001, 2), '|', floor(1.009, 2))", "1.01|1.01|1"),
        ("round(1250, -2)", "1300"),
        (f"ceil({MOST})", "the result of ceil at character 1 has more than 26 digits"),
        (f"round({MOST}, -26)", "the result of round at character 1 has more than 26 digits"),
        ("min(3, -1, 2) + max(3, -1, 2) + abs(-5)", "7"),
        ("1 / (2 - 2)", "division by zero at character 3"),
        ("event.timestamp", "1711929599.5"),
        ("floor(event.timestamp / 86400)", "19813"),
        ("concat(event.code, '-', 1.50)", "calls-1.5"),
        ("''", ""),
    ],
)  # fmt: skip
def test_arithmetic_is_exact(expression, result):
    """26 digits, 12 decimals, halves away from zero; 2024-03-31 is day 19,813 since 1970."""
    assert worth(expression) == result


@pytest.mark.parametrize(
    ("expression", "result"),
    [
        ("event.properties.a", "007.10"),  # a property by itself is what was sent
        ("event.properties.a * 1", "7.1"),
        ("concat(event.properties.a, event.properties['b c'])", "007.10é\n\"\\"),
        ("event.properties.nothing", "event.properties.nothing is missing"),
        ("event.properties.empty + 1", "event.properties.empty is missing"),
        ("event.properties['b c'] + 1", "event.properties.b c is not a number"),
        ("event.properties.exponent + 1", "event.properties.exponent is not a number"),
        ("event.properties.long + 1", "event.properties.long is not a number"),
        ("event.properties.nested + 1", "event.properties.nested is not a number"),
        ("concat(event.properties.nested)", '{"a":[1]}'),
        ("coalesce(event.properties.nothing, event.properties.empty, 3) * 2", "6"),
        ("coalesce(event.properties.nothing, 'none')", "none"),
        ("coalesce(event.properties.nothing + 1, 9)", "9"),  # what needs it is not there either
        ("coalesce(event.properties.exponent * 1, 9)", "event.properties.exponent is not a number"),
        ("coalesce(1 / 0, 9)", "division by zero at character 12"),
        ("1 + coalesce(event.properties.none, 'x')", "the text at character 37 is not a number"),
        ("coalesce(event.properties.empty, event.properties.x)", "event.properties.x is missing"),
        ("max(event.properties.nothing, 1)", "event.properties.nothing is missing"),
    ],
)  # fmt: skip
def test_properties_are_texts_until_a_number_is_needed(expression, result):
    """What is missing or empty is not there; `1e3`, 27 digits and JSON are no numbers."""
    sent = {"a": "007.10", "b c": 'é\n"\\', "empty": "", "exponent": "1e3", "long": "1" * 27}

    assert worth(expression, **sent, nested='{"a":[1]}') == result


def test_a_long_text_is_refused():
    """Five thousand bytes twice are 10,000 and fit; with one more they do not."""
    assert len(worth("concat(event.properties.a, event.properties.a)", a="é" * 2500)) == 5000
    refused = worth("concat(event.properties.a, event.properties.a, 'x')", a="é" * 2500)
    assert refused == "the result has more than 10000 bytes"


def test_one_event_never_disturbs_another():
    """Of six events, two have a result, and each other one its own reason."""
    found, reasons = evaluate(
        parse("1 / event.properties.n * 30000000000000000000000000"),
        events({"n": "4"}, {"n": "0"}, {"n": "x"}, {}, {"n": "0.25"}, {"n": "-8"}),
    )

    assert found.to_list() == [
        "7500000000000000000000000", *[None] * 4, "-3750000000000000000000000",
    ]  # fmt: skip
    assert reasons.to_list() == [
        None, "division by zero at character 3", "event.properties.n is not a number",
        "event.properties.n is missing",
        "the result of * at character 24 has more than 26 digits", None,
    ]  # fmt: skip


def test_a_result_takes_the_place_of_what_was_sent():
    """Put behind what is there, or in its place; each looks at the event as it was sent."""
    total, size = (Expression(name, parse(said)) for name, said in (
        ("total", "event.properties.size * 2"), ("size", "event.properties.size + 1"),
    ))  # fmt: skip
    sent = events({"size": "1"}, {"total": "9", "size": "2", "x": '","total":"'}, {})

    kept, wrong = applied([size, total], sent)

    assert list(map(json.loads, kept)) == [
        {"size": "2", "total": "2"},
        {"total": "4", "size": "3", "x": '","total":"'},
        {},
    ]
    assert wrong.to_list() == [None, None, "event.properties.size is missing"]


@given(
    objects=st.lists(
        st.dictionaries(st.text(st.sampled_from('ab,:"{}\\ é'), max_size=4), st.text(max_size=5)),
        min_size=1, max_size=4,
    ),
    name=st.text(st.sampled_from('ab,:"{}\\ é'), max_size=4),
    value=st.text(max_size=5),
)  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_a_result_is_put_under_any_name(objects, name, value):
    """Names and values with commas, colons, quotes, braces and backslashes stay one member each."""
    kept, wrong = applied(
        [Expression(name, parse("'" + value.replace("'", "''") + "'"))], events(*objects)
    )

    assert wrong is None
    assert list(map(json.loads, kept)) == [{**each, name: value} for each in objects]


# -- against the slow rule

NUMBERS = st.one_of(
    st.sampled_from(
        ["0", "1", "2", "0.5", "0.000000000001", "3", "1024", MOST, "5" * 26, "1" + "0" * 25]
    ),
    st.decimals(0, 10**26 - 1, places=12).map(lambda each: format(each, "f")),
    st.integers(0, 10**6).map(str),
)  # fmt: skip
ODD = ("", "x", "1e3", "00.50", "-0")
PROPERTIES = ("size", "count", "a b", "it's")
LEAVES = st.one_of(
    st.tuples(st.just("number"), NUMBERS),
    st.tuples(st.just("property"), st.sampled_from(PROPERTIES)),
    st.sampled_from([("timestamp",)]),
)  # fmt: skip


def larger(parts):
    """Operators and functions of numbers."""
    texts = st.one_of(
        parts, st.tuples(st.just("text"), st.text("ab'\"é 1", max_size=3)), st.just(("code",))
    )
    digits = st.integers(-26, 12)
    return st.one_of(
        st.tuples(st.sampled_from("+-*/"), parts, parts),
        st.tuples(st.sampled_from(["negative", "abs"]), parts),
        st.tuples(st.sampled_from(["min", "max", "coalesce"]), parts, parts),
        st.tuples(st.sampled_from(["round", "ceil", "floor"]), parts, digits),
        st.tuples(st.just("coalesce"), parts, texts),
    )  # fmt: skip


TREES = st.recursive(LEAVES, larger, max_leaves=6)
TEXTS = st.one_of(TREES, st.tuples(st.just("concat"), TREES, st.just(("code",)), TREES))
SENT = st.dictionaries(
    st.sampled_from(PROPERTIES),
    st.one_of(NUMBERS, NUMBERS.map(lambda each: f"-{each}"), st.sampled_from(ODD)),
)  # fmt: skip


def at_once(node, sent, at):
    try:
        return result(node, Sample("calls", at, sent)), None
    except Refused as refused:
        return None, str(refused)


def slowly(tree, event):
    try:
        return oracle.text(tree, event), None
    except oracle.Refused as refused:
        return None, str(refused)


@given(tree=TEXTS, sent=st.lists(SENT, min_size=1, max_size=5), at=st.integers(-(10**15), 10**16))
@settings(max_examples=600, deadline=None)
def test_columns_agree_with_the_slow_rule(tree, sent, at):
    """The same value, or the same reason, for any expression and any events."""
    said = [{"code": "calls", "seconds": Fraction(at, 10**6), "properties": each} for each in sent]

    values, reasons = evaluate(parse(oracle.written_as(tree)), events(*sent, at=at))
    told = pl.repeat(None, len(sent), dtype=pl.String, eager=True) if reasons is None else reasons
    found = list(zip(values, told.str.replace(r" at character \d+", ""), strict=True))

    alone = [at_once(parse(oracle.written_as(tree)), each, at) for each in sent]
    assert list(zip(values, told, strict=True)) == alone, oracle.written_as(tree)
    assert found == [slowly(tree, event) for event in said], oracle.written_as(tree)
