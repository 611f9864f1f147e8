"""`invora`, as it is run: one process owns a data folder, others go through it or are told."""

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager

import httpx
import pytest

from api import lockfile
from tests.engines import empty_ledger_url, new_warehouse_url
from tests.house.source import ROOT

ADMIN = "the-key-of-the-operator-of-this-test"


def command(folder, *words, **more):
    """The command line and the environment of `invora`."""
    environment = {
        "PATH": os.environ["PATH"], "INVORA_DATA": str(folder), "INVORA_PORT": "0",
        "INVORA_GRPC_PORT": "0", "INVORA_ADMIN_KEY": ADMIN, **more,
    }  # fmt: skip
    return {"args": [sys.executable, "-m", "api.main", *words], "cwd": ROOT, "env": environment}


def run(folder, *words, **more):
    """Run `invora` to its end."""
    return subprocess.run(
        **command(folder, *words, **more), capture_output=True, text=True, timeout=60
    )


@contextmanager
def serving(folder, **more):
    """Run `invora serve`, and yield it with where it serves once it does."""
    process = subprocess.Popen(
        **command(folder, "serve", **more), stderr=subprocess.PIPE, text=True
    )
    try:
        line = next((line for line in process.stderr if "REST at" in line), None)
        assert line is not None, "the server did not start"
        yield process, line.partition("REST at ")[2].partition("/v1")[0]
    finally:
        process.kill()
        process.communicate()


def test_a_second_server_says_who_holds_the_folder(tmp_path):
    """It names the first by its number and its URL, and leaves the folder as it is."""
    with serving(tmp_path) as (first, url):
        second = run(tmp_path, "serve")
        assert lockfile.owner(tmp_path) == lockfile.Owner(pid=first.pid, url=url)

    assert second.returncode == 1
    assert f"in use by process {first.pid}, which serves {url}" in second.stderr
    assert "Traceback" not in second.stderr


def test_a_folder_whose_owner_was_killed_is_taken_over(tmp_path):
    """kill -9: its lock file is still there, and the next server finds what was written."""
    with serving(tmp_path) as (first, url):
        made = httpx.post(
            f"{url}/v1/organizations", json={"organization": {"name": "Acme"}},
            headers={"authorization": f"Bearer {ADMIN}"},
        ).json()["organization"]  # fmt: skip
        first.send_signal(signal.SIGKILL)
        first.wait()
    assert str(first.pid) in (tmp_path / lockfile.NAME).read_text()
    assert lockfile.owner(tmp_path) is None

    with serving(tmp_path) as (_, url):
        headers = {"authorization": f"Bearer {made['api_key']}"}
        seen = httpx.get(f"{url}/v1/organizations/current", headers=headers).json()
    assert seen["organization"]["id"] == made["id"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_ends_well(tmp_path, number):
    """Exit status 0 within seconds, nothing but its log said, and the folder is free."""
    with serving(tmp_path) as (process, _):
        process.send_signal(number)
        said = process.communicate(timeout=20)[1]

    assert process.returncode == 0
    assert "Traceback" not in said
    assert "leaked" not in said
    assert (tmp_path / lockfile.NAME).read_text() == ""


def test_organizations_are_created_through_the_server_or_without(tmp_path):
    """The first before any server ran, the second through one: both open it afterwards."""
    clock = "2024-03-01T00:00:00Z"
    alone = run(tmp_path, "organizations", "create", "Alone", "--test-clock", clock)
    with serving(tmp_path) as (_, url):
        through = run(tmp_path, "organizations", "create", "Through", "--currency", "EUR")
        wrong = run(tmp_path, "organizations", "create", "Wrong", "--currency", "XXX")
        seen = [
            httpx.get(
                f"{url}/v1/organizations/current",
                headers={"authorization": f"Bearer {json.loads(made.stdout)['api_key']}"},
            ).json()["organization"]
            for made in (alone, through)
        ]

    assert [each["name"] for each in seen] == ["Alone", "Through"]
    assert seen[0]["test_clock"] == seen[0]["created_at"] == clock
    assert seen[1]["default_currency"] == "EUR"
    assert wrong.returncode == 1
    assert "value_is_invalid" in wrong.stderr
    assert "Traceback" not in wrong.stderr


def test_a_fresh_start_is_migrated_and_ready(tmp_path):
    """`migrate` may be run before and again; `/health` and `/ready` say that both stores answer."""
    for _ in range(2):
        done = run(tmp_path, "migrate")
        assert (done.returncode, done.stdout) == (0, "Both stores are up to date.\n")
    with serving(tmp_path) as (_, url):
        health, ready = httpx.get(f"{url}/health"), httpx.get(f"{url}/ready")
        unknown = httpx.get(f"{url}/v1/nothing")

    assert (health.status_code, health.json()["message"]) == (200, "Success")
    assert (ready.status_code, ready.json()) == (200, {"status": "ok"})
    assert (unknown.status_code, unknown.json()["code"]) == (404, "resource_not_found")


def test_a_store_that_does_not_answer_is_named(tmp_path):
    """Neither store is there: the message names the variable, not the password."""
    ledger = run(tmp_path, "serve", INVORA_LEDGER_URL="postgresql://u:hunter2@127.0.0.1:1/d")
    warehouse = run(
        tmp_path, "migrate", INVORA_WAREHOUSE_URL="clickhouse://u:hunter2@127.0.0.1:1/d"
    )

    for refused, name in ((ledger, "INVORA_LEDGER_URL"), (warehouse, "INVORA_WAREHOUSE_URL")):
        assert refused.returncode == 1
        assert f"{name}: the store cannot be opened" in refused.stderr
        assert "hunter2" not in refused.stderr


def test_on_the_distributed_pair_any_number_may_serve(tmp_path):
    """Two processes on one PostgreSQL and one ClickHouse, sharing the folder with the keys."""
    stores = {
        "INVORA_LEDGER_URL": empty_ledger_url("postgresql"),
        "INVORA_WAREHOUSE_URL": new_warehouse_url("clickhouse"),
    }
    with serving(tmp_path, **stores) as (_, one), serving(tmp_path, **stores) as (_, two):
        made = httpx.post(
            f"{one}/v1/organizations", json={"organization": {"name": "Acme"}},
            headers={"authorization": f"Bearer {ADMIN}"},
        ).json()["organization"]  # fmt: skip
        headers = {"authorization": f"Bearer {made['api_key']}"}
        seen = httpx.get(f"{two}/v1/organizations/current", headers=headers).json()

    assert seen["organization"]["id"] == made["id"]
