"""Customers: who is billed."""

from billing.customers.model import (
    AccountType,
    BillingConfiguration,
    Customer,
    CustomerMetadata,
    CustomerType,
    FinalizeZeroAmountInvoice,
    PaymentProviderType,
    ShippingAddress,
)
from billing.customers.queries import book, browse, by_ids, entity_id, find, find_by_id
from billing.customers.requests import (
    BillingConfigurationInput,
    CustomerInput,
    CustomerMetadataInput,
    CustomerQuery,
    GracePeriodInput,
    IntegrationCustomerInput,
    ShippingAddressInput,
)
from billing.customers.service import delete, ensure, set_grace_period, update, upsert
from billing.customers.tables import customer_metadata, customers

__all__ = [
    "AccountType", "BillingConfiguration", "BillingConfigurationInput", "Customer",
    "CustomerInput", "CustomerMetadata", "CustomerMetadataInput", "CustomerQuery", "CustomerType",
    "FinalizeZeroAmountInvoice", "GracePeriodInput", "IntegrationCustomerInput",
    "PaymentProviderType", "ShippingAddress", "ShippingAddressInput", "book", "browse", "by_ids",
    "customer_metadata", "customers", "delete", "ensure", "entity_id", "find", "find_by_id",
    "set_grace_period", "update", "upsert",
]  # fmt: skip
