"""Customers: upserted, found, listed, numbered and deleted."""

import threading
from decimal import Decimal as D

import pytest

from billing import customers, entities, taxes
from billing.customers import (
    BillingConfigurationInput,
    CustomerInput,
    CustomerMetadataInput,
    FinalizeZeroAmountInvoice,
    GracePeriodInput,
    IntegrationCustomerInput,
    PaymentProviderType,
    ShippingAddressInput,
)
from billing.entities import (
    BillingEntityUpdate,
    EntityBillingConfiguration,
)
from billing.taxes import TaxInput
from metering.measures import ids
from metering.measures.refusals import Invalid, Missing
from sql.work import Work
from tests.conftest import NOW, told


def asked(external_id="c1", **fields):
    return CustomerInput(external_id=external_id, **fields)


def pair(key, value="v", **more):
    return CustomerMetadataInput(key=key, value=value, **more)


def test_a_customer_is_created_once_and_changed_after(work):
    """The same external id twice: one customer, and what the second did not mention stays."""
    first = customers.upsert(
        work,
        asked(name="Acme", country="fr", currency="EUR", email="a@b.c, d@e.f", net_payment_term=30),
    )
    second = customers.upsert(work, asked(name="Acme SA", email=None))

    assert (first.sequential_id, first.slug) == (1, "INV-001")
    assert (first.country, first.billing_entity_code) == ("FR", "default")
    assert (second.id, second.name, second.email) == (first.id, "Acme SA", None)
    assert (second.currency, second.net_payment_term) == ("EUR", 30)
    assert customers.find(work, "c1") == second
    assert told(work) == ["customer.created", "customer.updated"]


def test_numbers_count_up_and_are_not_given_twice(work):
    """Three customers, one deleted, a fourth: 1, 2, 3, 4; a deleted external id is free again."""
    for name in ("a", "b", "c"):
        customers.upsert(work, asked(name))
    gone = customers.delete(work, "b")

    again = customers.upsert(work, asked("b"))

    assert (again.sequential_id, again.id != gone.id) == (4, True)
    assert customers.find_by_id(work, gone.id).external_id == "b"
    assert {
        each.sequential_id for each in customers.by_ids(work, [gone.id, again.id]).values()
    } == {
        2,
        4,
    }
    assert told(work)[3] == "customer.deleted"


def test_a_customer_is_found_by_either_id(work):
    """By the external id, else by ours; an external id that looks like another's wins."""
    first = customers.upsert(work, asked("first"))
    twin = customers.upsert(work, asked(first.id))

    assert customers.find(work, "first").id == first.id
    assert customers.find(work, first.id).id == twin.id
    assert customers.find(work, twin.id).id == twin.id
    for unknown in ("nobody", ids.new()):
        with pytest.raises(Missing) as refused:
            customers.find(work, unknown)
        assert refused.value.code == "customer_not_found"


def test_a_subscription_may_bring_its_customer_along(work):
    """ensure makes one, and only one."""
    made = customers.ensure(work, "new")
    assert customers.ensure(work, "new") == made
    assert told(work) == ["customer.created"]
    with pytest.raises(Invalid) as refused:
        customers.ensure(work, " ")
    assert refused.value.details == {"external_customer_id": ["value_is_mandatory"]}


