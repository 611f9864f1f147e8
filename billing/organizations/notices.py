"""What the activity log is told about organizations. No webhook carries them."""

from billing.organizations.model import ApiKey, Organization
from sql.work import Notice


class OrganizationCreated(Notice, frozen=True, kw_only=True):
    """An organization was created."""

    type = "organization.created"
    is_sent = False
    organization: Organization


class TestClockMoved(Notice, frozen=True, kw_only=True):
    """The clock of a sandbox was moved."""

    type = "organization.test_clock_moved"
    is_sent = False
    organization: Organization


class ApiKeyCreated(Notice, frozen=True, kw_only=True):
    """A key was made, without its secret."""

    type = "api_key.created"
    is_sent = False
    api_key: ApiKey


class ApiKeyRotated(Notice, frozen=True, kw_only=True):
    """A key was given a successor, and an end."""

    type = "api_key.rotated"
    is_sent = False
    api_key: ApiKey


class ApiKeyRevoked(Notice, frozen=True, kw_only=True):
    """A key was revoked."""

    type = "api_key.revoked"
    is_sent = False
    api_key: ApiKey
