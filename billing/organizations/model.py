"""The facts about organizations, their clocks and their keys."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

RESOURCES = frozenset(
    "activity_log add_on alert analytic api_key api_log applied_coupon billable_metric "
    "billing_entity coupon credit_note customer customer_usage data_export dunning_campaign event "
    "feature fee integration invoice invoice_custom_section lifetime_usage organization payment "
    "payment_method payment_provider payment_receipt payment_request plan subscription tax "
    "test_clock wallet wallet_transaction webhook_endpoint".split()
)
"""What a key's permissions can name. A part of a resource goes by its owner's permission."""

EVERY = "*"
"""In permissions: each resource that is not named itself, also those that are yet to come."""


class Access(StrEnum):
    """What a key may do with a resource."""

    read = "read"
    write = "write"


class Organization(Struct, frozen=True, kw_only=True):
    """The operator who bills. Every row belongs to one."""

    id: str
    name: str
    default_currency: str
    created_at: datetime
    test_clock: datetime | None = None
    """The instant at which everything happens in a sandbox; a live organization has none."""


class OpenedOrganization(Struct, frozen=True, kw_only=True):
    """A new organization, with the one key that opens it. The key is never shown again."""

    id: str
    name: str
    default_currency: str
    created_at: datetime
    test_clock: datetime | None
    api_key: str


class ApiKey(Struct, frozen=True, kw_only=True):
    """A secret by which a program speaks for an organization. Only its digest is kept."""

    id: str
    name: str
    hint: str
    """The last four characters, by which people tell keys apart."""
    permissions: dict[str, list[str]]
    """What it may do, `read` and `write`, by resource; `*` is every resource that is not named."""
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None


class IssuedApiKey(Struct, frozen=True, kw_only=True):
    """A new key with its secret, which is never shown again."""

    id: str
    name: str
    hint: str
    permissions: dict[str, list[str]]
    created_at: datetime
    expires_at: datetime | None
    secret: str


class CustomerToken(Struct, frozen=True, kw_only=True):
    """What a customer's signed token says: who they are, and until when it holds."""

    organization_id: str
    customer_id: str
    expires_at: datetime


class TestClock(Struct, frozen=True, kw_only=True):
    """The clock of a sandbox, moved by hand."""

    now: datetime
    features: list[str]
    """Further things this sandbox can pretend."""
