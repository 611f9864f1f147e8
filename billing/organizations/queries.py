"""What can be asked about organizations, their keys and their clocks."""

from collections.abc import Sequence

from sqlalchemy import func, select

from billing.organizations.model import ApiKey, Organization, TestClock
from billing.organizations.requests import ApiKeyQuery, OrganizationQuery
from billing.organizations.rules import digest_of
from billing.organizations.tables import api_keys, organizations
from metering.measures.refusals import Invalid, Missing
from metering.measures.shapes import Page
from sql.ledger import Rows
from sql.work import Work

FEATURES: Sequence[str] = ()
"""What a sandbox can pretend beside the time."""


def current(work: Work) -> Organization:
    """Return the organization that asks.

    Raises: Missing `organization_not_found`.
    """
    if (found := in_rows(work.rows)) is None:
        raise Missing("organization", work.organization)
    return found


def browse(work: Work, query: OrganizationQuery) -> Page[Organization]:
    """List the organizations of this server, newest first."""
    total = work.rows.execute(select(func.count()).select_from(organizations)).scalar_one()
    names = Organization.__struct_fields__
    asked = select(organizations.c.sequence, *(organizations.c[name] for name in names))
    asked = asked.order_by(organizations.c.sequence.desc()).limit(query.per_page)
    if query.cursor is None:
        asked = asked.offset((query.page - 1) * query.per_page)
    elif query.cursor.isdecimal() and len(query.cursor) <= 18:
        asked = asked.where(organizations.c.sequence < int(query.cursor))
    else:
        raise Invalid(cursor="value_is_invalid")
    found = work.rows.execute(asked).all()
    items = [Organization(**dict(zip(names, row[1:], strict=True))) for row in found]
    more = str(found[-1][0]) if len(found) == query.per_page else None
    return Page(items, total, query, more)


def live(rows: Rows) -> list[str]:
    """Return the id of every organization that lives by the real clock, whosever rows are asked."""
    asked = select(organizations.c.id).where(organizations.c.test_clock.is_(None))
    return list(rows.execute(asked.order_by(organizations.c.sequence)).scalars())


def in_rows(rows: Rows) -> Organization | None:
    """Return the organization whose rows these are, if it exists."""
    return rows.find(organizations, Organization, id=rows.organization)


def find_key(work: Work, id: str) -> ApiKey:
    """Return one key, without its secret.

    Raises: Missing `api_key_not_found`.
    """
    if (key := work.rows.find(api_keys, ApiKey, id=id)) is None:
        raise Missing("api_key", id)
    return key


def browse_keys(work: Work, query: ApiKeyQuery) -> Page[ApiKey]:
    """List keys, newest first, without their secrets."""
    where = []
    if query.revoked is not None:
        none = api_keys.c.revoked_at.is_(None)
        where.append(~none if query.revoked else none)
    return work.rows.page(api_keys, ApiKey, query, *where)


def key_with(rows: Rows, text: str) -> ApiKey | None:
    """Return the key of this organization that has this text, whether or not it still opens."""
    return rows.find(api_keys, ApiKey, digest=digest_of(text))


def standing_keys(work: Work) -> int:
    """Return how many keys open this organization for ever: neither revoked nor going to expire."""
    return work.rows.count(
        api_keys, api_keys.c.revoked_at.is_(None), api_keys.c.expires_at.is_(None)
    )


def clock(work: Work) -> TestClock:
    """Show the clock of this sandbox.

    Raises: Missing `test_clock_not_found` on a live organization.
    """
    if (now := current(work).test_clock) is None:
        raise Missing("test_clock")
    return TestClock(now=now, features=list(FEATURES))
