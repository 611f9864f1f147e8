"""Current usage: buckets, groups and breakdowns worked by hand; and what may be asked for."""

import pytest

from metering.measures.refusals import Conflict, Invalid, Missing
from tests.billing.usage.shop import CLOUDS, D, broken, charge, metric, now, numbers, on, sell, send

PACKS = {"amount": "1", "package_size": 4, "free_units": 0}
DEAR = {**PACKS, "amount": "5", "pricing_group_keys": ["country"]}
TEAMS = {"presentation_group_keys": [{"value": "team"}]}


@pytest.fixture
def clouds(world):
    """Packs of 4 GB: 5.00 each on aws, counted country by country; 1.00 elsewhere."""
    traffic = metric(world, "traffic", "sum_agg", "size", CLOUDS)
    calls = metric(world, "calls", "count_agg")
    sell(
        world,
        charge(traffic, "package", [({"cloud": ["aws"]}, DEAR)], **PACKS, **TEAMS),
        charge(calls, amount="0.25"),
    )
    send(
        world,
        ("traffic", "2026-01-02", {"size": "3", "cloud": "aws", "country": "us", "team": "a"}),
        ("traffic", "2026-01-03", {"size": "2", "cloud": "aws", "country": "us", "team": "b"}),
        ("traffic", "2026-01-04", {"size": "3", "cloud": "aws", "country": "fr", "team": "a"}),
        ("traffic", "2026-01-05", {"size": "5", "cloud": "gcp", "team": "a"}),
        ("traffic", "2026-01-06", {"size": "6", "cloud": "azure"}),
    )
    world.now = on("2026-01-10T12:00:00")
    return world


def test_buckets_groups_and_breakdowns_are_added_up_level_by_level(clouds):
    """us 5 GB 2 packs 10.00, fr 3 GB 1 pack 5.00, elsewhere 11 GB 3 packs 3.00: 18.00.

    Team a has 3 + 3 + 5, b 2, nobody 6. Calls are shown though there are none.
    """
    found = now(clouds)

    traffic, calls = found.charges_usage
    assert (found.amount_cents, found.currency) == (1800, "EUR")
    assert (traffic.units, traffic.events_count, traffic.amount_cents) == (D(19), 5, 1800)
    assert traffic.total_aggregated_units == D(19)
    aws, rest = traffic.filters
    assert (aws.values, aws.units, aws.amount_cents) == ({"cloud": ["aws"]}, D(8), 1500)
    assert (rest.values, rest.units, rest.amount_cents) == (None, D(11), 300)
    fr, us, free = traffic.grouped_usage
    assert [one.grouped_by for one in (fr, us, free)] == [{"country": "fr"}, {"country": "us"}, {}]
    assert numbers([fr, us, free]) == [("3.0", 500), ("5.0", 1000), ("11.0", 300)]
    assert [one.values for one in us.filters] == [{"cloud": ["aws"]}]
    assert broken(traffic) == [
        ({"team": "a"}, D(11)),
        ({"team": "b"}, D(2)),
        ({"team": None}, D(6)),
    ]
    assert broken(us) == [({"team": "a"}, D(3)), ({"team": "b"}, D(2))]
    assert broken(rest) == [({"team": "a"}, D(5)), ({"team": None}, D(6))]
    assert (calls.units, calls.events_count, calls.amount_cents) == (D(0), 0, 0)
    assert (calls.filters, calls.grouped_usage, calls.presentation_breakdowns) == ([], [], [])


def test_the_period_is_the_customers_own(clouds):
    """January, to its last second; the bill would be issued on February 1."""
    found = now(clouds)

    assert (found.from_datetime, found.to_datetime) == (
        on("2026-01-01T00:00:00"),
        on("2026-01-31T23:59:59"),
    )
    assert (found.issuing_date.isoformat(), found.invoice_id) == ("2026-02-01", None)


@pytest.mark.parametrize(
    ("asked", "cents"),
    [
        # one value of a group: what is left is one bucket, 5 GB in 2 packs
        ({"group": {"country": "us"}}, [1000, 0]),
        ({"filter_by_group": '{"country": "fr"}'}, [500, 0]),
        # both countries, counted together: 8 GB in 2 packs
        ({"filter_by_group": '{"country": ["us", "fr"]}'}, [1000, 0]),
        # any property will do, also one that nothing is priced by: 3 + 3 GB on aws, 5 elsewhere
        ({"group": {"team": "a"}}, [500 + 500 + 200, 0]),
        ({"group": {"country": "us", "team": "b"}}, [500, 0]),
        ({"group": {"country": "nowhere"}}, [0, 0]),
        # not split by country: 8 GB in 2 packs, and 3 packs elsewhere
        ({"skip_grouping": True}, [1300, 0]),
    ],
)
def test_events_are_chosen_by_their_properties(clouds, asked, cents):
    """What is chosen is counted and priced as if nothing else had been sent."""
    found = now(clouds, **asked)

    assert [one.amount_cents for one in found.charges_usage] == cents
    assert found.amount_cents == sum(cents)


