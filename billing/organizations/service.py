"""What can be done with organizations, their keys and their clocks."""

import secrets
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from billing import entities
from billing.organizations.model import (
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
from billing.organizations.queries import clock, current, find_key, standing_keys
from billing.organizations.requests import ApiKeyInput, OrganizationInput, TestClockInput
from billing.organizations.rules import (
    RANDOM,
    Permissions,
    covers,
    digest_of,
    opens,
    second,
    sign,
    text_of,
    unmovable,
)  # fmt: skip
from billing.organizations.tables import api_keys, organizations
from metering.measures import ids
from metering.measures.refusals import Conflict, Forbidden, Invalid
from sql.work import Work

TOKEN_HOURS = 12
"""How long a customer's token holds."""


def create(work: Work, organization: OrganizationInput) -> OpenedOrganization:
    """Create an organization with its default billing entity and a first key, which may do all.

    With `test_clock` it is a sandbox, and was created at that instant. The key is shown only here.

    Raises: Invalid.
    """
    work = replace(work, now=organization.test_clock or work.now)
    made = Organization(
        id=work.organization,
        name=organization.name,
        default_currency=organization.default_currency,
        created_at=work.now,
        test_clock=organization.test_clock,
    )
    work.rows.add(organizations, made, taken="id")
    entities.open_default(work, made.name, made.default_currency)
    work.tell(OrganizationCreated(organization=made))
    _, text = _issue(work, ApiKeyInput(name="First key"))
    return OpenedOrganization(
        id=made.id,
        name=made.name,
        default_currency=made.default_currency,
        created_at=made.created_at,
        test_clock=made.test_clock,
        api_key=text,
    )


def create_key(work: Work, api_key: ApiKeyInput) -> IssuedApiKey:
    """Make a key. Its secret is shown only here; a key hands on no more than it may do itself.

    Raises: Invalid; Forbidden `…_action_not_allowed_for_…`.
    """
    _may_grant(work, api_key.permissions)
    key, text = _issue(work, api_key)
    work.tell(ApiKeyCreated(api_key=key))
    return _shown(key, text)


def rotate_key(work: Work, id: str, expires_at: datetime | None = None) -> IssuedApiKey:
    """Give a key a successor of the same name and permissions, whose secret is shown only here.

    The old one stops at once, or at `expires_at`.

    Raises: Missing `api_key_not_found`; Conflict `api_key_revoked`, `api_key_expired`; Forbidden
    `…_action_not_allowed_for_…`.
    """
    before = _standing(work, id)
    if not opens(before, work.now):
        raise Conflict("api_key_expired", "This key has expired: make a new one.")
    _may_grant(work, before.permissions)
    asked = ApiKeyInput(
        name=before.name, permissions=before.permissions, expires_at=before.expires_at
    )
    key, text = _issue(work, asked)
    if expires_at is None:
        after = replace(before, revoked_at=work.now)
    else:
        ends = min(second(expires_at), before.expires_at or datetime.max.replace(tzinfo=UTC))
        after = replace(before, expires_at=ends)
    work.rows.put(api_keys, after)
    work.tell(ApiKeyRotated(api_key=after), before=before)
    return _shown(key, text)


def revoke_key(work: Work, id: str) -> ApiKey:
    """Revoke a key for good.

    Raises: Missing `api_key_not_found`; Conflict `api_key_revoked`, or
    `last_non_expiring_api_key`, without which nobody could get in again.
    """
    work.rows.lock("api_keys")
    before = _standing(work, id)
    if before.expires_at is None and standing_keys(work) == 1:
        raise Conflict("last_non_expiring_api_key", "Make another key that does not expire first.")
    after = replace(before, revoked_at=work.now)
    work.rows.put(api_keys, after)
    work.tell(ApiKeyRevoked(api_key=after), before=before)
    return after


def set_clock(work: Work, test_clock: TestClockInput) -> TestClock:
    """Move the clock of this sandbox forward, and run nothing.

    Raises: Missing `test_clock_not_found` on a live organization; Invalid
    `now: value_is_out_of_range` when it would go back, or beyond the years 1970 to 2199, and
    `now: too_far_ahead` beyond ten years.
    """
    before = replace(current(work), test_clock=clock(work).now)
    if code := unmovable(clock(work).now, test_clock.now):
        raise Invalid(now=code)
    after = replace(before, test_clock=test_clock.now)
    forward = organizations.c.test_clock <= test_clock.now
    if not work.rows.change(
        organizations, organizations.c.id == after.id, forward, test_clock=after.test_clock
    ):
        raise Invalid(now="value_is_out_of_range")
    work.tell(TestClockMoved(organization=after), before=before)
    return clock(work)


def issue_token(work: Work, customer_id: str) -> str:
    """Return a token by which one customer, named by its internal id, sees what is its own."""
    until = work.now + timedelta(hours=TOKEN_HOURS)
    return sign(
        work.secret,
        CustomerToken(organization_id=work.organization, customer_id=customer_id, expires_at=until),
    )


def _issue(work: Work, asked: ApiKeyInput) -> tuple[ApiKey, str]:
    """Write a new key, and return it with its text: the only place that ever sees one."""
    text = text_of(work.organization, secrets.token_bytes(RANDOM))
    key = ApiKey(
        id=ids.new(),
        name=asked.name,
        hint=text[-4:],
        permissions={name: sorted(set(granted)) for name, granted in asked.permissions.items()},
        created_at=work.now,
        expires_at=asked.expires_at,
    )
    work.rows.add(api_keys, key, taken="digest", digest=digest_of(text))
    return key, text


def _standing(work: Work, id: str) -> ApiKey:
    key = find_key(work, id)
    if key.revoked_at is not None:
        raise Conflict("api_key_revoked", "This key was revoked, and stays so.")
    return key


def _may_grant(work: Work, wanted: Permissions) -> None:
    """Refuse to let a key make one that may do more than itself."""
    if work.principal.kind != "api_key":
        return
    mine = find_key(work, work.principal.id).permissions
    if lacking := covers(mine, wanted):
        raise Forbidden(lacking)


def _shown(key: ApiKey, text: str) -> IssuedApiKey:
    return IssuedApiKey(
        id=key.id,
        name=key.name,
        hint=key.hint,
        permissions=key.permissions,
        created_at=key.created_at,
        expires_at=key.expires_at,
        secret=text,
    )
