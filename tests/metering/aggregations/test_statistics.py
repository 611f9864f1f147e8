"""Averages and percentiles: exact, on every engine."""

from decimal import Decimal as D

from tests.metering.test_quantities import measured, metric, sent
from tests.metering.usage import line


def test_an_average_is_the_sum_by_the_count(warehouse):
    """Of 1, 2, 2 it is 1.666666666667, of -1, 0, 0 nothing; words are no part of it."""
    sent(warehouse, "1", "2", "x", "2")
    assert measured(warehouse, metric("average_agg"), line(0, "s1", "m")) == ["1.666666666667"]
    assert measured(warehouse, metric("average_agg"), line(0, "s2", "m")) == ["0"]

    found = measured(warehouse, metric("average_agg"), line(0, "s1", "m", stop=3))
    assert found == ["1.5"]


def test_a_percentile_is_a_value_that_was_sent(warehouse):
    """Of 15, 20, 35, 40, 50 the 30th is 20, the 40th 20, the 50th 35, the 100th 50, the 0th 15."""
    sent(warehouse, "50", "15", "40", "x", "20", "35")
    wanted = {"30": "20", "40": "20", "50": "35", "80.000000000001": "50", "100": "50", "0": "15"}

    for which, value in wanted.items():
        asked = metric("percentile_agg", percentile=D(which))
        assert measured(warehouse, asked, line(0, "s1", "m"), line(1, "s2", "m")) == [value, "0"]
