"""What may be asked of customers."""

from collections.abc import Mapping

from msgspec import UNSET, Struct

from billing.customers import rules
from billing.customers.model import (
    AccountType,
    CustomerType,
    FinalizeZeroAmountInvoice,
    PaymentProviderType,
)
from billing.entities import DAYS, IssuingDateAdjustment, IssuingDateAnchor
from metering.measures.refusals import Checks, Invalid
from metering.measures.shapes import Maybe, PageQuery, given


class ShippingAddressInput(Struct, kw_only=True):
    """Where things are sent; what is absent stays."""

    address_line1: Maybe[str] = UNSET
    address_line2: Maybe[str] = UNSET
    city: Maybe[str] = UNSET
    zipcode: Maybe[str] = UNSET
    state: Maybe[str] = UNSET
    country: Maybe[str] = UNSET


class BillingConfigurationInput(Struct, kw_only=True):
    """How a customer is invoiced and pays; what is absent stays, and null is the entity's own."""

    invoice_grace_period: Maybe[int] = UNSET
    """Days for which an invoice stays a draft."""
    subscription_invoice_issuing_date_anchor: Maybe[IssuingDateAnchor] = UNSET
    subscription_invoice_issuing_date_adjustment: Maybe[IssuingDateAdjustment] = UNSET
    payment_provider: Maybe[PaymentProviderType] = UNSET
    """The gateway; null takes it away with all that belongs to it."""
    payment_provider_code: Maybe[str] = UNSET
    provider_customer_id: Maybe[str] = UNSET
    sync_with_provider: Maybe[bool] = UNSET
    document_locale: Maybe[str] = UNSET
    provider_payment_methods: Maybe[list[str]] = UNSET


class IntegrationCustomerInput(Struct, kw_only=True):
    """A customer's counterpart in a connected system."""

    integration_type: str
    integration_code: str
    external_customer_id: str | None = None


class CustomerMetadataInput(Struct, kw_only=True):
    """A pair of the operator's own; one with an `id` that is known is changed."""

    id: str | None = None
    key: str = ""
    value: str = ""
    display_in_invoice: bool | None = False


class CustomerInput(Struct, kw_only=True):
    """A customer, new or known by the external id; what is absent stays."""

    external_id: str = ""
    """The operator's own id of the customer."""
    name: Maybe[str] = UNSET
    firstname: Maybe[str] = UNSET
    lastname: Maybe[str] = UNSET
    customer_type: Maybe[CustomerType] = UNSET
    account_type: Maybe[AccountType] = UNSET
    country: Maybe[str] = UNSET
    """ISO 3166 alpha-2."""
    address_line1: Maybe[str] = UNSET
    address_line2: Maybe[str] = UNSET
    state: Maybe[str] = UNSET
    zipcode: Maybe[str] = UNSET
    city: Maybe[str] = UNSET
    email: Maybe[str] = UNSET
    """One address, or several parted by commas."""
    url: Maybe[str] = UNSET
    phone: Maybe[str] = UNSET
    logo_url: Maybe[str] = UNSET
    legal_name: Maybe[str] = UNSET
    legal_number: Maybe[str] = UNSET
    tax_identification_number: Maybe[str] = UNSET
    currency: Maybe[str] = UNSET
    timezone: Maybe[str] = UNSET
    """An IANA name."""
    net_payment_term: Maybe[int] = UNSET
    """Days from the issuing date to the due date; null is the billing entity's."""
    external_salesforce_id: Maybe[str] = UNSET
    finalize_zero_amount_invoice: Maybe[str] = UNSET
    """`inherit`, `skip` or `finalize`."""
    skip_invoice_custom_sections: Maybe[bool] = UNSET
    exclude_from_dunning_campaign: Maybe[bool] = UNSET
    billing_entity_code: Maybe[str] = UNSET
    shipping_address: Maybe[ShippingAddressInput] = UNSET
    billing_configuration: Maybe[BillingConfigurationInput] = UNSET
    integration_customers: Maybe[list[IntegrationCustomerInput]] = UNSET
    metadata: Maybe[list[CustomerMetadataInput]] = UNSET
    """All pairs, in place of those there were; five at most."""
    tax_codes: Maybe[list[str]] = UNSET
    """All taxes, in place of those there were."""
    invoice_custom_section_codes: Maybe[list[str]] = UNSET

    def __post_init__(self) -> None:
        rules.tidy(self)
        checks = Checks()
        rules.check_fields(checks, given(self))
        if isinstance(self.billing_configuration, Struct):
            rules.check_billing(checks, given(self.billing_configuration))
        if isinstance(self.shipping_address, Struct):
            rules.check_address(checks, given(self.shipping_address))
        rules.check_metadata(checks, self.metadata or [])
        kinds = [each.integration_type for each in self.integration_customers or []]
        checks.that(
            len(kinds) == len(set(kinds)),
            integration_customers="invalid_count_per_integration_type",
        )
        checks.that(
            not (self.skip_invoice_custom_sections is True and self.invoice_custom_section_codes),
            invoice_custom_sections="skip_sections_and_selected_ids_sent_together",
        )
        checks.done()


class GracePeriodInput(Struct, kw_only=True):
    """For how many days a customer's invoices stay drafts; null is the billing entity's."""

    invoice_grace_period: int | None

    def __post_init__(self) -> None:
        if not 0 <= (self.invoice_grace_period or 0) <= DAYS:
            raise Invalid(invoice_grace_period="value_is_out_of_range")


class CustomerQuery(PageQuery, kw_only=True):
    """Which customers."""

    external_id: str | None = None
    search_term: str | None = None
    """Part of a name, an external id or a mail address."""
    account_type: list[str] = []
    customer_type: str | None = None
    has_customer_type: bool | None = None
    has_tax_identification_number: bool | None = None
    currencies: list[str] = []
    countries: list[str] = []
    states: list[str] = []
    zipcodes: list[str] = []
    billing_entity_codes: list[str] = []
    metadata: dict[str, str] = {}
    """Pairs a customer must have; an empty value: the key must be absent."""

    def __post_init__(self) -> None:
        super().__post_init__()
        wrong: dict[str, object] = {}
        _admit(wrong, "account_type", self.account_type, {each.value for each in AccountType})
        _admit(wrong, "currencies", self.currencies, rules.CURRENCIES)
        _admit(wrong, "countries", self.countries, rules.countries())
        kinds = {each.value for each in CustomerType}
        if self.customer_type is not None and self.customer_type not in kinds:
            wrong["customer_type"] = [_must(kinds)]
        if wrong:
            raise Invalid(wrong)


def _admit(
    wrong: dict[str, object], name: str, sent: list[str], known: Mapping[str, object] | set[str]
    | frozenset[str],
) -> None:  # fmt: skip
    """Note by position what is not among the known."""
    codes = {str(at): [_must(known)] for at, value in enumerate(sent) if value not in known}
    if codes:
        wrong[name] = codes


def _must(known: object) -> str:
    assert isinstance(known, (set, frozenset))
    return f"must be one of: {', '.join(sorted(known))}"


def finalize(said: object) -> FinalizeZeroAmountInvoice:
    """Return the word as what it is; a null is `inherit`."""
    return FinalizeZeroAmountInvoice(str(said)) if said else FinalizeZeroAmountInvoice.inherit
