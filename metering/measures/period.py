"""Billing periods: which local days belong together, counted from an anchor day.

A period is whole local days. Its bounds become instants only at its edges: the first instant of a
day in the customer's zone. The vectorised twin is `metering.periods`.
"""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from msgspec import Struct

CALENDAR = date(2001, 1, 1)
"""The anchor of calendar billing: a Monday, and the first day of a month, quarter and year."""


class Interval(StrEnum):
    """How long a plan's period is."""

    weekly = "weekly"
    monthly = "monthly"
    quarterly = "quarterly"
    semiannual = "semiannual"
    yearly = "yearly"


MONTHS = {
    Interval.monthly: 1,
    Interval.quarterly: 3,
    Interval.semiannual: 6,
    Interval.yearly: 12,
}


class Period(Struct, frozen=True):
    """Local days from `first` to `last`, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """How many local days it touches (T6)."""
        return days(self.first, self.last)


def days(first: date, last: date) -> int:
    """Count local days, both ends included.

    >>> days(date(2024, 3, 16), date(2024, 3, 31))
    16
    """
    return (last - first).days + 1


def containing(day: date, interval: Interval, anchor: date = CALENDAR) -> Period:
    """Return the period that `day` is in.

    Rule:    period k starts at anchor + k intervals, the anchor's day clamped to the month's
             length and always re-derived from the anchor; it ends the day before the next (P2).
    Source:  spec/billing.md P1, P2.

    >>> containing(date(2024, 3, 5), Interval.monthly, date(2024, 1, 31))
    Period(first=datetime.date(2024, 2, 29), last=datetime.date(2024, 3, 30))
    """
    if interval is Interval.weekly:
        first = anchor + timedelta(weeks=(day - anchor).days // 7)
        return Period(first, first + timedelta(days=6))
    step = MONTHS[interval]
    passed = (day.year - anchor.year) * 12 + day.month - anchor.month
    k = passed // step
    if add_months(anchor, k * step) > day:
        k -= 1
    return Period(
        add_months(anchor, k * step), add_months(anchor, (k + 1) * step) - timedelta(days=1)
    )


def before(period: Period, interval: Interval, anchor: date = CALENDAR) -> Period:
    """Return the period that ends the day before `period` starts."""
    return containing(period.first - timedelta(days=1), interval, anchor)


def add_months(day: date, months: int) -> date:
    """Move by months, the day clamped to the month's length.

    >>> add_months(date(2024, 1, 31), 1)
    datetime.date(2024, 2, 29)
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def starts(day: date, zone: str) -> datetime:
    """Return the first instant of a local day, in UTC.

    Where a clock change skips midnight, the day starts when the skipped time ends.
    """
    local = datetime.combine(day, time(), ZoneInfo(zone))
    instant = local.astimezone(UTC)
    if instant.astimezone(ZoneInfo(zone)).date() != day:
        instant += timedelta(hours=1)
    return instant


def local(instant: datetime, zone: str) -> date:
    """Return the local day of an instant."""
    return instant.astimezone(ZoneInfo(zone)).date()
