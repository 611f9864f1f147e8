"""Charges: what may be priced how, under which code, and at which version of a price."""

import pytest

from billing import plans
from metering.measures.refusals import Invalid, Missing
from tests.billing.plans import changes, metric, plan, standard, versions

GRADUATED = [{"from_value": 0, "to_value": None, "per_unit_amount": "1", "flat_amount": "0"}]


def test_codes_are_made_from_the_metric_and_numbered(work):
    """Three charges on `api`, the second coded by hand: api, mine, api_2; a second mine is not."""
    api = metric(work)
    made = plans.create(
        work, plan(charges=[standard(api), standard(api, code="mine"), standard(api)])
    )
    assert [charge.code for charge in made.charges] == ["api", "mine", "api_2"]

    twice = [standard(api, code="mine"), standard(api, code="mine")]
    with pytest.raises(Invalid) as refused:
        plans.create(work, plan(code="other", charges=twice))
    assert refused.value.details == {"code": ["value_already_exist"]}


def test_what_is_not_said_has_the_models_default(work):
    """Every model but custom, without properties; and the flags of a charge."""
    api = metric(work)
    kinds = ["standard", "graduated", "volume", "package", "percentage", "graduated_percentage",
             "dynamic"]  # fmt: skip
    made = plans.create(
        work,
        plan(charges=[{"billable_metric_id": api.id, "charge_model": kind} for kind in kinds]),
    )

    assert [charge.__struct_config__.tag for charge in made.charges] == kinds
    assert made.charges[0].properties.amount == "0"
    assert made.charges[3].properties.package_size == 1
    first = made.charges[0]
    assert (first.pay_in_advance, first.prorated, first.invoiceable) == (False, False, True)
    assert (first.min_amount_cents, first.regroup_paid_fees, first.filters) == (0, None, [])


