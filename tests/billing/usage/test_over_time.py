"""Projected, past, lifetime and daily usage, worked by hand."""

import pytest

from billing import cycle
from metering.measures.refusals import Conflict, Invalid, Missing
from tests.billing.usage.shop import (
    D,
    broken,
    charge,
    daily,
    lifetime,
    metric,
    now,
    numbers,
    on,
    past,
    projected,
    remember,
    sell,
    send,
)

RANGES = [
    {"from_value": 0, "to_value": 20, "per_unit_amount": "1", "flat_amount": "0"},
    {"from_value": 21, "to_value": None, "per_unit_amount": "0.5", "flat_amount": "2"},
]
JPY = {"amount_currency": "JPY"}


def test_what_was_used_in_ten_days_is_carried_on_over_thirty_one(world):
    """On January 10: 10 units become 31, 7 become 21.7, and 8 become 24.8.

    Graduated: 20 at 1.00, 11 at 0.50 and 2.00 are 27.50. Packs of 4 beyond 5: 21.7 are 5 packs.
    3 % of 8 and 0.10 for the one event: 0.34, and 3.1 times that is 1.05.
    """
    gb = metric(world, "gb", "sum_agg", "size")
    packed = metric(world, "packed", "sum_agg", "size")
    paid = metric(world, "paid", "sum_agg", "size")
    sell(
        world,
        charge(gb, "graduated", graduated_ranges=RANGES),
        charge(packed, "package", amount="3", package_size=4, free_units=5),
        charge(paid, "percentage", rate="3", fixed_amount="0.10"),
    )
    for code, size in (("gb", "10"), ("packed", "7"), ("paid", "8")):
        send(world, (code, "2026-01-03T05:00:00", {"size": size}))
    world.now = on("2026-01-10T23:59:59")

    found = projected(world)

    assert [str(one.projected_units) for one in found.charges_usage] == ["31.0", "21.7", "24.8"]
    assert [one.amount_cents for one in found.charges_usage] == [1000, 300, 34]
    assert [one.projected_amount_cents for one in found.charges_usage] == [2750, 1500, 105]
    assert (found.amount_cents, found.projected_amount_cents) == (1334, 4355)
    assert found.total_amount_cents == 1334


def test_a_subscription_that_began_within_the_month_is_carried_on_from_its_start(world):
    """From January 22, ten days: on the 24th 3 have passed; 6 units become 20.

    Groups and breakdowns are carried on too: 4 become 13.33, 2 become 6.67.
    """
    gb = metric(world, "gb", "sum_agg", "size")
    team = {"presentation_group_keys": [{"value": "team"}]}
    world.now = on("2026-01-22T08:00:00")
    sell(world, charge(gb, amount="1", pricing_group_keys=["country"], **team))
    send(world, ("gb", "2026-01-22T09:00:00", {"size": "4", "country": "us", "team": "a"}))
    send(world, ("gb", "2026-01-23T09:00:00", {"size": "2", "country": "fr", "team": "a"}))
    world.now = on("2026-01-24T00:00:00")

    (found,) = projected(world).charges_usage

    assert (str(found.projected_units), found.projected_amount_cents) == ("20.0", 2000)
    fr, us = found.grouped_usage
    assert [str(one.projected_units) for one in (fr, us)] == ["6.67", "13.33"]
    assert [one.projected_amount_cents for one in (fr, us)] == [667, 1333]
    (by_team,) = us.projected_presentation_breakdowns
    assert (by_team.presentation_by, by_team.units) == ({"team": "a"}, D("13.33"))
    assert broken(found) == [({"team": "a"}, D(6))]


def test_on_the_last_day_what_is_expected_is_what_is(world):
    """Also units of more than two decimals, and yen, which have none."""
    gb = metric(world, "gb", "sum_agg", "size")
    sell(world, charge(gb, amount="3"), **JPY)
    send(world, ("gb", "2026-01-30T09:00:00", {"size": "4.125"}))
    world.now = on("2026-01-30T12:00:00")
    (before,) = projected(world).charges_usage
    world.now = on("2026-01-31T12:00:00")
    (last,) = projected(world).charges_usage

    assert (before.projected_units, before.projected_amount_cents) == (D("4.26"), 13)
    assert (last.projected_units, last.projected_amount_cents) == (D("4.125"), 12)


