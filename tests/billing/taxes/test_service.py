"""Taxes: created, changed, applied and deleted."""

from decimal import Decimal as D

import pytest

from billing import entities, taxes
from billing.taxes import Level, TaxInput, TaxQuery, TaxUpdate
from metering.measures.refusals import Invalid, Missing
from tests.conftest import told


def vat(**more):
    return TaxInput(**{"name": "VAT", "code": "vat", "rate": D(20), **more})


def test_a_default_tax_applies_to_the_default_entity(work):
    """applied_to_organization and an application to the default entity are one thing."""
    made = taxes.create(work, vat(applied_to_organization=True))

    owner = entities.default(work).id
    assert made.applied_to_billing_entities_codes == ["default"]
    assert [tax.id for tax in taxes.applied(work, Level.entity, owner)] == [made.id]

    changed = taxes.update(work, "vat", TaxUpdate(rate=D("19.6"), applied_to_organization=False))
    assert (changed.rate, changed.name) == (D("19.6"), "VAT")
    assert changed.applied_to_billing_entities_codes == []
    assert taxes.applied(work, Level.entity, owner) == []
    assert told(work) == ["tax.created", "tax.updated"]


def test_a_code_is_free_again_once_its_tax_is_deleted(work):
    """A second `vat` is refused while the first stands, and welcome after."""
    first = taxes.create(work, vat())
    with pytest.raises(Invalid) as refused:
        taxes.create(work, vat())
    assert refused.value.details == {"code": ["value_already_exist"]}

    taxes.apply(work, Level.customer, first.id, ["vat"])
    taxes.delete(work, "vat")
    second = taxes.create(work, vat(rate=D(5)))

    assert taxes.find(work, "vat").id == second.id != first.id
    assert taxes.applied(work, Level.customer, first.id) == []
    with pytest.raises(Missing):
        taxes.update(work, "gst", TaxUpdate(name="GST"))


def test_pages_are_newest_first_and_say_where_they_stand(work):
    """Five taxes in pages of two: 2, 2, 1, and a cursor that walks the same way."""
    for number in range(5):
        taxes.create(work, vat(code=f"vat{number}", name=f"VAT {number}"))

    first = taxes.browse(work, TaxQuery(per_page=2))
    second = taxes.browse(work, TaxQuery(per_page=2, cursor=first.meta.next_cursor))
    third = taxes.browse(work, TaxQuery(per_page=2, page=3))

    assert [t.code for t in first.items] == ["vat4", "vat3"]
    assert [t.code for t in second.items] == ["vat2", "vat1"]
    assert [t.code for t in third.items] == ["vat0"]
    assert (first.meta.next_page, third.meta.next_page, third.meta.total_count) == (2, None, 5)
    assert taxes.browse(work, TaxQuery(search_term="nothing")).meta.current_page == 0


def test_a_place_beyond_every_list_is_empty_or_refused(work):
    """Page 2^62 is an empty page; a cursor of 30 digits, or of letters, is none."""
    taxes.create(work, vat())

    beyond = taxes.browse(work, TaxQuery(page=2**62, per_page=1000))

    assert (beyond.items, beyond.meta.total_count) == ([], 1)
    for cursor in ("9" * 30, "x", "-1"):
        with pytest.raises(Invalid) as refused:
            taxes.browse(work, TaxQuery(cursor=cursor))
        assert refused.value.details == {"cursor": ["value_is_invalid"]}


def test_assignments_are_columns(work):
    """Two taxes on a customer, one on the entity: three rows, with exact rates."""
    taxes.create(work, vat(code="a", rate=D("5.5"), applied_to_organization=True))
    taxes.create(work, vat(code="b"))
    taxes.apply(work, Level.customer, "c1", ["b", "a"])

    frame = taxes.assignments(work, ["c1", entities.default(work).id])

    assert sorted(frame.select("level", "tax_code", "tax_rate").rows()) == [
        ("customer", "a", D("5.5")), ("customer", "b", D(20)), ("entity", "a", D("5.5")),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("field", "sent", "code"),
    [
        ("name", " ", "value_is_mandatory"),
        ("code", "", "value_is_mandatory"),
        ("rate", D("NaN"), "value_is_invalid"),
        ("rate", D("1E+26"), "value_is_invalid"),
        ("rate", D("0.0000000000001"), "value_is_invalid"),
    ],
)
def test_a_tax_that_cannot_be_kept_is_refused(field, sent, code):
    """A rate has at most 26 digits and 12 decimals, as every decimal of the platform."""
    for ask in (vat, TaxUpdate):
        with pytest.raises(Invalid) as refused:
            ask(**{field: sent})
        assert refused.value.details == {field: [code]}


def test_a_null_clears_what_may_be_empty_and_changes_nothing_else(work):
    """description: null clears; applied_to_organization: null is as if it was not said."""
    taxes.create(work, vat(description="old", applied_to_organization=True))

    changed = taxes.update(work, "vat", TaxUpdate(description=None, applied_to_organization=None))

    assert (changed.description, changed.applied_to_organization) == (None, True)
