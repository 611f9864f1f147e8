"""Customers, found by what is known of them."""

import pytest

from billing import customers, taxes
from billing.customers import CustomerInput, CustomerMetadataInput, CustomerQuery
from billing.entities import BillingEntityInput
from metering.measures.refusals import Invalid


def asked(external_id, **fields):
    return CustomerInput(external_id=external_id, **fields)


def pair(key, value):
    return CustomerMetadataInput(key=key, value=value)


def test_customers_are_listed_by_what_is_known_of_them(work):
    """Four customers, and every filter that finds some of them; newest first."""
    taxes.create_entity(work, BillingEntityInput(code="second", name="Second"))
    customers.upsert(
        work,
        asked("ann", firstname="Ann", customer_type="individual", country="FR", currency="EUR"),
    )
    customers.upsert(
        work,
        asked(
            "bob", legal_name="Bob Ltd", customer_type="company", country="US", state="NY",
            zipcode="10001", currency="USD", tax_identification_number="US1",
            metadata=[pair("tier", "gold")],
        ),
    )  # fmt: skip
    customers.upsert(work, asked("cat", account_type="partner", metadata=[pair("tier", "free")]))
    customers.upsert(work, asked("dan", email="dan@acme.io", billing_entity_code="second"))

    def found(**query):
        return "".join(
            each.external_id[0] for each in customers.browse(work, CustomerQuery(**query)).items
        )

    assert found() == "dcba"
    assert found(search_term="BOB") == "b"
    assert found(search_term="acme.io") == "d"
    assert found(external_id="cat") == "c"
    assert found(account_type=["partner"]) == "c"
    assert found(customer_type="company") == "b"
    assert found(has_customer_type=True) == "ba"
    assert found(has_customer_type=False) == "dc"
    assert found(has_tax_identification_number=True) == "b"
    assert found(currencies=["EUR", "USD"]) == "ba"
    assert found(countries=["US"]) == found(states=["NY"]) == found(zipcodes=["10001"]) == "b"
    assert found(billing_entity_codes=["second"]) == "d"
    assert found(metadata={"tier": "gold"}) == "b"
    assert found(metadata={"tier": ""}) == "da"
    assert found(metadata={"tier": "gold"}, countries=["FR"]) == ""


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ({"customer_type": "dog"}, ["customer_type"]),
        ({"countries": ["FR", "XX"]}, ["countries"]),
        ({"currencies": ["XXX"], "account_type": ["x"]}, ["account_type", "currencies"]),
    ],
)
def test_a_filter_that_can_match_nothing_is_refused(query, wrong):
    """In free text, and by position where the filter is a list."""
    with pytest.raises(Invalid) as refused:
        CustomerQuery(**query)
    assert refused.value.details is not None
    assert sorted(refused.value.details) == wrong
    if "countries" in query:
        (said,) = refused.value.details["countries"].items()
        assert said[0] == "1"
        assert said[1][0].startswith("must be one of: AD, AE")
