"""Which periods are due, and their bounds: worked by hand, then against a slow rule."""

import random
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest

from billing.cycle import rules
from metering.measures import period
from metering.measures.period import CALENDAR, Interval
from sql.types import INSTANT


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def row(**said):
    """A subscription from January 10, 2024, 09:00 UTC, monthly by the calendar, in arrears."""
    return {
        "subscription_id": "s1", "timezone": "UTC", "billing_time": "calendar",
        "subscription_at": at("2024-01-10T09:00:00"), "started_at": at("2024-01-10T09:00:00"),
        "created_at": at("2024-01-10T09:00:00"), "ending_at": None, "trial_end": None,
        "terminated_at": None,
        "interval": "monthly", "charge_interval": "monthly", "fixed_interval": "monthly",
        "plan_in_advance": False, **said,
    }  # fmt: skip


def book(*rows):
    instants = dict.fromkeys(
        ("subscription_at", "started_at", "created_at", "ending_at", "trial_end", "terminated_at"),
        INSTANT,
    )
    return rules.anchored(pl.DataFrame(rows, schema_overrides=instants))


def bounds(due):
    shown = due.select(
        "subscription_first", "subscription_last", "subscription_days", "charges_from", "charges_to"
    )
    return [tuple(str(value) for value in one) for one in shown.rows()]


def on(day, *rows):
    return rules.due_on(book(*rows).with_columns(day=pl.lit(date.fromisoformat(day))))


def test_in_arrears_the_month_that_ended_is_billed_from_the_start():
    """Started on January 10 at 9: the fee covers 22 days of 31, usage from the exact instant."""
    assert bounds(on("2024-02-01", row())) == [
        ("2024-01-10", "2024-01-31", "31", "2024-01-10 09:00:00+00:00", "2024-01-31 23:59:59+00:00")
    ]
    assert on("2024-02-02", row()).is_empty()
    assert on("2024-01-10", row(billing_time="anniversary")).is_empty()  # strictly after the start


def test_in_advance_the_fee_is_of_the_month_that_begins_and_usage_of_the_one_that_ended():
    """On February 29, by anniversary from January 30: fee to March 29, usage to February 28."""
    leap = row(
        plan_in_advance=True, billing_time="anniversary",
        subscription_at=at("2024-01-30T00:00:00"), started_at=at("2024-01-30T00:00:00"),
    )  # fmt: skip

    assert bounds(on("2024-02-29", leap)) == [
        ("2024-02-29", "2024-03-29", "30", "2024-01-30 00:00:00+00:00", "2024-02-28 23:59:59+00:00")
    ]


def test_a_local_month_in_new_york_ends_at_its_own_midnight():
    """March 2024 has a clock change inside: 05:00Z to 03:59:59Z."""
    york = row(timezone="America/New_York", started_at=at("2024-02-10T00:00:00"))

    (found,) = on("2024-04-01", york).select("subscription_from", "subscription_to").rows()

    assert found == (at("2024-03-01T05:00:00"), at("2024-04-01T03:59:59"))


def test_a_yearly_plan_may_bill_its_usage_by_the_month():
    """In May only usage is due, in January both are."""
    yearly = row(
        interval="yearly",
        charge_interval="monthly",
        fixed_interval="yearly",
        started_at=at("2023-03-10T00:00:00"),
    )

    assert bounds(on("2024-05-01", yearly)) == [
        ("None", "None", "None", "2024-04-01 00:00:00+00:00", "2024-04-30 23:59:59+00:00")
    ]
    assert bounds(on("2024-01-01", yearly)) == [
        (
            "2023-03-10",
            "2023-12-31",
            "365",
            "2023-12-01 00:00:00+00:00",
            "2023-12-31 23:59:59+00:00",
        )
    ]


