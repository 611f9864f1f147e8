"""What may be asked of billing entities."""

from msgspec import UNSET, Struct

from billing.entities.model import DocumentNumbering, IssuingDateAdjustment, IssuingDateAnchor
from billing.entities.rules import DAYS, EINVOICING, LOCALES, MAILS, countries, is_mail, is_zone
from metering.measures.money import CURRENCIES
from metering.measures.refusals import Checks
from metering.measures.shapes import Maybe, given

NEVER_NULL = (
    "name", "default_currency", "timezone", "einvoicing", "net_payment_term", "email_settings",
    "document_numbering", "document_number_prefix", "finalize_zero_amount_invoice",
    "eu_tax_management", "invoice_grace_period", "document_locale",
    "subscription_invoice_issuing_date_anchor", "subscription_invoice_issuing_date_adjustment",
)  # fmt: skip
"""Fields that always have a value: a null is refused."""


class EntityBillingConfiguration(Struct, kw_only=True):
    """How the invoices of a billing entity are made; what is absent stays."""

    invoice_footer: Maybe[str] = UNSET
    invoice_grace_period: Maybe[int] = UNSET
    """Days for which an invoice stays a draft."""
    subscription_invoice_issuing_date_anchor: Maybe[IssuingDateAnchor] = UNSET
    subscription_invoice_issuing_date_adjustment: Maybe[IssuingDateAdjustment] = UNSET
    document_locale: Maybe[str] = UNSET


class BillingEntityFields(Struct, kw_only=True):
    """What can be said of a billing entity, new or not; what is absent stays."""

    name: Maybe[str] = UNSET
    default_currency: Maybe[str] = UNSET
    country: Maybe[str] = UNSET
    """ISO 3166 alpha-2."""
    address_line1: Maybe[str] = UNSET
    address_line2: Maybe[str] = UNSET
    phone: Maybe[str] = UNSET
    city: Maybe[str] = UNSET
    state: Maybe[str] = UNSET
    zipcode: Maybe[str] = UNSET
    einvoicing: Maybe[bool] = UNSET
    email: Maybe[str] = UNSET
    legal_name: Maybe[str] = UNSET
    legal_number: Maybe[str] = UNSET
    timezone: Maybe[str] = UNSET
    """An IANA name."""
    net_payment_term: Maybe[int] = UNSET
    """Days from the issuing date to the due date."""
    email_settings: Maybe[list[str]] = UNSET
    """Which documents are mailed to customers."""
    document_numbering: Maybe[DocumentNumbering] = UNSET
    document_number_prefix: Maybe[str] = UNSET
    tax_identification_number: Maybe[str] = UNSET
    finalize_zero_amount_invoice: Maybe[bool] = UNSET
    eu_tax_management: Maybe[bool] = UNSET
    billing_configuration: Maybe[EntityBillingConfiguration] = UNSET
    tax_codes: Maybe[list[str]] = UNSET
    """The taxes of customers that have none of their own, in place of those it had."""

    def __post_init__(self) -> None:
        if isinstance(self.country, str):
            self.country = self.country.upper() or None
        checks = Checks()
        self.check(checks)
        checks.done()

    def check(self, checks: Checks) -> None:
        """Note what is wrong with the fields that were sent."""
        sent = values(self)
        for name in NEVER_NULL:
            checks.that(sent.get(name, "") is not None, **{name: "value_is_mandatory"})
        said = {name: value for name, value in sent.items() if value is not None}
        checks.that(str(said.get("name", "said")).strip(), name="value_is_mandatory")
        known = {"EUR", *CURRENCIES}
        checks.that(
            said.get("default_currency", "EUR") in known, default_currency="value_is_invalid"
        )
        checks.that(said.get("country", "FR") in countries(), country="not_a_valid_country_code")
        checks.that(is_zone(str(said.get("timezone", "UTC"))), timezone="invalid_timezone")
        checks.that(is_mail(str(said.get("email", "a@b.c"))), email="invalid_email_format")
        checks.that(
            said.get("document_locale", "en") in LOCALES,
            document_locale="not_a_valid_language_code",
        )
        for name in ("net_payment_term", "invoice_grace_period"):
            checks.that(0 <= int(str(said.get(name, 0))) <= DAYS, **{name: "value_is_out_of_range"})
        mails = said.get("email_settings", [])
        checks.that(
            isinstance(mails, list) and {*mails} <= MAILS, email_settings="unsupported_value"
        )
        prefix = str(said.get("document_number_prefix", "said"))
        checks.that(prefix.strip(), document_number_prefix="value_is_too_short")
        checks.that(len(prefix) <= 10, document_number_prefix="value_is_too_long")
        footer = str(said.get("invoice_footer", ""))
        checks.that(len(footer) <= 600, invoice_footer="value_is_too_long")


class BillingEntityInput(BillingEntityFields, kw_only=True):
    """A new billing entity."""

    code: str
    name: str

    def check(self, checks: Checks) -> None:
        """Note what is wrong."""
        super().check(checks)
        checks.that(self.code.strip(), code="value_is_mandatory")


class BillingEntityUpdate(BillingEntityFields, kw_only=True):
    """Changes of a billing entity; what is absent stays."""


def values(request: BillingEntityFields) -> dict[str, object]:
    """Return the columns that were sent, those of the billing configuration among them."""
    sent = given(request)
    sent.pop("tax_codes", None)
    configuration = sent.pop("billing_configuration", None)
    if isinstance(configuration, EntityBillingConfiguration):
        sent |= given(configuration)
    return sent


def check_einvoicing(einvoicing: bool, country: str | None) -> None:
    """Refuse electronic invoices from where their form is not known.

    Raises: Invalid `einvoicing: country_must_be_present`, `country_not_supported`.
    """
    checks = Checks()
    if einvoicing and not country:
        checks.add("einvoicing", "country_must_be_present")
    elif einvoicing and country not in EINVOICING:
        checks.add("einvoicing", "country_not_supported")
    checks.done()
