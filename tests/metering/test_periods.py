"""Periods: worked by hand, and the columns against the slow rule."""

import random
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from metering import periods
from metering.measures import period
from metering.measures.period import CALENDAR, Interval, Period

ZONES = [
    "UTC", "America/New_York", "Asia/Kolkata", "America/Sao_Paulo", "Pacific/Apia", "Europe/Paris",
]  # fmt: skip


@pytest.mark.parametrize(
    ("day", "interval", "anchor", "first", "last"),
    [
        ("2024-02-15", "monthly", CALENDAR, "2024-02-01", "2024-02-29"),
        ("2024-02-15", "weekly", CALENDAR, "2024-02-12", "2024-02-18"),  # Monday to Sunday
        ("2024-05-20", "quarterly", CALENDAR, "2024-04-01", "2024-06-30"),
        ("2024-05-20", "semiannual", CALENDAR, "2024-01-01", "2024-06-30"),
        ("2024-05-20", "yearly", CALENDAR, "2024-01-01", "2024-12-31"),
        # the 31st is clamped, and re-derived from the anchor each time
        ("2024-02-28", "monthly", date(2024, 1, 31), "2024-01-31", "2024-02-28"),
        ("2024-02-29", "monthly", date(2024, 1, 31), "2024-02-29", "2024-03-30"),
        ("2024-04-29", "monthly", date(2024, 1, 31), "2024-03-31", "2024-04-29"),
        ("2025-02-28", "yearly", date(2024, 2, 29), "2025-02-28", "2026-02-27"),
        ("2024-01-10", "weekly", date(2024, 1, 4), "2024-01-04", "2024-01-10"),
        ("2023-12-31", "monthly", date(2024, 1, 15), "2023-12-15", "2024-01-14"),
    ],
)
def test_a_day_is_in_the_period_that_its_anchor_gives(day, interval, anchor, first, last):
    """P1 and P2 of the specification, and a day before the anchor."""
    found = period.containing(date.fromisoformat(day), Interval(interval), anchor)

    assert found == Period(date.fromisoformat(first), date.fromisoformat(last))


def test_the_columns_agree_with_the_slow_rule_on_five_thousand_days():
    """Every interval, anchors on every day of a month, leap years; one fixed seed."""
    dice = random.Random(20261122)
    cases = [
        (
            date(2020, 1, 1) + timedelta(days=dice.randint(0, 3000)),
            dice.choice(list(Interval)),
            dice.choice([CALENDAR, date(2019, 12, 1) + timedelta(days=dice.randint(0, 800))]),
        )
        for _ in range(5000)
    ]
    frame = pl.DataFrame(
        [(day, str(interval), anchor) for day, interval, anchor in cases],
        schema={"day": pl.Date, "interval": pl.String, "anchor": pl.Date},
        orient="row",
    )

    day, interval, anchor = (pl.col(name) for name in frame.columns)
    found = periods.containing(frame, "period", day, interval, anchor).select("period")
    found = found.unnest("period")

    assert found.rows() == [(p.first, p.last) for p in (period.containing(*case) for case in cases)]


def test_a_local_day_starts_when_its_clock_says_so():
    """Every day of 2011 and 2018 in six zones, with a skipped midnight and a skipped day."""
    days = [date(year, 1, 1) + timedelta(days=n) for year in (2011, 2018) for n in range(365)]
    cases = [(zone, day) for zone in ZONES for day in days]
    cases.remove(("Pacific/Apia", date(2011, 12, 30)))  # the day that Samoa left out
    frame = pl.DataFrame(cases, schema={"zone": pl.String, "day": pl.Date}, orient="row")

    found = periods.starts(frame, "zone", start="day")["start"].to_list()

    assert found == [period.starts(day, zone) for zone, day in cases]
    for (zone, day), start in zip(cases, found, strict=True):
        assert start.astimezone(ZoneInfo(zone)).date() == day
        second_before = start - timedelta(seconds=1)
        assert second_before.astimezone(ZoneInfo(zone)).date() < day


def test_today_and_local_days_are_told_by_zone():
    """At 20:00 UTC it is tomorrow in Kolkata."""
    now = datetime(2024, 3, 31, 20, tzinfo=UTC)
    frame = pl.DataFrame({"zone": ZONES, "at": [now] * len(ZONES)})

    told = periods.days_of(periods.today(frame, "zone", now), "zone", day="at")

    assert told["today"].to_list() == told["day"].to_list() == [period.local(now, z) for z in ZONES]
    assert told.filter(zone="Asia/Kolkata")["today"].item() == date(2024, 4, 1)
