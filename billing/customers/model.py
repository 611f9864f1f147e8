"""The facts about customers."""

from datetime import datetime
from enum import StrEnum

from msgspec import UNSET, Struct, UnsetType

from billing.entities import IssuingDateAdjustment, IssuingDateAnchor
from billing.taxes import Tax


class AccountType(StrEnum):
    """Whether a customer buys, or sells for the organization."""

    customer = "customer"
    partner = "partner"


class CustomerType(StrEnum):
    """What a customer is."""

    company = "company"
    individual = "individual"


class FinalizeZeroAmountInvoice(StrEnum):
    """What becomes of an invoice of nothing; `inherit` leaves it to the billing entity."""

    inherit = "inherit"
    skip = "skip"
    finalize = "finalize"


class PaymentProviderType(StrEnum):
    """Which payment gateway a customer pays through."""

    stripe = "stripe"
    adyen = "adyen"
    gocardless = "gocardless"
    tap = "tap"
    moneyhash = "moneyhash"
    flutterwave = "flutterwave"
    cashfree = "cashfree"


class BillingConfiguration(Struct, frozen=True, kw_only=True):
    """How a customer is invoiced and pays; what is null is the billing entity's."""

    invoice_grace_period: int | None = None
    """Days for which an invoice stays a draft."""
    payment_provider: PaymentProviderType | None = None
    payment_provider_code: str | None = None
    document_locale: str | None = None
    subscription_invoice_issuing_date_anchor: IssuingDateAnchor | None = None
    subscription_invoice_issuing_date_adjustment: IssuingDateAdjustment | None = None
    provider_customer_id: str | UnsetType | None = UNSET
    """The customer's id at the gateway; left out without one."""
    provider_payment_methods: list[str] | UnsetType = UNSET
    sync_with_provider: bool | UnsetType = UNSET


class ShippingAddress(Struct, frozen=True, kw_only=True):
    """Where things are sent, if not to the billing address."""

    address_line1: str | None = None
    address_line2: str | None = None
    city: str | None = None
    zipcode: str | None = None
    state: str | None = None
    country: str | None = None


class CustomerMetadata(Struct, frozen=True, kw_only=True):
    """A pair of the operator's own about a customer."""

    id: str
    key: str
    value: str
    display_in_invoice: bool
    created_at: datetime


class IntegrationCustomer(Struct, frozen=True, kw_only=True):
    """A customer's counterpart in a connected system."""

    id: str
    external_customer_id: str | None
    type: str
    integration_code: str
    category: str | None


class Customer(Struct, frozen=True, kw_only=True):
    """Who is billed, under an external id of the operator's choice."""

    id: str
    billing_entity_id: str
    """Who issues the customer's invoices."""
    billing_entity_code: str = ""
    external_id: str
    account_type: AccountType = AccountType.customer
    name: str | None = None
    firstname: str | None = None
    lastname: str | None = None
    customer_type: CustomerType | None = None
    sequential_id: int
    """Counts the organization's customers from 1, without gaps."""
    slug: str
    created_at: datetime
    updated_at: datetime
    country: str | None = None
    address_line1: str | None = None
    address_line2: str | None = None
    state: str | None = None
    zipcode: str | None = None
    email: str | None = None
    city: str | None = None
    url: str | None = None
    phone: str | None = None
    logo_url: str | None = None
    legal_name: str | None = None
    legal_number: str | None = None
    currency: str | None = None
    tax_identification_number: str | None = None
    timezone: str | None = None
    applicable_timezone: str = "UTC"
    """The customer's own zone, else the billing entity's."""
    net_payment_term: int | None = None
    external_salesforce_id: str | None = None
    finalize_zero_amount_invoice: FinalizeZeroAmountInvoice = FinalizeZeroAmountInvoice.inherit
    billing_configuration: BillingConfiguration = BillingConfiguration()
    shipping_address: ShippingAddress = ShippingAddress()
    skip_invoice_custom_sections: bool = False
    exclude_from_dunning_campaign: bool = False
    metadata: list[CustomerMetadata] = []
    taxes: list[Tax] = []
    """What is added to the customer's bills, in place of the billing entity's taxes."""
    integration_customers: list[IntegrationCustomer] = []
