"""The lenient casts of the wire, case by case."""

from datetime import UTC, date, datetime
from decimal import Decimal as D

import pytest

from api.casts import (
    Numeral,
    Wrong,
    fits,
    to_bool,
    to_bytes,
    to_date,
    to_datetime,
    to_decimal,
    to_float,
    to_int,
    to_str,
)

REFUSED = Wrong
NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def cast(by, sent):
    """What a cast makes of something, or that it refuses it."""
    try:
        return by(sent)
    except Wrong:
        return REFUSED


@pytest.mark.parametrize(
    ("sent", "means"),
    [
        (False, False), ("false", False), ("f", False), ("0", False), (0, False), ("off", False),
        (Numeral("0.0"), False), ("", None), (True, True), ("true", True), ("1", True), (1, True),
        ("t", True), ("on", True), ("yes", True), ("no", True), (-1, True), (Numeral("0.5"), True),
        ([], REFUSED), ({}, REFUSED),
    ],
)  # fmt: skip
def test_a_boolean_is_false_for_a_few_words_and_true_for_the_rest(sent, means):
    """The list of wire-format A2; an empty text is no value."""
    assert cast(to_bool, sent) is means


@pytest.mark.parametrize(
    ("sent", "means"),
    [
        (5, 5), ("5", 5), ("-5", -5), (" 5 ", 5), (Numeral("5.0"), 5), ("5.0", 5),
        (Numeral("1e3"), 1000),
        ("", None), (2**63 - 1, 2**63 - 1), (-(2**63), -(2**63)), (2**63, REFUSED),
        (Numeral("5.5"), REFUSED), ("5.5", REFUSED), ("five", REFUSED), ("NaN", REFUSED),
        (Numeral("1e400"), REFUSED), (True, REFUSED), ([], REFUSED), ({}, REFUSED),
    ],
)  # fmt: skip
def test_a_whole_number_may_be_text_but_not_a_fraction(sent, means):
    """What no 64-bit column holds is refused, not wrapped."""
    assert cast(to_int, sent) == means


@pytest.mark.parametrize(
    ("sent", "means"),
    [
        (5, D(5)), ("12.50", D("12.50")), (Numeral("0.1"), D("0.1")), (Numeral("1e-7"), D("1E-7")),
        ("1e3", D("1E+3")), ("", None), ("  ", None),
        (Numeral("12345678901234.123456789012"), D("12345678901234.123456789012")),
        ("1" * 26, D("1" * 26)), ("1" * 27, REFUSED), ("1e26", REFUSED), ("1e999999999", REFUSED),
        ("0.000000000001", D("1E-12")), ("0.0000000000001", REFUSED),
        ("1.0000000000000000000000", D("1.0000000000000000000000")), ("0e-99", D("0E-99")),
        ("NaN", REFUSED), ("sNaN", REFUSED), ("Infinity", REFUSED), ("12,5", REFUSED),
        ("ten", REFUSED), (True, REFUSED), ([], REFUSED),
    ],
)  # fmt: skip
def test_a_decimal_is_exact_or_refused(sent, means):
    """26 digits before the point and 12 behind: beyond that it is refused, never rounded."""
    found = cast(to_decimal, sent)
    assert found == means
    assert str(found) == str(means)


@pytest.mark.parametrize(
    ("number", "does"),
    [("0", True), ("0E+50", True), ("9" * 26, True), ("1E+26", False), ("-1E-13", False),
     ("1." + "0" * 90, True), ("1." + "0" * 150, False), ("-Infinity", False)],
)  # fmt: skip
def test_zeros_behind_the_last_figure_are_not_counted(number, does):
    """A number of 150 decimals is not looked at closely enough to see that they are zeros."""
    assert fits(D(number)) is does


@pytest.mark.parametrize(
    ("sent", "means"),
    [
        ("2026-01-01T00:00:00Z", NEW_YEAR), ("2026-01-01T01:00:00+01:00", NEW_YEAR),
        ("2026-01-01T00:00:00", NEW_YEAR), ("2026-01-01", NEW_YEAR),
        ("2026-01-01T00:00Z", NEW_YEAR),
        ("2026-01-01 00:00:00", NEW_YEAR), ("", None),
        ("2026-01-01T00:00:00.123456789Z", NEW_YEAR.replace(microsecond=123457)),
        ("2026-02-30T00:00:00Z", REFUSED), ("0001-01-01T00:00:00+14:00", REFUSED),
        ("yesterday", REFUSED), (1767225600, REFUSED), ("1767225600", REFUSED), (True, REFUSED),
    ],
)  # fmt: skip
def test_an_instant_is_iso_8601_and_utc_unless_it_says_otherwise(sent, means):
    """Unix seconds are for events alone: `20260101` would be a day of 1970."""
    assert cast(to_datetime, sent) == means


@pytest.mark.parametrize(
    ("sent", "means"),
    [
        ("2026-01-01", date(2026, 1, 1)), ("2026-01-01T23:00:00-05:00", date(2026, 1, 1)),
        ("", None), ("2026-13-01", REFUSED), ("01/02/2026", REFUSED), (20260101, REFUSED),
    ],
)  # fmt: skip
def test_a_date_is_the_day_that_is_written(sent, means):
    """Of an instant, the day before the T, whatever the zone."""
    assert cast(to_date, sent) == means


@pytest.mark.parametrize(
    ("by", "sent", "means"),
    [
        (to_str, "", ""), (to_str, "ü", "ü"), (to_str, 5, REFUSED),
        (to_str, Numeral("5.0"), REFUSED),
        (to_str, "a\0b", REFUSED), (to_str, True, REFUSED), (to_str, [], REFUSED),
        (to_float, "1.5", 1.5), (to_float, 2, 2.0), (to_float, "nan", REFUSED),
        (to_float, Numeral("1e400"), REFUSED), (to_float, "", None),
        (to_bytes, "aGk=", b"hi"), (to_bytes, "?", REFUSED),
    ],
)  # fmt: skip
def test_text_is_text_and_floats_are_finite(by, sent, means):
    """A number is not a name; no engine keeps a NUL."""
    assert cast(by, sent) == means
