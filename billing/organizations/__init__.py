"""Organizations: who bills, by what clock, and who may speak for them."""

from billing.organizations.model import (
    EVERY,
    RESOURCES,
    Access,
    ApiKey,
    CustomerToken,
    IssuedApiKey,
    OpenedOrganization,
    Organization,
    TestClock,
)  # fmt: skip
from billing.organizations.notices import (
    ApiKeyCreated,
    ApiKeyRevoked,
    ApiKeyRotated,
    OrganizationCreated,
    TestClockMoved,
)  # fmt: skip
from billing.organizations.queries import (
    browse,
    browse_keys,
    clock,
    current,
    find_key,
    in_rows,
    key_with,
    live,
)  # fmt: skip
from billing.organizations.requests import (
    ApiKeyInput,
    ApiKeyQuery,
    OrganizationInput,
    OrganizationQuery,
    TestClockAdvance,
    TestClockInput,
)  # fmt: skip
from billing.organizations.rules import (
    PREFIX,
    allows,
    opens,
    organization_of,
    read_token,
    refusal_code,
    sign,
    unmovable,
)  # fmt: skip
from billing.organizations.service import (
    create,
    create_key,
    issue_token,
    revoke_key,
    rotate_key,
    set_clock,
)  # fmt: skip
from billing.organizations.tables import api_keys, organizations

__all__ = [
    "EVERY", "PREFIX", "RESOURCES", "Access", "ApiKey", "ApiKeyCreated", "ApiKeyInput",
    "ApiKeyQuery", "ApiKeyRevoked", "ApiKeyRotated", "CustomerToken", "IssuedApiKey",
    "OpenedOrganization", "Organization", "OrganizationCreated", "OrganizationInput",
    "OrganizationQuery", "TestClock", "TestClockAdvance", "TestClockInput", "TestClockMoved",
    "allows", "api_keys", "browse", "browse_keys", "clock", "create", "create_key", "current",
    "find_key", "in_rows", "issue_token", "key_with", "live", "opens", "organization_of",
    "organizations", "read_token", "refusal_code", "revoke_key", "rotate_key", "set_clock",
    "sign", "unmovable",
]  # fmt: skip