@pytest.mark.parametrize(
    ("day", "is_billed", "fee", "usage"),
    [
        # mid-month: the day of the end is used, and usage stops with its second
        ("2024-03-16", False, ("2024-03-01", "2024-03-16"), ("2024-03-01", "2024-03-16T12:00:00")),
        # on a billing day that has not been billed: the whole month before, nothing for the day
        ("2024-03-01", False, ("2024-02-01", "2024-02-29"), ("2024-02-01", "2024-02-29T23:59:59")),
        # on a billing day that has been billed: exactly that day
        ("2024-03-01", True, ("2024-03-01", "2024-03-01"), ("2024-03-01", "2024-03-01T12:00:00")),
    ],
)
def test_the_last_bill_of_a_subscription(day, is_billed, fee, usage):
    """Ended at noon of the day."""
    ended = book(row()).with_columns(
        day=pl.lit(date.fromisoformat(day)),
        is_billed=pl.lit(is_billed),
        is_switch=pl.lit(False),
        terminated_at=pl.lit(at(f"{day}T12:00:00"), INSTANT),
    )

    (found,) = rules.terminating(ended).rows(named=True)

    assert (str(found["subscription_first"]), str(found["subscription_last"])) == fee
    assert found["charges_from"] == at(f"{usage[0]}T00:00:00")
    assert found["charges_to"] == at(usage[1])
    assert found["charges_stop"] == found["charges_to"] + timedelta(seconds=1)


def test_only_a_plan_paid_in_advance_is_billed_at_the_start():
    """From January 10 to the month's end; no usage yet."""
    first = book(row(), row(plan_in_advance=True)).with_columns(
        day=pl.lit(date(2024, 1, 10)), has_fixed_ahead=pl.lit(False)
    )

    assert bounds(rules.starting(first)) == [("2024-01-10", "2024-01-31", "31", "None", "None")]


def test_every_day_that_was_missed_is_open_until_it_is_billed():
    """Created in January, seen in May: February to May, without March which was billed."""
    seen = book(row()).with_columns(today=pl.lit(date(2024, 5, 20)))
    billed = pl.DataFrame({"subscription_id": ["s1"], "billed_on": [date(2024, 3, 1)]})

    assert [str(day) for day in rules.unbilled(seen, billed)["day"]] == [
        "2024-02-01", "2024-04-01", "2024-05-01",
    ]  # fmt: skip
    today = seen.with_columns(today=pl.lit(date(2024, 2, 1)))
    assert rules.unbilled(today, billed).is_empty()  # today belongs to the run of today


def slowly(one, day):
    """The rule a person would apply to one subscription on one local day."""
    zone = one["timezone"]
    anchor = CALENDAR
    if one["billing_time"] == "anniversary":
        anchor = period.local(one["subscription_at"], zone)
    started = period.local(one["started_at"], zone)
    interval, often = Interval(one["interval"]), Interval(one["charge_interval"])
    fee = period.containing(day, interval, anchor)
    used = period.containing(day, often, anchor)
    if day <= started or day not in (fee.first, used.first):
        return None
    covers = fee if one["plan_in_advance"] else period.before(fee, interval, anchor)
    before = period.before(used, often, anchor)
    usage = (
        max(period.starts(before.first, zone), one["started_at"]),
        period.starts(used.first, zone) - timedelta(seconds=1),
    )
    return (
        (max(covers.first, started), covers.last, covers.days) if day == fee.first else (None,) * 3
    ) + (usage if day == used.first else (None, None))


def test_the_columns_agree_with_the_slow_rule_on_four_thousand_days():
    """Zones, intervals, anchors, starts and days from one fixed seed."""
    dice = random.Random(20261122)
    rows, days = [], []
    for _ in range(4000):
        start = at("2023-01-01T00:00:00") + timedelta(minutes=dice.randint(0, 700_000))
        interval = dice.choice(list(Interval))
        often = (
            "monthly" if interval in ("yearly", "semiannual") and dice.random() < 0.5 else interval
        )
        one = row(
            timezone=dice.choice(["UTC", "America/New_York", "Asia/Tokyo", "Europe/Paris"]),
            billing_time=dice.choice(["calendar", "anniversary"]),
            subscription_at=start, started_at=start, interval=str(interval),
            charge_interval=str(often), fixed_interval=str(interval),
            plan_in_advance=dice.random() < 0.5,
        )  # fmt: skip
        rows.append(one)
        anchor = period.local(start, one["timezone"])
        near = period.containing(
            anchor + timedelta(days=dice.randint(0, 500)), interval,
            CALENDAR if one["billing_time"] == "calendar" else anchor,
        )  # fmt: skip
        days.append(near.first + timedelta(days=dice.choice([0, 0, 0, 1, 30])))
    numbered = book(*rows).with_row_index("n").with_columns(day=pl.Series(days))

    due = rules.due_on(numbered)

    shown = due.select(
        "n",
        "subscription_first",
        "subscription_last",
        "subscription_days",
        "charges_from",
        "charges_to",
    )
    found = {one[0]: one[1:] for one in shown.rows()}
    wanted = {n: slowly(one, day) for n, (one, day) in enumerate(zip(rows, days, strict=True))}
    assert found == {n: said for n, said in wanted.items() if said is not None}
    assert len(found) > 1000