def test_an_update_by_path_keeps_the_external_id(work):
    """PUT says the id in the path; another one in the body is refused."""
    customers.upsert(work, asked("c1", name="Acme"))

    assert customers.update(work, "c1", CustomerInput(firstname="Ann")).name == "Acme"
    with pytest.raises(Invalid) as refused:
        customers.update(work, "c1", asked("c2"))
    assert refused.value.details == {"external_id": ["value_is_invalid"]}
    with pytest.raises(Missing):
        customers.update(work, "c2", CustomerInput(name="x"))
    with pytest.raises(Invalid) as refused:
        customers.upsert(work, CustomerInput(name="x"))
    assert refused.value.details == {"external_id": ["value_is_mandatory"]}


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        ({"name": "x" * 256}, {"name": ["value_is_too_long"]}),
        ({"country": "XX"}, {"country": ["not_a_valid_country_code"]}),
        ({"currency": "XXX"}, {"currency": ["value_is_invalid"]}),
        ({"email": "nobody"}, {"email": ["invalid_email_format"]}),
        ({"timezone": "Mars/Olympus"}, {"timezone": ["invalid_timezone"]}),
        ({"net_payment_term": -1}, {"net_payment_term": ["value_is_out_of_range"]}),
        (
            {"finalize_zero_amount_invoice": "x"},
            {"finalize_zero_amount_invoice": ["invalid_value"]},
        ),
        (
            {"billing_configuration": BillingConfigurationInput(document_locale="xx")},
            {"document_locale": ["not_a_valid_language_code"]},
        ),
        (
            {"billing_configuration": BillingConfigurationInput(invoice_grace_period=-1)},
            {"invoice_grace_period": ["value_is_out_of_range"]},
        ),
        (
            {"billing_configuration": BillingConfigurationInput(provider_payment_methods=["link"])},
            {"provider_payment_methods": ["value_is_invalid"]},
        ),
        (
            {"shipping_address": ShippingAddressInput(country="XX")},
            {"country": ["not_a_valid_country_code"]},
        ),
        ({"metadata": [pair(str(n)) for n in range(6)]}, {"metadata": ["invalid_count"]}),
        ({"metadata": [pair("")]}, {"key": ["value_is_mandatory"]}),
        ({"metadata": [pair("k" * 21)]}, {"key": ["value_is_too_long"]}),
        ({"metadata": [pair("a"), pair("a")]}, {"key": ["value_already_exist"]}),
        ({"metadata": [pair("a", "v" * 101)]}, {"value": ["value_is_too_long"]}),
        (
            {"skip_invoice_custom_sections": True, "invoice_custom_section_codes": ["a"]},
            {"invoice_custom_sections": ["skip_sections_and_selected_ids_sent_together"]},
        ),
        (
            {
                "integration_customers": [
                    IntegrationCustomerInput(integration_type="xero", integration_code=code)
                    for code in "ab"
                ]
            },
            {"integration_customers": ["invalid_count_per_integration_type"]},
        ),
        (
            {"currency": "XXX", "email": "x"},  # all that is wrong is said at once
            {"currency": ["value_is_invalid"], "email": ["invalid_email_format"]},
        ),
    ],
)
def test_what_cannot_be_is_refused(sent, wrong):
    """Each field has its published code."""
    with pytest.raises(Invalid) as refused:
        asked(**sent)
    assert refused.value.details == wrong


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ({"tax_codes": ["x"]}, "tax_not_found"),
        ({"billing_entity_code": "x"}, "billing_entity_not_found"),
        ({"invoice_custom_section_codes": ["x"]}, "invoice_custom_section_not_found"),
        (
            {
                "integration_customers": [
                    IntegrationCustomerInput(integration_type="xero", integration_code="x")
                ]
            },
            "integration_not_found",
        ),
    ],
)
def test_what_is_named_must_be_there(work, sent, code):
    """Foreign codes are refused as not found, and nothing is told."""
    with pytest.raises(Missing) as refused:
        customers.upsert(work, asked(**sent))
    assert refused.value.code == code
    assert told(work) == []


def test_empty_texts_and_nulls_are_no_values(work):
    """An empty currency is none; a null account type changes nothing."""
    made = customers.upsert(
        work,
        asked(
            currency="", email="", timezone="", country="", account_type=None,
            finalize_zero_amount_invoice=None, skip_invoice_custom_sections=None,
        ),
    )  # fmt: skip

    assert (made.currency, made.email, made.timezone, made.country) == (None, None, None, None)
    assert made.account_type == "customer"
    assert made.finalize_zero_amount_invoice is FinalizeZeroAmountInvoice.inherit


def test_a_zone_is_ones_own_or_the_entitys(work):
    """Paris for the entity; a customer in Tokyo keeps Tokyo until it is cleared."""
    taxes.update_entity(work, "default", BillingEntityUpdate(timezone="Europe/Paris"))

    own = customers.upsert(work, asked(timezone="Asia/Tokyo"))
    none = customers.upsert(work, asked(timezone=None))

    assert (own.applicable_timezone, none.applicable_timezone) == ("Asia/Tokyo", "Europe/Paris")
    assert none.timezone is None


def test_metadata_is_replaced_and_what_has_an_id_is_kept(work):
    """a and b; then b under another value and c: a is gone, b has its id."""
    first = customers.upsert(work, asked(metadata=[pair("a"), pair("b", display_in_invoice=True)]))
    kept = first.metadata[1]
    second = customers.upsert(work, asked(metadata=[pair("b", "new", id=kept.id), pair("c")]))
    untouched = customers.upsert(work, asked(name="x"))

    assert [(each.key, each.value) for each in second.metadata] == [("b", "new"), ("c", "v")]
    assert second.metadata[0].id == kept.id
    assert untouched.metadata == second.metadata
    assert customers.upsert(work, asked(metadata=[])).metadata == []