def test_a_group_that_is_chosen_splits_no_more_and_the_others_do(world):
    """By country and city: of the us, two cities are left as groups of their own."""
    traffic = metric(world, "traffic", "sum_agg", "size")
    sell(world, charge(traffic, amount="1", pricing_group_keys=["country", "city"]))
    for city, size in (("ny", "1"), ("la", "2"), ("paris", "4")):
        country = "fr" if city == "paris" else "us"
        told = {"size": size, "country": country, "city": city}
        send(world, ("traffic", "2026-01-02", told))

    (chosen,) = now(world, group={"country": "us"}).charges_usage

    assert [one.grouped_by for one in chosen.grouped_usage] == [{"city": "la"}, {"city": "ny"}]
    assert numbers(chosen.grouped_usage) == [("2.0", 200), ("1.0", 100)]


@pytest.mark.parametrize(
    ("asked", "teams"),
    [("team", 3), ('["team"]', 3), ('["team", "city"]', 3), ("city", 0), ("[]", 0), (None, 3)],
)
def test_units_are_broken_down_by_what_is_asked_for(clouds, asked, teams):
    """The charge presents teams, and nothing else can be asked for."""
    traffic = now(clouds, filter_by_presentation=asked).charges_usage[0]

    assert len(traffic.presentation_breakdowns) == teams
    assert traffic.amount_cents == 1800


@pytest.mark.parametrize(
    "named",
    [
        {"billable_metric_code": "calls"},
        {"filter_by_metric_code": "calls"},
        {"charge_code": "calls"},
        {"filter_by_charge_code": "calls"},
        {"charge_code": "calls", "billable_metric_code": "calls"},
    ],
)
def test_charges_are_chosen_by_their_names(clouds, named):
    """Of two charges, the one that is named; by its id too."""
    (calls,) = now(clouds, **named).charges_usage
    (same,) = now(clouds, charge_id=calls.charge.id).charges_usage
    (again,) = now(clouds, filter_by_charge_id=calls.charge.id).charges_usage

    assert calls.billable_metric.code == "calls"
    assert calls == same == again


@pytest.mark.parametrize(
    "named", [{"charge_id": "none"}, {"charge_code": "calls", "billable_metric_code": "traffic"}]
)
def test_a_charge_that_is_not_there_is_refused(clouds, named):
    """Also one that two names disagree about."""
    with pytest.raises(Missing) as refused:
        now(clouds, **named)
    assert refused.value.code == "charge_not_found"


def test_full_usage_counts_from_the_start_of_the_subscription(clouds):
    """In February: 19 GB of January and 1 more."""
    clouds.now = on("2026-02-10T12:00:00")
    send(clouds, ("traffic", "2026-02-02", {"size": "1"}))

    assert now(clouds).charges_usage[0].units == D(1)
    found = now(clouds, full_usage=True, charge_code="traffic")
    assert found.charges_usage[0].units == D(20)
    assert found.from_datetime == on("2026-01-01T00:00:00")
    assert now(clouds, full_usage=True, group={"team": "a"}).charges_usage[0].units == D(11)


def test_full_usage_is_of_chosen_charges_or_groups(clouds):
    """A subscription may be years old: all of it is not counted at once."""
    with pytest.raises(Conflict) as refused:
        now(clouds, full_usage=True)
    assert refused.value.code == "full_usage_not_allowed"


def test_who_has_no_active_subscription_has_no_usage(clouds):
    """An unknown customer, an unknown subscription, and another customer's."""
    with pytest.raises(Missing) as unknown:
        now(clouds, customer="nobody")
    assert unknown.value.code == "customer_not_found"
    sell(clouds, customer="c2", subscription="s2", code="empty")
    for customer, subscription in (("c1", "s2"), ("c2", "s1"), ("c1", "none")):
        with pytest.raises(Conflict) as refused:
            now(clouds, customer, subscription)
        assert refused.value.code == "no_active_subscription"
    assert now(clouds, "c2", "s2").charges_usage == []


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"external_subscription_id": ""}, "external_subscription_id"),
        ({"filter_by_group": "country"}, "filter_by_group"),
        ({"filter_by_group": '{"country": 1}'}, "filter_by_group"),
        ({"filter_by_presentation": "[1]"}, "filter_by_presentation"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_field(asked, field):
    """Nothing is guessed."""
    from billing.usage.requests import UsageQuery

    with pytest.raises(Invalid) as refused:
        UsageQuery(**{"external_subscription_id": "s1", **asked})
    assert list(refused.value.details) == [field]
