"""Who calls: the operator's key, an API key, or a customer's token."""

import hmac
import time
from typing import Protocol

from msgspec import Struct

from api.rpc import Caller, Operation
from billing import organizations
from billing.organizations import ApiKey, CustomerToken
from metering.measures.refusals import Forbidden, Unauthorized
from sql.ledger import Ledger
from sql.work import Principal

SERVER = ""
"""The organization of what belongs to none: the operator's own rows."""

CACHE_SECONDS = 2.0
"""How long a key is believed without being looked up: a revoked one opens no longer than this."""

CACHE_SIZE = 10_000

TOKEN_HEADER = "customer-portal-token"


class Grant(Struct, frozen=True, kw_only=True):
    """Who was found to call, and for which organization."""

    organization: str
    principal: Principal
    holds: ApiKey | CustomerToken | None = None
    """The credential, whose expiry is judged when the organization's now is known."""


NOBODY = Grant(organization=SERVER, principal=Principal(kind="nobody"))
"""Whoever asks what anybody may."""


class Identify(Protocol):
    """How one kind of credentials is judged."""

    def __call__(self, caller: Caller) -> Grant:
        """Raises: Unauthorized."""


class Keys:
    """Knows every caller by what they bring, keys for a few seconds without asking the ledger."""

    def __init__(self, ledger: Ledger, admin_key: str, secret: bytes) -> None:
        self._ledger = ledger
        self._admin_key = admin_key.encode()
        self._secret = secret
        self._known: dict[str, tuple[float, Grant]] = {}
        self._by: dict[str, Identify] = {
            "admin": self._admin, "api_key": self._api_key, "customer": self._customer,
            "nobody": lambda caller: NOBODY,
        }  # fmt: skip

    def identify(self, op: Operation, caller: Caller) -> Grant:
        """Find out who calls, by the one kind of credentials that the operation asks for.

        Raises: Unauthorized.
        """
        return self._by[op.asks](caller)

    def forget(self, organization: str) -> None:
        """Look the keys of an organization up anew: one of them changed."""
        for text, (_, grant) in list(self._known.items()):
            if grant.organization == organization:
                self._known.pop(text, None)

    def _admin(self, caller: Caller) -> Grant:
        if not hmac.compare_digest(_bearer(caller).encode(), self._admin_key):
            raise Unauthorized()
        return Grant(organization=SERVER, principal=Principal(kind="admin"))

    def _api_key(self, caller: Caller) -> Grant:
        text = _bearer(caller)
        until, grant = self._known.get(text, (0.0, None))
        if grant is None or until < time.monotonic():
            grant = self._look_up(text)
            if len(self._known) >= CACHE_SIZE:
                self._known.clear()
            self._known[text] = time.monotonic() + CACHE_SECONDS, grant
        return grant

    def _look_up(self, text: str) -> Grant:
        if (organization := organizations.organization_of(text)) is None:
            raise Unauthorized()
        with self._ledger.snapshot(organization) as rows:
            key = organizations.key_with(rows, text)
        if key is None or key.revoked_at is not None:
            raise Unauthorized()
        principal = Principal(kind="api_key", id=key.id)
        return Grant(organization=organization, principal=principal, holds=key)

    def _customer(self, caller: Caller) -> Grant:
        text = caller.headers.get(TOKEN_HEADER) or _bearer(caller)
        token = organizations.read_token(self._secret, text)
        principal = Principal(kind="customer", id=token.customer_id)
        return Grant(organization=token.organization_id, principal=principal, holds=token)


def permit(op: Operation, grant: Grant) -> None:
    """Check that a key may do this; only keys have permissions, all others ask for what is theirs.

    Raises: Forbidden `{read|write}_action_not_allowed_for_{resource}`.
    """
    if not isinstance(grant.holds, ApiKey):
        return
    resource, _, said = op.permission.partition(":")
    access = organizations.Access(said)
    if not organizations.allows(grant.holds.permissions, resource, access):
        raise Forbidden(organizations.refusal_code(resource, access))


def _bearer(caller: Caller) -> str:
    """The second word of the Authorization header; the first is not looked at."""
    words = caller.headers.get("authorization", "").split()
    return words[1] if len(words) > 1 else ""
