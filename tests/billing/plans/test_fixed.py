"""Fixed charges: units of an add-on that a plan includes."""

from decimal import Decimal as D

import pytest

from billing import addons, plans
from metering.measures.refusals import Invalid, Missing
from tests.billing.plans import add_on, changes, fixed, plan, versions


def test_a_fixed_charge_takes_its_add_on_by_code_or_id(work):
    """One each way; codes are numbered; units are decimals."""
    seat = add_on(work)
    made = plans.create(
        work,
        plan(
            fixed_charges=[
                fixed(seat, units="2.50"),
                {"add_on_id": seat.id, "charge_model": "volume"},
            ]
        ),
    ).fixed_charges

    assert [(each.code, each.add_on_id) for each in made] == [
        ("seat", seat.id), ("seat_2", seat.id),
    ]  # fmt: skip
    assert (str(made[0].units), str(made[1].units)) == ("2.5", "0.0")
    assert made[1].properties.volume_ranges[0].per_unit_amount == "0"


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"units": "-1"}, {"units": ["value_is_out_of_range"]}),
        ({"units": "1e30"}, {"units": ["value_is_out_of_range"]}),
        ({"properties": {"amount": "x"}}, {"properties": ["invalid_amount"]}),
        (
            {"charge_model": "volume", "properties": None, "pay_in_advance": True},
            {"pay_in_advance": ["invalid_charge_model"]},
        ),
        (
            {
                "charge_model": "graduated", "properties": None, "pay_in_advance": True,
                "prorated": True,
            },
            {"prorated": ["invalid_charge_model"]},
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_a_fixed_charge_is_refused(work, said, wrong):
    """Each rule with its published code (FC1)."""
    with pytest.raises(Invalid) as refused:
        plans.create(work, plan(fixed_charges=[fixed(add_on(work), **said)]))
    assert refused.value.details == wrong


def test_a_fixed_charge_names_an_add_on_that_is_there(work):
    """None, an unknown one, a deleted one; one that is deleted later stays."""
    seat, gone = add_on(work), add_on(work, "gone")
    addons.delete(work, "gone")
    with pytest.raises(Invalid) as refused:
        plans.create(work, plan(code="none", fixed_charges=[{"charge_model": "standard"}]))
    assert refused.value.details == {"add_on_id": ["value_is_mandatory"]}
    for said in ({"add_on_code": "x"}, {"add_on_id": "x"}, {"add_on_id": gone.id}):
        with pytest.raises(Missing) as missing:
            plans.create(
                work, plan(code=str(said), fixed_charges=[{"charge_model": "standard", **said}])
            )
        assert missing.value.code == "add_ons_not_found"

    (charge,) = plans.create(work, plan(fixed_charges=[fixed(seat)])).fixed_charges
    addons.delete(work, "seat")
    said = [{"id": charge.id, "units": "3"}]
    (after,) = plans.change(work, "basic", changes(fixed_charges=said), in_use=False).fixed_charges

    assert (after.id, after.units, after.add_on_code) == (charge.id, D("3.0"), "seat")


def test_a_change_of_units_keeps_the_price_and_the_rest(work):
    """20 units at 31 in place of 10: as the scenarios change them; the other one is not listed."""
    seat = add_on(work)
    made = plans.create(
        work, plan(fixed_charges=[fixed(seat, prorated=True, units="10"), fixed(seat)])
    ).fixed_charges
    said = {"id": made[0].id, "units": "20", "properties": {"amount": "31"}}

    (after,) = plans.change(
        work, "basic", changes(fixed_charges=[{**said, "apply_units_immediately": True}]),
        in_use=False,
    ).fixed_charges  # fmt: skip

    assert (after.units, after.prorated, after.code) == (D("20.0"), True, "seat")
    assert [each[1:] for each in versions(work)] == [
        (1, "10", False), (1, "10", False), (2, "31", True),
    ]  # fmt: skip
