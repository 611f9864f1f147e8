"""Plans: created with all that they charge, changed, archived and listed."""

from decimal import Decimal as D

import msgspec
import pytest

from billing import plans, taxes
from billing.plans import PlanQuery
from billing.taxes import TaxInput
from metering.measures.refusals import Invalid, Missing
from tests.billing.plans import add_on, changes, fixed, metric, plan, standard
from tests.conftest import told


def tax(work, code):
    return taxes.create(work, TaxInput(name=code, code=code, rate=D(10)))


def codes(some):
    return [each.code for each in some]


def test_a_plan_is_shown_with_all_that_it_charges(work):
    """One of everything, with a tax at each level; found again exactly as it was made."""
    for code in ("of_plan", "of_charge", "of_fixed", "of_commitment"):
        tax(work, code)
    api = metric(work, filters=[{"key": "region", "values": ["eu", "us"]}])

    made = plans.create(
        work,
        plan(
            trial_period="10.5",
            tax_codes=["of_plan"],
            metadata={"tier": "gold", "note": None},
            charges=[
                standard(
                    api, "2", tax_codes=["of_charge"], min_amount_cents=5000,
                    filters=[
                        {
                            "values": {"region": ["eu"]}, "properties": {"amount": "3"},
                            "invoice_display_name": "Europe",
                        }
                    ],
                )
            ],
            fixed_charges=[fixed(add_on(work), tax_codes=["of_fixed"])],
            usage_thresholds=[{"amount_cents": 100}, {"amount_cents": 50, "recurring": True}],
            minimum_commitment={"amount_cents": 7000, "tax_codes": ["of_commitment"]},
        ),
    )  # fmt: skip

    (charge,), (seats,) = made.charges, made.fixed_charges
    assert (made.trial_period, made.metadata) == (D("10.5"), {"tier": "gold", "note": None})
    assert (charge.code, charge.billable_metric_code, charge.properties.amount) == (
        "api", "api", "2",
    )  # fmt: skip
    assert (charge.filters[0].values, charge.filters[0].properties.amount) == (
        {"region": ["eu"]}, "3",
    )  # fmt: skip
    assert (seats.add_on_code, seats.units, seats.invoice_display_name) == ("seat", D("2.0"), "")
    assert [each.amount_cents for each in made.usage_thresholds] == [100, 50]
    assert made.minimum_commitment.amount_cents == 7000
    assert codes(made.taxes) == ["of_plan"]
    assert codes(charge.taxes) == ["of_charge"]
    assert codes(seats.taxes) == ["of_fixed"]
    assert codes(made.minimum_commitment.taxes) == ["of_commitment"]
    assert plans.find(work, "basic") == made
    assert told(work)[-1] == "plan.created"


def test_a_plan_on_the_wire_leaves_out_what_it_has_not(work):
    """No metadata, no commitment: no such keys; a charge says its model beside its properties."""
    made = plans.create(work, plan(charges=[standard(metric(work), "2.50")]))

    shown = msgspec.json.decode(msgspec.json.encode(made))

    assert {"metadata", "minimum_commitment"}.isdisjoint(shown)
    assert (shown["bill_charges_monthly"], shown["customers_count"]) == (None, 0)
    assert shown["charges"][0]["charge_model"] == "standard"
    assert shown["charges"][0]["properties"] == {"amount": "2.50"}