def test_nobody_else_s_usage_is_projected(world):
    """As with current usage."""
    sell(world)
    with pytest.raises(Missing) as missing:
        projected(world, customer="nobody")
    with pytest.raises(Conflict) as refused:
        projected(world, subscription="s2")
    assert (missing.value.code, refused.value.code) == (
        "customer_not_found",
        "no_active_subscription",
    )


def used_for_three_months(world):
    """10 GB in January, 20 in February, none in March, 5 in April; 1 call in each."""
    gb = metric(world, "gb", "sum_agg", "size")
    calls = metric(world, "calls", "count_agg")
    sell(world, charge(gb, amount="1", pricing_group_keys=["country"]), charge(calls, amount="3"))
    for month, size in ((1, "10"), (2, "20"), (4, "5")):
        told = {"size": size, "country": "us"}
        send(world, ("gb", f"2026-0{month}-05", told), ("calls", f"2026-0{month}-06", {}))
    for month in (2, 3, 4):
        world.now = on(f"2026-0{month}-01T01:00:00")
        cycle.bill(world.begin)
    world.now = on("2026-04-10T00:00:00")


def test_past_usage_is_what_was_invoiced_newest_first(world):
    """March has nothing, February 20.00 and 3.00, January 10.00 and 3.00; April is not over."""
    used_for_three_months(world)

    page = past(world)

    march, february, january = page.items
    assert [one.from_datetime.month for one in page.items] == [3, 2, 1]
    assert [one.amount_cents for one in page.items] == [0, 2300, 1300]
    assert march.charges_usage == []
    assert [one.billable_metric.code for one in february.charges_usage] == ["gb", "calls"]
    assert [one.charge.charge_model for one in february.charges_usage] == ["standard"] * 2
    assert numbers(january.charges_usage) == [("10.0", 1000), ("1.0", 300)]
    (us,) = january.charges_usage[0].grouped_usage
    assert us.grouped_by == {"country": "us"}
    assert january.invoice_id == world.invoices()[0].id
    assert (february.to_datetime, february.issuing_date.isoformat()) == (
        on("2026-02-28T23:59:59"),
        "2026-03-01",
    )


def test_past_usage_comes_in_pages_of_chosen_metrics(world):
    """Of three periods: two at most, one to a page, by page and by cursor; only calls."""
    used_for_three_months(world)

    first = past(world, per_page=1, periods_count=2)
    second = past(world, per_page=1, periods_count=2, page=2)
    same = past(world, per_page=1, periods_count=2, cursor=first.meta.next_cursor)
    end = past(world, per_page=1, periods_count=2, cursor=second.meta.next_cursor)
    calls = past(world, billable_metric_code="calls")

    assert (first.meta.total_count, first.meta.total_pages) == (2, 2)
    assert [one.from_datetime.month for one in first.items + second.items] == [3, 2]
    assert same.items == second.items
    assert end.items == []
    assert [one.amount_cents for one in calls.items] == [0, 300, 300]
    assert past(world, subscription="s2").items == []


def test_past_usage_of_nobody_is_refused(world):
    """A customer that is not there, a subscription that is not named, a cursor from elsewhere."""
    sell(world)
    with pytest.raises(Missing):
        past(world, customer="nobody")
    for wrong, field in (
        ({"subscription": ""}, "external_subscription_id"),
        ({"cursor": "nowhere"}, "cursor"),
        ({"cursor": "9" * 18}, "cursor"),
    ):
        with pytest.raises(Invalid) as refused:
            past(world, **wrong)
        assert list(refused.value.details) == [field]


