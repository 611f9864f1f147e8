"""Properties: kept as the texts that were sent, whichever way they came."""

import json
from decimal import Decimal

import msgspec
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Raw

from ingest import properties

ODD_NAMES = st.text(max_size=4) | st.sampled_from([":", ",", "}", "null", '"', ""])
NAMES = st.sampled_from(["a", "b"]) | ODD_NAMES
TEXTS = st.text(max_size=6) | st.sampled_from(
    [
        ":1",
        ": 1",
        "1,",
        "1, ",
        ",",
        ", ",
        "}",
        "{",
        "[",
        "5}",
        "true",
        '":1',
        "\\",
        '"',
        "\t",
        "é",
        "1",
    ]
)
NUMBERS = st.sampled_from(
    ["0", "-0", "1.0", "1", "-12.50", "1e5", "1E+5", "0.1e-7", "12345678901234.123456789012",
     "123456789012345678901234567890"]
)  # fmt: skip
SCALARS = st.one_of(
    TEXTS.map(json.dumps), TEXTS.map(lambda text: json.dumps(text, ensure_ascii=False)),
    NUMBERS, st.sampled_from(["true", "false", "null"]),
)  # fmt: skip
PLAIN = st.sampled_from(['"x"', "1", "2.50", "true"])
VALUES = (
    PLAIN | SCALARS | st.lists(SCALARS, max_size=2).map(lambda items: "[" + ", ".join(items) + "]")
)
SPACES = st.sampled_from([("", "", ""), ("", " ", " "), (" ", "  ", "\n"), ("", "\t", "")])


@st.composite
def objects(draw):
    """A JSON object as some client might write it: names may come twice."""
    before, colon, comma = draw(SPACES)
    pairs = draw(st.lists(st.tuples(NAMES, VALUES), max_size=4))
    members = [f"{json.dumps(name)}:{colon}{value}" for name, value in pairs]
    return "{" + before + f",{comma}".join(members) + before + "}"


@settings(max_examples=400, deadline=None)
@given(st.lists(objects(), min_size=1, max_size=6))
def test_columns_and_single_objects_are_stored_alike(sent):
    """What replaces literals in a column is held against reading each object on its own."""
    column = pl.Series(sent, dtype=pl.String)

    assert properties.column(column).to_list() == properties.slowly(column).to_list()


@settings(max_examples=200, deadline=None)
@given(st.lists(objects(), min_size=1, max_size=6))
def test_stored_properties_say_what_was_sent(sent):
    """Read by the standard library: every value is a text, and numbers keep their figures."""
    for said, kept in zip(sent, properties.slowly(pl.Series(sent)), strict=True):
        found = json.loads(kept)
        expected = {
            name: value for name, value in json.loads(said, parse_float=str, parse_int=str).items()
            if value is not None
        }  # fmt: skip
        assert set(found) == set(expected)
        for name, value in expected.items():
            if isinstance(value, list):
                assert json.loads(found[name]) == json.loads(json.dumps(json.loads(said)[name]))
            else:
                assert found[name] == {True: "true", False: "false"}.get(value, value)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ('{"a":1.0}', '{"a":"1.0"}'),
        ('{"a": 1, "b": "x"}', '{"a":"1","b":"x"}'),
        ('{"a":12345678901234.123456789012}', '{"a":"12345678901234.123456789012"}'),
        ('{"a":null,"b":true}', '{"b":"true"}'),
        ('{"a.b":{"c": [1.50, "x"]}}', '{"a.b":"{\\"c\\":[1.50,\\"x\\"]}"}'),
        ('{"a":1,"a":2}', '{"a":"2"}'),
        ("{}", "{}"),
    ],
)
def test_cases_worked_by_hand(sent, kept):
    """Numbers keep their text, nulls go, nested values are JSON in a text, the last name counts."""
    assert properties.column(pl.Series([sent])).to_list() == [kept]
    assert properties.of_json(pl.Series([sent]))[0].to_list() == [kept]


def test_arrow_columns_are_stored_like_json():
    """A struct and a map of the same values as JSON text: `1.5` and `true` are texts in all."""
    full = {"a": "x", "n": Decimal("1.50"), "b": True, "l": [1, 2]}
    rows = [full, dict.fromkeys(full)]
    struct = pl.Series(rows, dtype=pl.Struct({
        "a": pl.String, "n": pl.Decimal(10, 2), "b": pl.Boolean, "l": pl.List(pl.Int64),
    }))  # fmt: skip
    pairs = pl.Series(
        [
            [{"key": "a", "value": "x"}, {"key": "n", "value": "1"}, {"key": "n", "value": "1.50"}],
            [],
        ],
        dtype=pl.List(pl.Struct({"key": pl.String, "value": pl.String})),
    )

    assert properties.of_struct(struct).to_list() == [
        '{"a":"x","n":"1.50","b":"true","l":"[1,2]"}', "{}",
    ]  # fmt: skip
    assert properties.of_map(pairs).to_list() == ['{"a":"x","n":"1.50"}', "{}"]


@pytest.mark.parametrize(
    "sent",
    ['{"a":1', "[1]", '{"a":1},{"b":2}', '{"a":[1', "2]}", "", "{", '"a"', '{"a":01}', "1"],
)
def test_what_is_no_object_is_said_to_be_none(sent):
    """Also where two broken texts beside each other would make one whole array."""
    kept, wrong = properties.of_json(pl.Series(['{"x":1}', sent, '{"y":"2"}', "2]}"]))

    assert wrong.to_list() == [None, properties.WRONG, None, properties.WRONG]
    assert kept.to_list() == ['{"x":"1"}', "{}", '{"y":"2"}', "{}"]


def test_texts_of_other_doors_are_taken_as_they_are():
    """Through gRPC a value is a text that need not be JSON."""
    sent = {"a": Raw(b"eu-west-1"), "b": Raw(b"12.50"), "c": Raw(b'"quoted"'), "d": Raw(b'"open')}

    kept = msgspec.json.decode(properties.stored(sent))

    assert kept == {"a": "eu-west-1", "b": "12.50", "c": "quoted", "d": '"open'}
