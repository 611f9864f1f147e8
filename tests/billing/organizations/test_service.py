"""Organizations: opened, spoken for by keys and customers' tokens, and clocked."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from billing import entities, organizations
from billing.organizations import (
    EVERY,
    Access,
    ApiKeyInput,
    ApiKeyQuery,
    CustomerToken,
    OrganizationInput,
)
from metering.measures import ids
from metering.measures.refusals import Conflict, Forbidden, Invalid, Missing, Unauthorized
from sql.work import Principal, Work
from tests.conftest import NOW, told

MARCH = datetime(2024, 3, 1, tzinfo=UTC)
SECRET = b"s" * 32


@pytest.fixture
def sandbox(ledger):
    """A unit of work of an organization whose clock stands at the first of March 2024."""
    with ledger.transaction(ids.new()) as rows:
        empty = Work(organization=rows.organization, now=NOW, rows=rows, warehouse=None)
        made = organizations.create(empty, OrganizationInput(name="Acme", test_clock=MARCH))
        yield replace(empty, now=MARCH, secret=SECRET), made


def only(**granted):
    """Permissions for the named resources alone."""
    return {name: [Access(each) for each in access.split()] for name, access in granted.items()}


def test_an_organization_opens_with_an_entity_and_a_key_that_may_do_everything(sandbox):
    """Its key is found by its text and by nothing else, and its text is nowhere in the ledger."""
    work, made = sandbox

    key = organizations.key_with(work.rows, made.api_key)

    assert organizations.organization_of(made.api_key) == work.organization == made.id
    assert key.permissions == {EVERY: [Access.read, Access.write]}
    assert made.api_key.startswith("invora_")
    assert made.api_key.endswith(key.hint)
    assert organizations.key_with(work.rows, made.api_key[:-1] + "x") is None
    assert entities.default(work).name == "Acme"
    assert organizations.current(work).created_at == MARCH
    assert told(work) == ["organization.created"]
    kept = work.rows.rows(organizations.api_keys.select())
    assert made.api_key not in str(kept)


@pytest.mark.parametrize(
    "text",
    ["", "invora_", "invora_abc", "nonsense", "invora_" + "A" * 63, "invora_" + "A" * 65,
     "invora_" + "Ä" * 64, "A" * 64, "invora_" + "=" * 64],
)  # fmt: skip
def test_what_is_no_key_names_no_organization(text):
    """Too short, too long, without its prefix or not in the alphabet: no look-up is made."""
    assert organizations.organization_of(text) is None


def test_a_key_opens_until_it_expires_or_is_revoked(sandbox):
    """It expires at the first instant at which it no longer opens."""
    work, _ = sandbox
    april = datetime(2024, 4, 1, tzinfo=UTC)
    organizations.create_key(work, ApiKeyInput(name="April", expires_at=april))
    (key, _) = organizations.browse_keys(work, ApiKeyQuery()).items

    assert organizations.opens(key, april - timedelta(seconds=1))
    assert not organizations.opens(key, april)
    assert not organizations.opens(organizations.revoke_key(work, key.id), MARCH)


def test_the_last_key_that_never_expires_cannot_be_revoked(sandbox):
    """One key for ever and one until April: the first stays, until there is another like it."""
    work, _ = sandbox
    april = datetime(2024, 4, 1, tzinfo=UTC)
    organizations.create_key(work, ApiKeyInput(name="April", expires_at=april))
    _, first = organizations.browse_keys(work, ApiKeyQuery()).items

    with pytest.raises(Conflict) as refused:
        organizations.revoke_key(work, first.id)
    assert refused.value.code == "last_non_expiring_api_key"

    organizations.create_key(work, ApiKeyInput(name="Second"))
    organizations.revoke_key(work, first.id)
    with pytest.raises(Conflict) as refused:
        organizations.revoke_key(work, first.id)
    assert refused.value.code == "api_key_revoked"
    revoked = organizations.browse_keys(work, ApiKeyQuery(revoked=True)).items
    assert [key.id for key in revoked] == [first.id]
    assert organizations.browse_keys(work, ApiKeyQuery(revoked=False)).meta.total_count == 2


def test_a_rotated_key_has_a_successor_like_it(sandbox):
    """The old one stops at once, or when it was told to, but never later than it would have."""
    work, made = sandbox
    readers = organizations.create_key(
        work, ApiKeyInput(name="Readers", permissions=only(invoice="read"))
    )

    second = organizations.rotate_key(
        work, readers.id, expires_at=datetime(2024, 3, 2, 0, 0, 0, 9, tzinfo=UTC)
    )
    third = organizations.rotate_key(work, second.id)

    old = organizations.find_key(work, readers.id)
    assert old.expires_at == datetime(2024, 3, 2, tzinfo=UTC)
    assert organizations.find_key(work, second.id).revoked_at == MARCH
    assert (third.name, third.permissions) == ("Readers", only(invoice="read"))
    assert len({made.api_key, readers.secret, second.secret, third.secret}) == 4
    with pytest.raises(Conflict) as refused:
        organizations.rotate_key(replace(work, now=old.expires_at), readers.id)
    assert refused.value.code == "api_key_expired"
    organizations.rotate_key(work, readers.id, expires_at=datetime(2030, 1, 1, tzinfo=UTC))
    assert organizations.find_key(work, readers.id).expires_at == old.expires_at


def test_a_key_hands_on_no_more_than_it_may_do_itself(sandbox):
    """One that may make keys and read invoices can neither make nor rotate one that writes them."""
    work, _ = sandbox
    strong = organizations.browse_keys(work, ApiKeyQuery()).items[0]
    weak = organizations.create_key(
        work, ApiKeyInput(name="Weak", permissions=only(api_key="read write", invoice="read"))
    )
    as_weak = replace(work, principal=Principal(kind="api_key", id=weak.id))

    organizations.create_key(as_weak, ApiKeyInput(name="Same", permissions=only(invoice="read")))
    for permissions, code in (
        (only(invoice="write"), "write_action_not_allowed_for_invoice"),
        ({EVERY: [Access.read]}, "read_action_not_allowed_for_activity_log"),
    ):
        with pytest.raises(Forbidden) as refused:
            organizations.create_key(as_weak, ApiKeyInput(name="More", permissions=permissions))
        assert refused.value.code == code
    with pytest.raises(Forbidden):
        organizations.rotate_key(as_weak, strong.id)


def test_permissions_name_resources_that_exist(sandbox):
    """A typing error would deny in silence: it is refused, like a name of nothing."""
    with pytest.raises(Invalid) as refused:
        ApiKeyInput(name=" ", permissions=only(invoices="read"))
    assert refused.value.details == {
        "name": ["value_is_mandatory"], "permissions": ["value_is_invalid"],
    }  # fmt: skip


def test_the_clock_of_a_sandbox_goes_forward_only(sandbox):
    """March to April and no way back; standing still is allowed."""
    work, _ = sandbox
    april = datetime(2024, 4, 1, tzinfo=UTC)

    assert organizations.set_clock(work, organizations.TestClockInput(now=april)).now == april
    assert organizations.set_clock(work, organizations.TestClockInput(now=april)).now == april
    with pytest.raises(Invalid) as refused:
        organizations.set_clock(work, organizations.TestClockInput(now=MARCH))
    assert refused.value.details == {"now": ["value_is_out_of_range"]}
    assert organizations.clock(work).now == april


def test_a_live_organization_has_no_clock_to_move(work):
    """Neither to see nor to set."""
    live = replace(work, organization=ids.new())
    live.rows.organization = live.organization
    organizations.create(live, OrganizationInput(name="Live", default_currency="EUR"))

    for move in (
        lambda: organizations.clock(live),
        lambda: organizations.set_clock(live, organizations.TestClockInput(now=MARCH)),
    ):
        with pytest.raises(Missing) as refused:
            move()
        assert refused.value.code == "test_clock_not_found"


def test_organizations_are_listed_newest_first_across_the_server(ledger):
    """Three of them in pages of two, asked by the operator, who has no organization."""
    for name in ("one", "two", "three"):
        with ledger.transaction(ids.new()) as rows:
            made = Work(organization=rows.organization, now=NOW, rows=rows, warehouse=None)
            clock = MARCH if name == "two" else None
            organizations.create(made, OrganizationInput(name=name, test_clock=clock))

    with ledger.snapshot("") as rows:
        server = Work(organization="", now=NOW, rows=rows, warehouse=None)
        first = organizations.browse(server, organizations.OrganizationQuery(per_page=2))
        cursor = first.meta.next_cursor
        rest = organizations.browse(
            server, organizations.OrganizationQuery(per_page=2, cursor=cursor)
        )
        assert len(organizations.live(rows)) == 2

    assert [each.name for each in first.items] == ["three", "two"]
    assert [each.name for each in rest.items] == ["one"]
    assert (first.meta.total_count, first.meta.next_page) == (3, 2)


def test_a_customers_token_is_believed_only_as_this_server_signed_it(sandbox):
    """12 hours, one customer of one organization; a changed letter or another server's key: no."""
    work, _ = sandbox

    text = organizations.issue_token(work, "c1")
    read = organizations.read_token(SECRET, text)

    assert read == CustomerToken(
        organization_id=work.organization, customer_id="c1", expires_at=MARCH + timedelta(hours=12)
    )
    assert organizations.opens(read, MARCH + timedelta(hours=12, seconds=-1))
    assert not organizations.opens(read, MARCH + timedelta(hours=12))
    head, body, seal = text.split(".")
    none = "eyJhbGciOiJub25lIn0"
    for wrong in (f"{head}.{body[:-2]}AA.{seal}", f"{none}.{body}.", "", "a.b.c", "ä"):
        with pytest.raises(Unauthorized):
            organizations.read_token(SECRET, wrong)
    with pytest.raises(Unauthorized):
        organizations.read_token(b"t" * 32, text)