def test_a_lifetime_is_history_and_bills_and_the_present(world):
    """70.00 elsewhere, 36.00 billed, 8.00 in April; drafts and all, before taxes."""
    used_for_three_months(world)

    before = lifetime(world)
    after = remember(world, 7000)

    assert before.external_historical_usage_amount_cents == 0
    assert after == lifetime(world)
    assert (after.id, after.subscription_id) == (before.id, before.subscription_id)
    assert after.external_historical_usage_amount_cents == 7000
    assert after.invoiced_usage_amount_cents == 3600
    assert after.current_usage_amount_cents == 800
    assert (after.from_datetime, after.to_datetime) == (on("2026-01-01"), on("2026-04-10"))
    assert remember(world, 0).external_historical_usage_amount_cents == 0


def test_only_what_has_a_life_has_a_lifetime(world):
    """No subscription, and no negative history."""
    with pytest.raises(Missing) as refused:
        lifetime(world, "s9")
    assert refused.value.code == "subscription_not_found"
    for cents in (-1, 10**15 + 1):
        with pytest.raises(Invalid):
            remember(world, cents)


def test_days_are_those_of_the_customer(world):
    """Tokyo, from 9 in the morning of January 3: an event before midnight there, and one after.

    Two GB on the 3rd, 3 and 4 on the 4th, none on the 5th.
    """
    gb = metric(world, "gb", "sum_agg", "size")
    most = metric(world, "most", "max_agg", "size")
    world.now = on("2026-01-03T00:00:00")
    sell(world, charge(gb, amount="1"), charge(most, amount="1"), zone="Asia/Tokyo")
    for at, size in (("03T14:59:59", "2"), ("03T15:00:00", "3"), ("04T14:00:00", "4")):
        told = {"size": size}
        send(world, ("gb", f"2026-01-{at}", told), ("most", f"2026-01-{at}", told))
    world.now = on("2026-01-05T03:00:00")

    third, fourth, fifth = daily(world)

    assert [one.usage_date.day for one in (third, fourth, fifth)] == [3, 4, 5]
    assert (third.from_datetime, third.to_datetime) == (
        on("2026-01-03T00:00:00"),
        on("2026-01-03T14:59:59"),
    )
    assert [str(one.units) for one in third.charges_usage] == ["2.0", "2.0"]
    assert [str(one.units) for one in fourth.charges_usage] == ["7.0", "4.0"]
    assert [one.events_count for one in fourth.charges_usage] == [2, 2]
    assert [str(one.units) for one in fifth.charges_usage] == ["0.0", "0.0"]
    assert [one.units for one in now(world).charges_usage] == [D(9), D(4)]


def test_days_and_charges_can_be_chosen(world):
    """A past month, one charge; before the start and after today there is nothing to tell."""
    used_for_three_months(world)

    found = daily(
        world, from_date=on("2025-12-30").date(), to_date=on("2026-01-05").date(),
        charge_code="gb",
    )  # fmt: skip

    assert [one.usage_date.isoformat() for one in found][::4] == ["2026-01-01", "2026-01-05"]
    assert [str(one.units) for day in found for one in day.charges_usage] == ["0.0"] * 4 + ["10.0"]
    assert len(daily(world, from_date=on("2026-03-01").date())) == 31 + 10
    assert daily(world, billable_metric_code="calls")[0].charges_usage[0].charge.code == "calls"


@pytest.mark.parametrize(
    ("first", "last", "is_fine"),
    [
        ("2025-04-11", "2026-04-11", True),  # 366 days
        ("2025-04-10", "2026-04-11", False),
        ("2026-04-02", "2026-04-01", False),
    ],
)
def test_a_year_of_days_is_the_most(world, first, last, is_fine):
    """And they go forward."""
    sell(world)
    asked = {"from_date": on(first).date(), "to_date": on(last).date()}
    if is_fine:
        assert daily(world, **asked) == []
    else:
        with pytest.raises(Invalid) as refused:
            daily(world, **asked)
        assert list(refused.value.details) == ["to_date"]


def test_days_of_what_is_not_there_are_refused(world):
    """No subscription, no such charge."""
    sell(world)
    for asked, code in (
        ({"subscription": "s9"}, "subscription_not_found"),
        ({"charge_code": "gb"}, "charge_not_found"),
    ):
        with pytest.raises(Missing) as refused:
            daily(world, **asked)
        assert refused.value.code == code
