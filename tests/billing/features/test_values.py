"""The values that privileges can have: one text each, or none."""

import pytest

from billing.features.model import PrivilegeTerms, ValueType
from billing.features.rules import Wrong, kept, shown

LONG = "12345678901234567890123456.123456789012"
"""All the digits that there can be."""


def privilege(kind):
    options = ["eu", "us"] if kind == "select" else None
    return PrivilegeTerms(
        id="p", feature_id="f", code="c", name=None, value_type=ValueType(kind),
        select_options=options,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "sent", "text", "wire"),
    [
        ("integer", 30, "30", 30),
        ("integer", "030", "30", 30),
        ("integer", -1, "-1", -1),
        ("integer", 2**53 - 1, "9007199254740991", 2**53 - 1),
        ("decimal", "0.10", "0.1", "0.1"),
        ("decimal", 3, "3.0", "3.0"),
        ("decimal", LONG, LONG, LONG),
        ("decimal", "0.000000000001", "0.000000000001", "0.000000000001"),
        ("boolean", True, "true", True),
        ("boolean", "false", "false", False),
        ("string", "10", "10", "10"),
        ("select", "eu", "eu", "eu"),
    ],
)  # fmt: skip
def test_a_value_is_kept_as_one_text_and_shown_as_its_type(kind, sent, text, wire):
    """0.10 and 0.1 are one value; 26 digits and 12 decimals come back as they were sent."""
    assert kept(privilege(kind), sent) == text
    assert shown(kind, text) == wire
    assert type(shown(kind, text)) is type(wire)


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        *(("integer", sent) for sent in ("abc", "1.0", 1.0, True, "٣", " 1", 2**53, -(2**53), [1])),
        *(("decimal", sent) for sent in ("1e3", 0.1, "nan", "1" * 27, "0." + "1" * 13, False, {})),
        *(("boolean", sent) for sent in ("maybe", 1, 0, "True", None, [], {})),
        *(("string", sent) for sent in (10, True, ["x"], {"x": 1})),
    ],
)
def test_a_value_of_another_kind_is_refused_not_bent(kind, sent):
    """No number passes through a float on its way: what has a fraction is sent as text."""
    with pytest.raises(Wrong, match="value_is_invalid"):
        kept(privilege(kind), sent)


@pytest.mark.parametrize("sent", ["apac", "", "EU", 1, True, ["eu"]])
def test_a_select_takes_its_options_and_nothing_else(sent):
    """`eu` and `us` were offered."""
    with pytest.raises(Wrong, match="value_not_in_select_options"):
        kept(privilege("select"), sent)