@pytest.mark.parametrize(
    ("interval", "shown"),
    [
        ("weekly", None),
        ("monthly", None),
        ("quarterly", None),
        ("semiannual", True),
        ("yearly", True),
    ],
)
def test_only_long_periods_bill_usage_by_the_month(work, interval, shown):
    """bill_charges_monthly is null unless the plan is semiannual or yearly."""
    made = plans.create(work, plan(interval=interval, bill_charges_monthly=True))
    assert (made.bill_charges_monthly, made.bill_fixed_charges_monthly) == (
        shown,
        False if shown else None,
    )


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        ({"name": " "}, {"name": ["value_is_mandatory"]}),
        ({"code": ""}, {"code": ["value_is_mandatory"]}),
        ({"amount_cents": -1}, {"amount_cents": ["value_is_out_of_range"]}),
        ({"amount_cents": 10**16}, {"amount_cents": ["value_is_out_of_range"]}),
        ({"amount_currency": "XXX"}, {"amount_currency": ["value_is_invalid"]}),
        ({"trial_period": "-1"}, {"trial_period": ["value_is_out_of_range"]}),
        ({"metadata": {str(n): "" for n in range(51)}}, {"metadata": ["too_many_keys"]}),
        ({"metadata": {"k" * 101: ""}}, {"metadata": ["key_too_long"]}),
        ({"metadata": {"k": "v" * 256}}, {"metadata": ["value_too_long"]}),
        ({"usage_thresholds": [{}]}, {"usage_thresholds": ["missing_amount_cents"]}),
        (
            {"usage_thresholds": [{"amount_cents": 0}]},
            {"usage_thresholds": ["value_is_out_of_range"]},
        ),
        (
            {"usage_thresholds": [{"amount_cents": 1}, {"amount_cents": 1}]},
            {"usage_thresholds": ["duplicated_values"]},
        ),
        (
            {"usage_thresholds": [{"amount_cents": n, "recurring": True} for n in (1, 2)]},
            {"usage_thresholds": ["multiple_recurring_thresholds"]},
        ),
        (
            {"minimum_commitment": {"amount_cents": 0}},
            {"minimum_commitment.amount_cents": ["value_is_out_of_range"]},
        ),
        (
            {"name": "", "amount_cents": -1},
            {"name": ["value_is_mandatory"], "amount_cents": ["value_is_out_of_range"]},
        ),
    ],
)
def test_what_a_plan_cannot_be_is_refused(sent, wrong):
    """New or changed, each field has its published code."""
    for ask in (plan, changes):
        with pytest.raises(Invalid) as refused:
            ask(**sent)
        assert refused.value.details == wrong


def test_a_commitment_needs_an_amount(work):
    """A name alone commits to nothing."""
    with pytest.raises(Invalid) as refused:
        plans.create(work, plan(minimum_commitment={"invoice_display_name": "Least"}))
    assert refused.value.details == {"minimum_commitment.amount_cents": ["value_is_mandatory"]}


def test_a_code_is_taken_until_its_plan_is_archived(work):
    """Two of one code are refused, made or renamed; an archived plan keeps its id and its code."""
    first = plans.create(work, plan())
    plans.create(work, plan(code="other"))
    for ask in (
        lambda: plans.create(work, plan()),
        lambda: plans.change(work, "other", changes(code="basic"), in_use=False),
    ):
        with pytest.raises(Invalid) as refused:
            ask()
        assert refused.value.details == {"code": ["value_already_exist"]}

    gone = plans.delete(work, "basic")
    with pytest.raises(Missing) as missing:
        plans.find(work, "basic")
    second = plans.create(work, plan())

    assert (gone.pending_deletion, missing.value.code) == (True, "plan_not_found")
    assert plans.find_by_id(work, first.id).pending_deletion
    assert plans.find(work, "basic").id == second.id != first.id
    listed = plans.browse(work, PlanQuery(search_term="BASIC")).items
    assert [each.id for each in listed] == [second.id, plans.find(work, "other").id]
    assert plans.by_ids(work, [first.id])[first.id].code == "basic"
    assert "plan.deleted" in told(work)


