"""Add-ons: created, changed, listed and deleted."""

from decimal import Decimal as D

import pytest

from billing import addons, taxes
from billing.addons import AddOnInput, AddOnQuery, AddOnUpdate
from billing.taxes import TaxInput
from metering.measures.refusals import Invalid, Missing
from tests.conftest import told


def setup_fee(**more):
    fields = {"name": "Setup", "code": "setup", "amount_cents": 5000, "amount_currency": "EUR"}
    return AddOnInput(**{**fields, **more})


def test_an_add_on_may_cost_nothing_and_has_its_own_taxes(work):
    """An add-on at 0 with two taxes, then with one; a price of 10.00 later."""
    for code in ("a", "b"):
        taxes.create(work, TaxInput(name=code, code=code, rate=D(10)))

    made = addons.create(work, setup_fee(amount_cents=0, tax_codes=["b", "a"]))
    changed = addons.update(work, "setup", AddOnUpdate(amount_cents=1000, tax_codes=["b"]))

    assert ([tax.code for tax in made.taxes], made.amount_cents) == (["a", "b"], 0)
    assert ([tax.code for tax in changed.taxes], changed.amount_cents) == (["b"], 1000)
    assert changed.name == "Setup"
    assert addons.find(work, "setup") == changed
    assert told(work)[-2:] == ["add_on.created", "add_on.updated"]


@pytest.mark.parametrize(
    ("field", "sent", "code"),
    [
        ("name", "", "value_is_mandatory"),
        ("code", " ", "value_is_mandatory"),
        ("amount_cents", -1, "value_is_out_of_range"),
        ("amount_cents", 10**18, "value_is_out_of_range"),
        ("amount_currency", "XXX", "value_is_invalid"),
    ],
)
def test_what_cannot_be_sold_is_refused(field, sent, code):
    """New or changed, each field has its published code."""
    for ask in (setup_fee, AddOnUpdate):
        with pytest.raises(Invalid) as refused:
            ask(**{field: sent})
        assert refused.value.details == {field: [code]}


def test_an_unknown_tax_leaves_nothing_behind_to_tell(work):
    """tax_not_found, before anything is told; the edge then drops the row."""
    with pytest.raises(Missing) as refused:
        addons.create(work, setup_fee(tax_codes=["nothing"]))

    assert refused.value.code == "tax_not_found"
    assert told(work) == []


def test_a_code_is_free_again_once_its_add_on_is_deleted(work):
    """Two of one code are refused, made or renamed; a deleted one is found by id alone."""
    first = addons.create(work, setup_fee())
    addons.create(work, setup_fee(code="other"))
    for ask in (
        lambda: addons.create(work, setup_fee()),
        lambda: addons.update(work, "other", AddOnUpdate(code="setup")),
    ):
        with pytest.raises(Invalid) as refused:
            ask()
        assert refused.value.details == {"code": ["value_already_exist"]}

    addons.delete(work, "setup")
    with pytest.raises(Missing) as gone:
        addons.find(work, "setup")
    second = addons.create(work, setup_fee())

    assert gone.value.code == "add_on_not_found"
    assert addons.among(work, ids=[first.id]) == []
    assert addons.among(work, ids=[first.id], is_deleted_too=True) == [first]
    assert [each.id for each in addons.among(work, codes=["setup"])] == [second.id]


def test_add_ons_are_listed_newest_first(work):
    """Three add-ons, one page of two, and a word to look for."""
    for number in range(3):
        addons.create(work, setup_fee(code=f"a{number}", name=f"Hardware {number}"))

    page = addons.browse(work, AddOnQuery(per_page=2))

    assert [each.code for each in page.items] == ["a2", "a1"]
    assert page.meta.total_count == 3
    found = addons.browse(work, AddOnQuery(search_term="ware 1")).items
    assert [each.code for each in found] == ["a1"]
