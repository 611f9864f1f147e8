"""The reconciliation for a person: as a page, and as a command."""

import base64
import json

import httpx
import pytest
from click.testing import CliRunner

from api import lockfile
from api.commands.organizations import organizations
from api.commands.reconcile import reconcile
from api.settings import environment
from tests.api.platform.served import ADMIN
from tests.engines import execute
from tests.stories.world import World, make_app, running


@pytest.fixture(scope="module")
def world():
    """One event that is billed in a month, one that nobody subscribed to, and a row of nothing."""
    with running(make_app("embedded")) as server:
        made = World(server)
        metric = made.metric()
        made.uses(made.subscribe(made.customer(), made.plan(metric)), metric, "4")
        made.uses("<nobody>", metric, "1")
        made.rest(
            "POST", "/events/bulk", content='{"transaction_id":"<b>"}',
            headers={"content-type": "application/x-ndjson"},
        )  # fmt: skip
        yield made


def page(world, authorization, query=""):
    headers = {"authorization": authorization}
    return httpx.get(f"{world.server.url}/reconciliation{query}", headers=headers)


def test_the_page_shows_the_books_to_who_has_a_key(world):
    """By Basic as a browser asks, or by Bearer; nothing of it is kept, and no script may run."""
    basic = base64.b64encode(f"me:{world.key}".encode()).decode()

    found = page(world, f"Basic {basic}")

    assert found.status_code == 200
    assert "3 received = 0 billed + 3 not billed" in found.text
    assert "It closes" in found.text
    assert "no_subscription" in found.text
    assert found.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in found.headers["content-security-policy"]
    assert page(world, f"Bearer {world.key}").text == found.text


@pytest.mark.parametrize("authorization", ["", "Bearer wrong", "Basic !!!", "Basic bWU6d3Jvbmc="])
def test_the_page_asks_who_that_is(world, authorization):
    """No key, or a wrong one, also with a query that cannot be read: told nothing but that."""
    for query in ("", "?received_from=yesterday"):
        found = page(world, authorization, query)
        assert found.status_code == 401
        assert found.headers["www-authenticate"].startswith("Basic ")
        assert "received =" not in found.text


def test_a_time_that_is_none_is_said_to_be(world):
    """What was asked is shown again, as text."""
    found = page(world, f"Bearer {world.key}", "?received_from=%3Cscript%3E")

    assert found.status_code == 422
    assert "<script>" not in found.text
    assert "&lt;script&gt;" in found.text


def test_the_command_says_the_same_and_its_status_whether_it_closes(world, tmp_path):
    """Through a server: 0; after an event was deleted behind its back: 1, and that one is lost."""
    run = CliRunner(env=environment(tmp_path, admin_key=ADMIN))
    with lockfile.owned(tmp_path) as announce:
        announce(world.server.url)

        closed = run.invoke(reconcile, ["--key", world.key, "--json"])
        assert closed.exit_code == 0, closed.output
        assert json.loads(closed.output)["received_events_count"] == 3
        refused = run.invoke(reconcile, ["--key", "wrong"])
        assert (refused.exit_code, "401" in refused.output) == (1, True)
        mine = "delete from events where code like 'gb%' and sequence = 1"
        execute(world.server.app.warehouse, mine)

        lost = run.invoke(reconcile, ["--key", world.key])
    assert lost.exit_code == 1
    assert "lost" in lost.output
    assert "It does not close." in lost.output


def test_the_command_works_on_the_stores_themselves(tmp_path):
    """No server runs: an organization without events has books of nothing, which close."""
    run = CliRunner(env=environment(tmp_path, admin_key=ADMIN))
    made = json.loads(run.invoke(organizations, ["create", "Acme"]).output)

    found = run.invoke(reconcile, ["--key", made["api_key"]])

    assert (found.exit_code, found.output) == (
        0, "0 received = 0 billed + 0 not billed\nIt closes.\n"
    )  # fmt: skip