@pytest.mark.parametrize(
    ("counted", "said", "wrong"),
    [
        # prices
        ({}, {"properties": {"amount": "-1"}}, {"properties": ["invalid_amount"]}),
        ({}, {"properties": {"amount": "1e3"}}, {"properties": ["invalid_amount"]}),
        (
            {},
            {"charge_model": "graduated", "properties": {"graduated_ranges": []}},
            {"properties": ["missing_graduated_ranges"]},
        ),
        (
            {},
            {"properties": {"amount": "1", "pricing_group_keys": [""]}},
            {"properties": ["invalid_type"]},
        ),
        # models on metrics
        (
            {"aggregation_type": "count_agg"},
            {"charge_model": "dynamic", "properties": None},
            {"charge_model": ["invalid_aggregation_type_or_charge_model"]},
        ),
        (
            {},
            {"charge_model": "custom", "properties": None},
            {"charge_model": ["invalid_aggregation_type_or_charge_model"]},
        ),
        (
            {"aggregation_type": "latest_agg"},
            {"charge_model": "percentage", "properties": {"rate": "1"}},
            {"properties": ["invalid_value"]},
        ),
        # in advance
        (
            {},
            {
                "charge_model": "volume", "pay_in_advance": True,
                "properties": {"volume_ranges": GRADUATED},
            },
            {"pay_in_advance": ["invalid_aggregation_type_or_charge_model"]},
        ),
        (
            {"aggregation_type": "max_agg"},
            {"pay_in_advance": True},
            {"pay_in_advance": ["invalid_aggregation_type_or_charge_model"]},
        ),
        ({}, {"invoiceable": False}, {"invoiceable": ["must_be_true_unless_pay_in_advance"]}),
        (
            {},
            {"pay_in_advance": True, "regroup_paid_fees": "invoice"},
            {"regroup_paid_fees": ["only_compatible_with_pay_in_advance_and_non_invoiceable"]},
        ),
        (
            {},
            {"pay_in_advance": True, "min_amount_cents": 1},
            {"min_amount_cents": ["not_compatible_with_pay_in_advance"]},
        ),
        ({}, {"min_amount_cents": -1}, {"min_amount_cents": ["value_is_out_of_range"]}),
        # prorated
        ({}, {"prorated": True}, {"prorated": ["invalid_billable_metric_or_charge_model"]}),
        (
            {"recurring": True},
            {"prorated": True, "charge_model": "package", "properties": None},
            {"prorated": ["invalid_billable_metric_or_charge_model"]},
        ),
        (
            {"recurring": True},
            {
                "prorated": True, "pay_in_advance": True, "charge_model": "graduated",
                "properties": {"graduated_ranges": GRADUATED},
            },
            {"prorated": ["invalid_billable_metric_or_charge_model"]},
        ),
        (
            {
                "aggregation_type": "weighted_sum_agg", "weighted_interval": "seconds",
                "recurring": True,
            },
            {"prorated": True},
            {"prorated": ["invalid_billable_metric_or_charge_model"]},
        ),
        # filters
        ({}, {"filters": [{"values": {}}]}, {"values": ["value_is_mandatory"]}),
        ({}, {"filters": [{"values": {"region": []}}]}, {"values": ["value_is_mandatory"]}),
        ({}, {"filters": [{"values": {"cloud": ["x"]}}]}, {"values": ["value_is_invalid"]}),
        ({}, {"filters": [{"values": {"region": ["asia"]}}]}, {"values": ["value_is_invalid"]}),
        (
            {},
            {"filters": [{"values": {"region": ["eu"]}, "properties": {"amount": "x"}}]},
            {"properties": ["invalid_amount"]},
        ),
        # all at once
        (
            {},
            {"invoiceable": False, "min_amount_cents": -1, "properties": {"amount": "x"}},
            {
                "invoiceable": ["must_be_true_unless_pay_in_advance"],
                "min_amount_cents": ["value_is_out_of_range"],
                "properties": ["invalid_amount"],
            },
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_charged_is_refused(work, counted, said, wrong):
    """Each rule with its published code, and all that is wrong at once."""
    filters = [{"key": "region", "values": ["eu", "us"]}]
    api = metric(work, **{"filters": filters, **counted})
    with pytest.raises(Invalid) as refused:
        plans.create(work, plan(charges=[standard(api, **said)]))
    assert refused.value.details == wrong


def test_what_is_allowed_beside_it_is_taken(work):
    """The neighbours of the refused: advance with standard, prorated seats, any declared value."""
    api = metric(work, filters=[{"key": "region", "values": ["eu"]}])
    seats = metric(work, "seats", recurring=True)
    made = plans.create(
        work,
        plan(
            charges=[
                standard(api, pay_in_advance=True, invoiceable=False, regroup_paid_fees="invoice"),
                standard(seats, prorated=True),
                standard(seats, prorated=True, pay_in_advance=True),
                standard(api, filters=[{"values": {"region": ["__ALL_FILTER_VALUES__"]}}]),
            ]
        ),
    )
    assert len(made.charges) == 4
    assert made.charges[3].filters[0].properties.amount == "0"


def test_what_a_charge_names_must_be_there(work):
    """An unknown or deleted metric, and a pricing unit, of which there are none."""
    gone = metric(work, "gone")
    plans.delete_metric(work, "gone")
    api = metric(work)
    unit = {"code": "token", "conversion_rate": "1"}
    for name, said, code in (
        ("a", {**standard(api), "billable_metric_id": "x"}, "billable_metrics_not_found"),
        ("b", standard(gone), "billable_metrics_not_found"),
        ("c", standard(api, applied_pricing_unit=unit), "pricing_unit_not_found"),
        ("d", standard(api, tax_codes=["x"]), "tax_not_found"),
    ):
        with pytest.raises(Missing) as refused:
            plans.create(work, plan(code=name, charges=[said]))
        assert refused.value.code == code


def test_a_new_price_is_the_next_version(work):
    """1, then 1 again (nothing new), 2, and removed: versions 1 and 2, and none holds at last."""
    api = metric(work)
    (charge,) = plans.create(work, plan(charges=[standard(api, "1")])).charges

    def price(amount):
        said = [{"id": charge.id, "properties": {"amount": amount}}]
        return plans.change(work, "basic", changes(charges=said), in_use=True).charges

    same = price("1")
    dearer = price("2")
    assert versions(work) == [("standard", 1, "1", False), ("standard", 2, "2", True)]
    plans.change(work, "basic", changes(charges=[]), in_use=True)

    assert (same[0].id, dearer[0].properties.amount) == (charge.id, "2")
    assert versions(work) == [("standard", 1, "1", False), ("standard", 2, "2", False)]


def test_charges_are_replaced_and_what_has_an_id_is_kept(work):
    """a and b; then b renamed and c: a is gone, b keeps its id, price and place."""
    api = metric(work)
    made = plans.create(
        work, plan(charges=[standard(api, "1", code="a"), standard(api, "2", code="b")])
    )
    b = made.charges[1]

    changed = plans.change(
        work, "basic",
        changes(charges=[
            standard(api, "3", code="c"), {"id": b.id, "invoice_display_name": "Bee"},
        ]),
        in_use=False,
    )  # fmt: skip

    assert [(each.code, each.properties.amount) for each in changed.charges] == [
        ("b", "2"), ("c", "3"),
    ]  # fmt: skip
    assert (changed.charges[0].id, changed.charges[0].invoice_display_name) == (b.id, "Bee")
    with pytest.raises(Invalid) as refused:
        plans.change(work, "basic", changes(charges=[{"id": b.id}, {"id": b.id}]), in_use=False)
    assert refused.value.details == {"id": ["value_is_duplicated"]}


def test_a_new_charge_in_a_change_must_say_what_it_is(work):
    """Neither metric nor model, then a model that there is not."""
    api = metric(work)
    plans.create(work, plan())
    for said, wrong in (
        ({"charge_model": "standard"}, {"billable_metric_id": ["value_is_mandatory"]}),
        ({"billable_metric_id": api.id}, {"charge_model": ["value_is_mandatory"]}),
        (
            {"billable_metric_id": api.id, "charge_model": "free"},
            {"charge_model": ["value_is_invalid"]},
        ),
    ):
        with pytest.raises(Invalid) as refused:
            plans.change(work, "basic", changes(charges=[said]), in_use=False)
        assert refused.value.details == wrong


def test_a_charge_in_use_keeps_its_model(work):
    """In use, the model is passed over and the price read by the old one; else it is changed."""
    api = metric(work, filters=[{"key": "region", "values": ["eu"]}])
    filters = [{"values": {"region": ["eu"]}, "properties": {"amount": "9"}}]
    (charge,) = plans.create(work, plan(charges=[standard(api, filters=filters)])).charges
    said = {"id": charge.id, "charge_model": "package", "min_amount_cents": 0}
    packs = {"amount": "4", "package_size": 10, "free_units": 0}

    used = plans.change(
        work, "basic", changes(charges=[{**said, "properties": packs}]), in_use=True
    ).charges[0]
    with pytest.raises(Invalid) as refused:  # the filter's price is none of a package
        plans.change(work, "basic", changes(charges=[{**said, "properties": packs}]), in_use=False)
    free = plans.change(
        work, "basic", changes(charges=[{**said, "properties": packs, "filters": []}]),
        in_use=False,
    ).charges[0]  # fmt: skip

    assert (used.__struct_config__.tag, used.properties.amount) == ("standard", "4")
    assert used.filters == charge.filters
    assert refused.value.details == {"properties": ["invalid_package_size", "invalid_free_units"]}
    assert (free.__struct_config__.tag, free.properties.package_size) == ("package", 10)
    assert (free.id, free.filters) == (charge.id, [])


def test_a_filter_of_the_same_values_stays_the_same_one(work):
    """eu and us; then eu dearer and both: eu keeps its id, and its price has a second version."""
    api = metric(work, filters=[{"key": "region", "values": ["eu", "us"]}])

    def filters(**prices):
        return [
            {"values": {"region": names.split("_")}, "properties": {"amount": amount}}
            for names, amount in prices.items()
        ]

    (before,) = plans.create(
        work, plan(charges=[standard(api, filters=filters(eu="2", us="3"))])
    ).charges
    said = [{"id": before.id, "filters": filters(eu="4", eu_us="5")}]
    (after,) = plans.change(work, "basic", changes(charges=said), in_use=True).charges

    assert [each.values for each in after.filters] == [{"region": ["eu"]}, {"region": ["eu", "us"]}]
    assert after.filters[0].id == before.filters[0].id
    assert [(each[1], each[2]) for each in versions(work) if each[3]] == [
        (1, "1"), (2, "4"), (1, "5"),
    ]  # fmt: skip


def test_presentation_groups_are_the_charges_alone(work):
    """A filter's are dropped, the charge's are kept."""
    api = metric(work, filters=[{"key": "region", "values": ["eu"]}])
    said = {"amount": "1", "presentation_group_keys": [{"value": "team"}]}
    (charge,) = plans.create(
        work,
        plan(
            charges=[
                standard(
                    api, properties=said,
                    filters=[{"values": {"region": ["eu"]}, "properties": said}],
                )
            ]
        ),
    ).charges  # fmt: skip

    assert charge.properties.presentation_group_keys[0].value == "team"
    assert charge.filters[0].properties.presentation_group_keys is None
