"""What a customer may be."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import UNSET

from billing.entities import DAYS, LOCALES, countries, is_mail, is_zone
from metering.measures.money import CURRENCIES
from metering.measures.refusals import Checks

ZERO_INVOICES = frozenset({"inherit", "skip", "finalize"})

METHODS = frozenset(
    "card sepa_debit us_bank_account bacs_debit link boleto crypto customer_balance".split()
)
"""Ways to pay that a gateway may be told to offer."""

PAIRS = 5
"""How many pairs of metadata a customer may have."""

BLANK_IS_NULL = (
    "country", "email", "currency", "timezone", "finalize_zero_amount_invoice",
    "billing_entity_code",
)  # fmt: skip
"""Fields whose empty text means that there is none."""

NULL_IS_UNSAID = (
    "account_type", "skip_invoice_custom_sections", "exclude_from_dunning_campaign",
    "billing_entity_code",
)  # fmt: skip
"""Fields that always have a value: a null changes nothing."""

__all__ = [
    "CURRENCIES", "check_address", "check_billing", "check_fields", "check_metadata", "countries",
    "slug", "tidy",
]  # fmt: skip


def tidy(asked: Any) -> None:
    """Bring what was sent to the form it is kept in."""
    for name in BLANK_IS_NULL:
        if getattr(asked, name) == "":
            setattr(asked, name, None)
    for name in NULL_IS_UNSAID:
        if getattr(asked, name) is None:
            setattr(asked, name, UNSET)
    for place in (asked, asked.shipping_address):
        if isinstance(getattr(place, "country", None), str):
            place.country = place.country.upper() or None


def check_fields(checks: Checks, sent: Mapping[str, Any]) -> None:
    """Note what is wrong with the fields that were sent."""
    said = {name: value for name, value in sent.items() if value is not None}
    checks.that(len(said.get("name", "")) <= 255, name="value_is_too_long")
    check_address(checks, said)
    checks.that(said.get("currency", "EUR") in CURRENCIES, currency="value_is_invalid")
    checks.that(is_mail(said.get("email", "a@b.c")), email="invalid_email_format")
    checks.that(is_zone(said.get("timezone", "UTC")), timezone="invalid_timezone")
    term = said.get("net_payment_term", 0)
    checks.that(0 <= term <= DAYS, net_payment_term="value_is_out_of_range")
    zero = said.get("finalize_zero_amount_invoice", "inherit")
    checks.that(zero in ZERO_INVOICES, finalize_zero_amount_invoice="invalid_value")


def check_address(checks: Checks, sent: Mapping[str, Any]) -> None:
    """Note a country that is none."""
    country = sent.get("country")
    checks.that(country is None or country in countries(), country="not_a_valid_country_code")


def check_billing(checks: Checks, sent: Mapping[str, Any]) -> None:
    """Note what is wrong with a billing configuration."""
    said = {name: value for name, value in sent.items() if value is not None}
    grace = said.get("invoice_grace_period", 0)
    checks.that(0 <= grace <= DAYS, invoice_grace_period="value_is_out_of_range")
    locale = said.get("document_locale", "en")
    checks.that(locale in LOCALES, document_locale="not_a_valid_language_code")
    methods = set(said.get("provider_payment_methods", ()))
    alone = "customer_balance" not in methods or len(methods) == 1
    linked = "link" not in methods or "card" in methods
    known = methods <= METHODS
    checks.that(known and alone and linked, provider_payment_methods="value_is_invalid")


def check_metadata(checks: Checks, pairs: Sequence[Any]) -> None:
    """Note pairs that are too many, too long, or of one key."""
    checks.that(len(pairs) <= PAIRS, metadata="invalid_count")
    keys = [pair.key for pair in pairs]
    checks.that(len(set(keys)) == len(keys), key="value_already_exist")
    for pair in pairs:
        checks.that(pair.key, key="value_is_mandatory")
        checks.that(len(pair.key) <= 20, key="value_is_too_long")
        checks.that(len(pair.value) <= 100, value="value_is_too_long")


def slug(prefix: str, sequential_id: int) -> str:
    """Return a customer's slug.

    >>> slug("INV-0001", 7), slug("INV-0001", 1234)
    ('INV-0001-007', 'INV-0001-1234')
    """
    return f"{prefix}-{sequential_id:03d}"