def test_taxes_are_replaced(work):
    """[a, b], then untouched, then [b]."""
    for code in ("a", "b"):
        taxes.create(work, TaxInput(name=code, code=code, rate=D(10)))

    customers.upsert(work, asked(tax_codes=["b", "a"]))
    untouched = customers.upsert(work, asked(name="x"))
    changed = customers.upsert(work, asked(tax_codes=["b"]))

    assert [tax.code for tax in untouched.taxes] == ["a", "b"]
    assert [tax.code for tax in changed.taxes] == ["b"]


def test_a_billing_configuration_is_merged_and_a_gateway_leaves_nothing_behind(work):
    """Stripe with an id, a grace period set beside it; a null takes Stripe and all of it away."""

    def configured(**fields):
        return asked(billing_configuration=BillingConfigurationInput(**fields))

    customers.upsert(
        work,
        configured(
            payment_provider=PaymentProviderType.stripe, payment_provider_code="main",
            provider_customer_id="cus_1", provider_payment_methods=["card", "link"],
            invoice_grace_period=3,
        ),
    )  # fmt: skip
    with_both = customers.upsert(work, configured(document_locale="fr")).billing_configuration
    without = customers.upsert(work, configured(payment_provider=None)).billing_configuration

    assert (with_both.payment_provider, with_both.document_locale) == ("stripe", "fr")
    assert with_both.provider_payment_methods == ["card", "link"]
    assert (without.payment_provider, without.payment_provider_code) == (None, None)
    assert (without.invoice_grace_period, without.document_locale) == (3, "fr")
    assert "provider_customer_id" not in repr(without).replace("provider_customer_id=UNSET", "")


def test_a_grace_period_is_set_and_given_back(work):
    """3 days, then the entity's own; a negative one is refused."""
    customers.upsert(work, asked())

    own = customers.set_grace_period(work, "c1", GracePeriodInput(invoice_grace_period=3))
    entitys = customers.set_grace_period(work, "c1", GracePeriodInput(invoice_grace_period=None))

    assert own.billing_configuration.invoice_grace_period == 3
    assert entitys.billing_configuration.invoice_grace_period is None
    with pytest.raises(Invalid) as refused:
        GracePeriodInput(invoice_grace_period=-1)
    assert refused.value.details == {"invoice_grace_period": ["value_is_out_of_range"]}


def test_the_book_has_what_a_bill_needs(work):
    """One customer with everything of its own, one with the entity's: columns of both."""
    default = entities.default(work)
    taxes.update_entity(
        work, "default",
        BillingEntityUpdate(
            timezone="Europe/Paris", net_payment_term=10,
            billing_configuration=EntityBillingConfiguration(invoice_grace_period=5),
        ),
    )  # fmt: skip
    customers.upsert(
        work,
        asked(
            "own", timezone="Asia/Tokyo", net_payment_term=0, currency="JPY",
            finalize_zero_amount_invoice="skip",
            billing_configuration=BillingConfigurationInput(invoice_grace_period=0),
        ),
    )  # fmt: skip
    customers.upsert(work, asked("entitys"))

    frame = customers.book(work)

    assert frame.drop("id").rows() == [
        ("own", 1, "JPY", default.id, "Asia/Tokyo", 0, 0, "skip"),
        ("entitys", 2, None, default.id, "Europe/Paris", 10, 5, "inherit"),
    ]
    assert frame.columns == [
        "id", "external_id", "sequential_id", "currency", "entity_id", "timezone",
        "net_payment_term", "invoice_grace_period", "finalize_zero_amount_invoice",
    ]  # fmt: skip


def test_customers_made_at_once_are_numbered_one_after_the_other(ledger):
    """Eight threads, four external ids twice each: four customers, numbered 1 to 4."""
    organization = ids.new()
    with ledger.transaction(organization) as rows:
        opened = Work(organization=organization, now=NOW, rows=rows, warehouse=None)
        entities.open_default(opened, "Invora", "EUR")
    wrong = []
    start = threading.Barrier(8)

    def make(number):
        start.wait()
        try:
            with ledger.transaction(organization) as rows:
                mine = Work(organization=organization, now=NOW, rows=rows, warehouse=None)
                customers.upsert(mine, asked(f"c{number % 4}", name=str(number)))
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=make, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with ledger.snapshot(organization) as rows:
        seen = Work(organization=organization, now=NOW, rows=rows, warehouse=None)
        numbers = customers.book(seen)["sequential_id"].to_list()
    assert (wrong, numbers) == ([], [1, 2, 3, 4])
