"""The parts of a plan, one at a time: what they change, and what they leave alone."""

import pytest

from billing import addons, cycle, plans
from billing.addons import AddOnInput
from billing.plans import (
    AnyChargeInput,
    AnyFixedChargeInput,
    ChargeChange,
    ChargeFilterChange,
    ChargeFilterInput,
    FixedChargeChange,
)
from metering import metrics
from metering.measures.refusals import Invalid, Missing
from metering.metrics import BillableMetricUpdate
from tests.billing.cycle.world import catalogue, said, subscribe

EU, US = {"region": ["eu"]}, {"region": ["us"]}


@pytest.fixture
def sold(world):
    """The plan `basic` with a charge for calls, which say their region."""
    catalogue(world)
    with world.begin() as work:
        regions = [{"key": "region", "values": ["eu", "us"]}]
        metrics.update(work, "calls", said(BillableMetricUpdate, filters=regions), is_used=False)
        asked = {"name": "Seat", "code": "seat", "amount_cents": 1, "amount_currency": "EUR"}
        addons.create(work, said(AddOnInput, **asked))
    return world


def test_a_charge_is_added_changed_and_removed_alone(sold):
    """A second charge on calls at 2, then 3; the first keeps its id and price throughout."""
    with sold.begin() as work:
        (first,) = plans.charges_in(work, "basic")
        asked = {"billable_metric_id": first.billable_metric_id, "charge_model": "standard"}
        new = {**asked, "code": "more", "properties": {"amount": "2"}}
        made = cycle.create_charge(work, "basic", said(AnyChargeInput, **new))
        dearer = said(ChargeChange, properties={"amount": "3"})
        after = cycle.update_charge(work, "basic", "more", dearer)

        assert (made.code, made.properties.amount) == ("more", "2")
        assert (after.id, after.properties.amount) == (made.id, "3")
        assert plans.charges_in(work, "basic") == [first, after]
        with pytest.raises(Invalid) as refused:
            cycle.create_charge(work, "basic", said(AnyChargeInput, **asked))
        assert refused.value.details == {"code": ["value_is_mandatory"]}
        with pytest.raises(Invalid) as refused:
            cycle.create_charge(work, "basic", said(AnyChargeInput, **new))
        assert refused.value.details == {"code": ["value_already_exist"]}
        with pytest.raises(Missing):
            cycle.update_charge(work, "basic", "nothing", dearer)

        assert cycle.delete_charge(work, "basic", "more") == after
        assert plans.charges_in(work, "basic") == [first]


def test_a_filter_is_added_changed_and_removed_alone(sold):
    """Europe at 1, the rest at 2; Europe becomes America and keeps its id and price."""
    with sold.begin() as work:
        europe = cycle.create_charge_filter(
            work, "basic", "calls", said(ChargeFilterInput, values=EU, properties={"amount": "1"})
        )
        any_ = {"region": ["__ALL_FILTER_VALUES__"]}
        rest = cycle.create_charge_filter(
            work, "basic", "calls", said(ChargeFilterInput, values=any_, properties={"amount": "2"})
        )
        moved = cycle.update_charge_filter(
            work, "basic", "calls", europe.id, said(ChargeFilterChange, values=US)
        )

        assert (moved.id, moved.values, moved.properties.amount) == (europe.id, US, "1")
        assert plans.filters_in(work, "basic", "calls") == [moved, rest]
        again = said(ChargeFilterInput, values=US)
        with pytest.raises(Invalid) as refused:
            cycle.create_charge_filter(work, "basic", "calls", again)
        assert refused.value.details == {"values": ["value_already_exists"]}
        with pytest.raises(Missing):
            cycle.delete_charge_filter(work, "basic", "calls", "nothing")

        assert cycle.delete_charge_filter(work, "basic", "calls", europe.id) == moved
        assert plans.filters_in(work, "basic", "calls") == [rest]


def test_a_filter_that_is_refused_stays_as_it_was(sold):
    """Mars is no region: nothing of the change is kept."""
    with sold.begin() as work:
        europe = cycle.create_charge_filter(
            work, "basic", "calls", said(ChargeFilterInput, values=EU)
        )
    mars = said(ChargeFilterChange, values={"region": ["mars"]})
    with pytest.raises(Invalid), sold.begin() as work:
        cycle.update_charge_filter(work, "basic", "calls", europe.id, mars)
    with sold.begin() as work:
        assert plans.filters_in(work, "basic", "calls") == [europe]


def test_more_units_of_one_fixed_charge_are_billed_at_once_and_the_other_is_not(sold):
    """Two seats at 10 and at 1 in advance; one more of the first costs 10.00 and nothing else."""
    seats = {"add_on_code": "seat", "charge_model": "standard", "units": "1"}
    with sold.begin() as work:
        for code, amount in (("dear", "10"), ("cheap", "1")):
            asked = {**seats, "code": code, "properties": {"amount": amount}}
            cycle.create_fixed_charge(
                work, "basic", said(AnyFixedChargeInput, **asked, pay_in_advance=True)
            )
    subscribe(sold)
    with sold.begin() as work:
        more = said(FixedChargeChange, units="2", apply_units_immediately=True)
        after = cycle.update_fixed_charge_of_plan(work, "basic", "dear", more)
        assert str(after.units) == "2.0"
        assert cycle.delete_fixed_charge(work, "basic", "cheap").code == "cheap"
        assert plans.fixed_charges_in(work, "basic") == [after]

    fees = [[fee.amount_cents for fee in one.fees] for one in sold.invoices()]

    assert fees == [[1000, 100], [1000]]


def test_the_metadata_of_a_plan_is_kept_pair_by_pair(sold):
    """Replaced, merged, one dropped, all dropped; of none, none can be dropped."""
    with sold.begin() as work:
        assert cycle.replace_plan_metadata(work, "basic", {"a": "1"}) == {"a": "1"}
        assert cycle.merge_plan_metadata(work, "basic", {"b": None}) == {"a": "1", "b": None}
        assert cycle.delete_plan_metadata_key(work, "basic", "a") == {"b": None}
        assert cycle.delete_plan_metadata(work, "basic") is None
        with pytest.raises(Missing):
            cycle.delete_plan_metadata_key(work, "basic", "a")
        with pytest.raises(Invalid):
            cycle.merge_plan_metadata(work, "basic", {"a" * 101: "1"})