def test_the_next_start_is_the_earliest_of_the_book():
    """From March 10: a calendar month starts April 1, a weekly plan on Monday, March 11."""
    after = at("2024-03-10T12:00:00")
    weekly = row(
        interval="weekly", charge_interval="weekly", fixed_interval="weekly", timezone="Asia/Tokyo"
    )

    assert rules.next_due(book(row()), after) == at("2024-04-01T00:00:00")
    assert rules.next_due(book(row(), weekly), after) == at("2024-03-10T15:00:00")
    assert rules.next_due(book(row()).head(0), after) is None


def test_a_trial_leaves_the_base_fee_out_until_its_day():
    """Trial to January 20, noon: in arrears 12 days of 31; to February 2: none at all."""
    partly = row(trial_end=at("2024-01-20T12:00:00"))
    wholly = row(trial_end=at("2024-02-02T00:00:00"))

    assert bounds(on("2024-02-01", partly))[0][:3] == ("2024-01-20", "2024-01-31", "31")
    assert bounds(on("2024-02-01", wholly))[0][:2] == ("None", "None")


def test_in_advance_a_trial_is_billed_when_it_ends():
    """Nothing at the start, nothing on February 1; then from the day of the end to the month's."""
    trial = row(plan_in_advance=True, trial_end=at("2024-02-10T12:00:00"))
    first = book(trial).with_columns(day=pl.lit(date(2024, 1, 10)), has_fixed_ahead=pl.lit(False))

    assert rules.starting(first).is_empty()
    assert bounds(on("2024-02-01", trial))[0][:2] == ("None", "None")
    assert bounds(on("2024-03-01", trial))[0][:3] == ("2024-03-01", "2024-03-31", "31")
    assert bounds(rules.past_trial(first)) == [("2024-02-10", "2024-02-29", "29", "None", "None")]


def test_a_trial_that_ends_on_a_billing_day_is_billed_by_the_run_of_that_day():
    """The run comes before the instant, but not before the day: the fee is whole."""
    ends = row(plan_in_advance=True, trial_end=at("2024-02-01T23:00:00"))

    assert bounds(on("2024-02-01", ends))[0][:3] == ("2024-02-01", "2024-02-29", "29")


@pytest.mark.parametrize("in_advance", [False, True])
def test_the_day_of_a_switch_belongs_to_the_plan_that_follows(in_advance):
    """Switched at noon of March 16: usage to the second, days to the 15th."""
    ended = book(row(plan_in_advance=in_advance)).with_columns(
        day=pl.lit(date(2024, 3, 16)), is_billed=pl.lit(False), is_switch=pl.lit(True),
        terminated_at=pl.lit(at("2024-03-16T12:00:00"), INSTANT),
    )  # fmt: skip

    (found,) = rules.terminating(ended).rows(named=True)

    assert found["subscription_last"] == (None if in_advance else date(2024, 3, 15))
    assert (found["charges_last"], found["charges_days"]) == (date(2024, 3, 15), 31)
    assert found["charges_to"] == at("2024-03-16T12:00:00")
    assert (found["commitment_first"], found["commitment_last"]) == (
        date(2024, 3, 1), date(2024, 3, 15),
    )  # fmt: skip
