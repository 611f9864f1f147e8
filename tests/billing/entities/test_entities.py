"""Billing entities: created, changed, shown with their taxes."""

from decimal import Decimal as D

import pytest

from billing import entities, taxes
from billing.entities import (
    BillingEntityInput,
    BillingEntityUpdate,
    DocumentNumbering,
    EntityBillingConfiguration,
    IssuingDateAnchor,
)
from billing.taxes import Level, TaxInput
from metering.measures.refusals import Invalid, Missing
from tests.conftest import told


def tax(work, code):
    return taxes.create(work, TaxInput(name=code, code=code, rate=D(20)))


def test_a_second_entity_has_its_own_numbering_and_taxes(work):
    """It speaks the organization's currency, numbers with its own prefix, is no default."""
    tax(work, "vat")

    made = taxes.create_entity(
        work,
        BillingEntityInput(
            code="second", name="Acme Europe", timezone="Europe/Paris", country="fr",
            document_numbering=DocumentNumbering.per_billing_entity, tax_codes=["vat"],
            billing_configuration=EntityBillingConfiguration(invoice_grace_period=3),
        ),
    )  # fmt: skip

    assert (made.default_currency, made.country, made.invoice_grace_period) == ("EUR", "FR", 3)
    assert made.document_number_prefix.startswith("ACM-")
    assert not made.is_default
    assert [each.code for each in made.taxes] == ["vat"]
    assert taxes.find_entity(work, "second") == made
    assert [each.code for each in taxes.browse_entities(work)] == ["second", "default"]
    assert made.document_numbering is DocumentNumbering.per_billing_entity
    assert taxes.find(work, "vat").applied_to_billing_entities_codes == ["second"]
    assert told(work)[-1] == "billing_entities.created"


def test_a_code_is_taken_for_ever(work):
    """A second `second` is refused, and so is a second `default`."""
    taxes.create_entity(work, BillingEntityInput(code="second", name="Second"))

    for code in ("second", "default"):
        with pytest.raises(Invalid) as refused:
            taxes.create_entity(work, BillingEntityInput(code=code, name="Again"))
        assert refused.value.details == {"code": ["value_already_exist"]}


def test_the_default_entitys_taxes_are_the_organizations(work):
    """tax_codes replace all: [a, b] then [b]; applied_to_organization follows."""
    tax(work, "a")
    tax(work, "b")

    first = taxes.update_entity(work, "default", BillingEntityUpdate(tax_codes=["a", "b"]))
    both = [taxes.find(work, code).applied_to_organization for code in "ab"]
    second = taxes.update_entity(work, "default", BillingEntityUpdate(tax_codes=["b"]))

    assert ([each.code for each in first.taxes], both) == (["a", "b"], [True, True])
    assert [each.code for each in second.taxes] == ["b"]
    assert [taxes.find(work, code).applied_to_organization for code in "ab"] == [False, True]
    assert taxes.update_entity(work, "default", BillingEntityUpdate(name="Acme")).taxes != []
    with pytest.raises(Missing):
        taxes.update_entity(work, "default", BillingEntityUpdate(tax_codes=["nothing"]))
    owner = entities.default(work).id
    assert [each.code for each in taxes.applied(work, Level.entity, owner)] == ["b"]


def test_an_update_keeps_what_it_does_not_mention(work):
    """Footer and grace period are set one after the other; a null clears the footer only."""

    def configured(**fields):
        return BillingEntityUpdate(billing_configuration=EntityBillingConfiguration(**fields))

    taxes.update_entity(work, "default", configured(invoice_footer="Thank you"))
    taxes.update_entity(work, "default", configured(invoice_grace_period=5))
    kept = taxes.find_entity(work, "default")
    taxes.update_entity(
        work, "default",
        configured(
            invoice_footer=None,
            subscription_invoice_issuing_date_anchor=IssuingDateAnchor.current_period_end,
        ),
    )  # fmt: skip
    cleared = taxes.find_entity(work, "default")

    assert (kept.invoice_footer, kept.invoice_grace_period) == ("Thank you", 5)
    assert (cleared.invoice_footer, cleared.invoice_grace_period) == (None, 5)
    anchor = cleared.subscription_invoice_issuing_date_anchor
    assert anchor is IssuingDateAnchor.current_period_end
    assert entities.find(work, "default").timezone == "UTC"


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        ({"name": " "}, {"name": ["value_is_mandatory"]}),
        ({"name": None}, {"name": ["value_is_mandatory"]}),
        ({"default_currency": "XXX"}, {"default_currency": ["value_is_invalid"]}),
        ({"country": "XX"}, {"country": ["not_a_valid_country_code"]}),
        ({"timezone": "Europe/Atlantis"}, {"timezone": ["invalid_timezone"]}),
        ({"timezone": "../../etc/passwd"}, {"timezone": ["invalid_timezone"]}),
        ({"email": "nobody"}, {"email": ["invalid_email_format"]}),
        ({"net_payment_term": -1}, {"net_payment_term": ["value_is_out_of_range"]}),
        ({"net_payment_term": 10**9}, {"net_payment_term": ["value_is_out_of_range"]}),
        ({"email_settings": ["all"]}, {"email_settings": ["unsupported_value"]}),
        ({"document_number_prefix": ""}, {"document_number_prefix": ["value_is_too_short"]}),
        ({"document_number_prefix": "x" * 11}, {"document_number_prefix": ["value_is_too_long"]}),
        (
            {"billing_configuration": EntityBillingConfiguration(document_locale="xx")},
            {"document_locale": ["not_a_valid_language_code"]},
        ),
        (
            {"country": "XX", "timezone": "Mars"},  # all that is wrong is said at once
            {"country": ["not_a_valid_country_code"], "timezone": ["invalid_timezone"]},
        ),
    ],
)
def test_what_cannot_be_is_refused(sent, wrong):
    """Each field has its published code, new or changed."""
    for ask in (
        BillingEntityUpdate,
        lambda **f: BillingEntityInput(code="x", **{"name": "x", **f}),
    ):
        with pytest.raises(Invalid) as refused:
            ask(**sent)
        assert refused.value.details == wrong


def test_electronic_invoices_need_a_country_that_has_them(work):
    """No country, then the United States, then France."""
    for country, code in ((None, "country_must_be_present"), ("US", "country_not_supported")):
        with pytest.raises(Invalid) as refused:
            taxes.update_entity(
                work, "default", BillingEntityUpdate(einvoicing=True, country=country)
            )
        assert refused.value.details == {"einvoicing": [code]}

    changed = BillingEntityUpdate(einvoicing=True, country="FR")
    assert taxes.update_entity(work, "default", changed).einvoicing


def test_an_unknown_entity_is_missing(work):
    """Found by code, and only in one's own organization."""
    with pytest.raises(Missing) as refused:
        taxes.find_entity(work, "nobody")
    assert refused.value.code == "billing_entity_not_found"