def test_a_change_keeps_what_it_does_not_mention(work):
    """A new name: charges, taxes, thresholds, commitment, metadata stay; then each is cleared."""
    tax(work, "vat")
    made = plans.create(
        work,
        plan(
            tax_codes=["vat"], metadata={"a": "b"}, charges=[standard(metric(work))],
            fixed_charges=[fixed(add_on(work))], usage_thresholds=[{"amount_cents": 100}],
            minimum_commitment={"amount_cents": 1, "invoice_display_name": "Least"},
        ),
    )  # fmt: skip

    renamed = plans.change(
        work, "basic", changes(name="New", minimum_commitment={"amount_cents": 2}), in_use=False
    )
    cleared = plans.change(
        work,
        "basic",
        changes(
            tax_codes=[], metadata={}, charges=[], fixed_charges=None, usage_thresholds=[],
            minimum_commitment={},
        ),
        in_use=False,
    )  # fmt: skip

    assert renamed.charges == made.charges
    assert renamed.fixed_charges == made.fixed_charges
    assert renamed.usage_thresholds == made.usage_thresholds
    assert (renamed.taxes, renamed.metadata) == (made.taxes, made.metadata)
    least = renamed.minimum_commitment
    assert (least.amount_cents, least.invoice_display_name) == (2, "Least")
    assert least.id == made.minimum_commitment.id
    assert (cleared.taxes, cleared.charges, cleared.fixed_charges) == ([], [], [])
    assert (cleared.usage_thresholds, cleared.metadata) == ([], msgspec.UNSET)
    assert cleared.minimum_commitment is msgspec.UNSET
    assert told(work)[-2:] == ["plan.updated", "plan.updated"]


def test_thresholds_of_one_amount_stay_the_same_ones(work):
    """100 and 200, then 200 under a name and 300: the 200 keeps its id."""
    made = plans.create(work, plan(usage_thresholds=[{"amount_cents": 100}, {"amount_cents": 200}]))
    wanted = [{"amount_cents": 200, "threshold_display_name": "Two"}, {"amount_cents": 300}]

    changed = plans.change(work, "basic", changes(usage_thresholds=wanted), in_use=False)

    kept = changed.usage_thresholds[0]
    assert (kept.id, kept.threshold_display_name) == (made.usage_thresholds[1].id, "Two")
    assert [each.amount_cents for each in changed.usage_thresholds] == [200, 300]


def test_of_a_plan_in_use_only_some_things_change(work):
    """Name, amount and metadata do; code, interval, currency and advance are passed over (PL1)."""
    plans.create(work, plan())

    said = changes(
        name="New", amount_cents=2000, metadata={"a": "b"}, code="new", interval="yearly",
        amount_currency="USD", pay_in_advance=True, trial_period=5,
    )  # fmt: skip
    changed = plans.change(work, "basic", said, in_use=True)

    assert (changed.name, changed.amount_cents, changed.metadata) == ("New", 2000, {"a": "b"})
    assert (changed.code, changed.interval, changed.amount_currency) == ("basic", "monthly", "EUR")
    assert (changed.pay_in_advance, changed.trial_period) == (False, None)
    free = plans.change(work, "basic", said, in_use=False)
    assert (free.code, free.interval, free.amount_currency) == ("new", "yearly", "USD")
    assert (free.pay_in_advance, free.trial_period) == (True, D("5.0"))


def test_a_plan_in_use_can_be_given_thresholds(work):
    """Adding a threshold to it is a change like that of a plan nobody has."""
    plans.create(work, plan())
    said = changes(usage_thresholds=[{"amount_cents": 1}])

    assert len(plans.change(work, "basic", said, in_use=True).usage_thresholds) == 1


def test_plans_are_listed_newest_first_with_their_charges(work):
    """Three plans on two metrics: each with its own charges, in pages."""
    api, storage = metric(work), metric(work, "storage")
    plans.create(work, plan(code="a", charges=[standard(api), standard(storage)]))
    plans.create(work, plan(code="b", charges=[standard(storage)]))
    plans.create(work, plan(code="c"))

    page = plans.browse(work, PlanQuery(per_page=2))

    assert [(each.code, codes(each.charges)) for each in page.items] == [
        ("c", []), ("b", ["storage"]),
    ]  # fmt: skip
    (last,) = plans.browse(work, PlanQuery(per_page=2, page=2)).items
    assert codes(last.charges) == ["api", "storage"]
    assert page.meta.total_count == 3


def test_an_unknown_plan_is_missing(work):
    """By code and by id."""
    for ask in (
        lambda: plans.find(work, "nothing"),
        lambda: plans.find_by_id(work, "nothing"),
        lambda: plans.change(work, "nothing", changes(name="x"), in_use=False),
        lambda: plans.delete(work, "nothing"),
    ):
        with pytest.raises(Missing) as refused:
            ask()
        assert refused.value.code == "plan_not_found"
