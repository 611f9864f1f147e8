"""What a key's text says, what its permissions allow, and how a customer's token is signed."""

import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from billing.organizations.model import EVERY, RESOURCES, Access, ApiKey, CustomerToken
from metering.measures.refusals import Unauthorized

PREFIX = "invora_"
"""How the text of a key begins, so that people and secret scanners know one when they see it."""

RANDOM = 32
"""Random bytes in a key."""

DAWN, DUSK = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""What a test clock stands between: every engine can hold it, and all that is reckoned from it."""

STRIDE = timedelta(days=3_653)
"""How far a test clock moves at once: ten years."""

Permissions = Mapping[str, Sequence[str]]


def text_of(organization_id: str, random: bytes) -> str:
    """Write the text of a key: the prefix, then the organization and the random bytes.

    The organization is in it so that a key is looked up within its organization, like any row.
    """
    assert len(random) == RANDOM, len(random)
    return PREFIX + urlsafe_b64encode(UUID(organization_id).bytes + random).decode()


def organization_of(text: str) -> str | None:
    """Return the organization that the text of a key names, or None if it is no key."""
    try:
        raw = urlsafe_b64decode(text.removeprefix(PREFIX).encode("ascii"))
    except ValueError:
        return None
    organization_id = str(UUID(bytes=raw[:16])) if len(raw) == 16 + RANDOM else ""
    if not organization_id or text != text_of(organization_id, raw[16:]):
        return None
    return organization_id


def digest_of(text: str) -> str:
    """Return what is kept of a key. 32 random bytes need no slow hash: nobody guesses them."""
    return hashlib.sha256(text.encode()).hexdigest()


def allows(permissions: Permissions, resource: str, access: Access) -> bool:
    """Whether a key with these permissions may do this with the resource."""
    return access in permissions.get(resource, permissions.get(EVERY, ()))


def covers(permissions: Permissions, wanted: Permissions) -> str:
    """Return the first `<access>_action_not_allowed_for_<resource>` that is wanted and not held.

    Empty when everything wanted is held: only then may a key hand it to another.
    """
    for resource in (*sorted(RESOURCES), EVERY):
        for access in Access:
            if allows(wanted, resource, access) and not allows(permissions, resource, access):
                return refusal_code(resource, access)
    return ""


def refusal_code(resource: str, access: Access) -> str:
    """Return the published code for what a key may not do."""
    return f"{access}_action_not_allowed_for_{'all' if resource == EVERY else resource}"


def opens(held: ApiKey | CustomerToken, now: datetime) -> bool:
    """Whether a key or a token still opens the door at this instant, its last one not included."""
    if isinstance(held, ApiKey) and held.revoked_at is not None:
        return False
    return held.expires_at is None or now < held.expires_at


def second(instant: datetime) -> datetime:
    """Give an instant as the platform knows them: whole seconds of UTC, also if it says no zone."""
    zoned = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return zoned.astimezone(UTC).replace(microsecond=0)


def sign(secret: bytes, token: CustomerToken) -> str:
    """Write a customer's token: a JSON Web Token under the server's own key (HS256)."""
    claims = {
        "aud": "customer",
        "org": token.organization_id,
        "sub": token.customer_id,
        "exp": int(token.expires_at.timestamp()),
    }
    return jwt.encode({"alg": "HS256"}, claims, _signing(secret))


def read_token(secret: bytes, text: str) -> CustomerToken:
    """Return what a token says, if this server signed it. Whether it still holds is not judged.

    Raises: Unauthorized.
    """
    try:
        claims = jwt.decode(text, _signing(secret), algorithms=["HS256"]).claims
    except (JoseError, ValueError) as error:
        raise Unauthorized() from error
    if claims.get("aud") != "customer":
        raise Unauthorized()
    return CustomerToken(
        organization_id=claims["org"],
        customer_id=claims["sub"],
        expires_at=datetime.fromtimestamp(claims["exp"], UTC),
    )


def _signing(secret: bytes) -> OctKey:
    """Derive the key of tokens from the server's, which also has other uses."""
    return OctKey.import_key(hashlib.sha256(b"customer token\0" + secret).digest())


def is_held(instant: datetime) -> bool:
    """Whether a test clock can stand at an instant."""
    return DAWN <= instant < DUSK


def unmovable(at: datetime, to: datetime) -> str:
    """Return the code of what forbids to move a test clock; empty if nothing does.

    Each job does all that falls due on the way, so that far is not only far but long.
    """
    if to < at:
        return "value_is_out_of_range"
    return "too_far_ahead" if to - at > STRIDE else ""
