"""Sources of a server: what appears in a watched folder is there a moment later, once."""

import json
import signal
import time

import httpx

from tests.api.platform.test_serve import run, serving


def lines(*names):
    """Events as NDJSON."""
    return "".join(json.dumps({"transaction_id": name, "code": "c"}) + "\n" for name in names)


def transactions(url, key):
    """What is stored, by its transaction ids."""
    headers = {"authorization": f"Bearer {key}"}
    found = httpx.get(f"{url}/v1/events?per_page=1000", headers=headers).json()["events"]
    return sorted(event["transaction_id"] for event in found)


def until(holds, seconds=60.0):
    """Wait until something holds, and say whether it came to that."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.1)
    return False


def test_a_server_reads_what_appears_in_a_folder_and_goes_on_after_it_was_killed(tmp_path):
    """Two files, a kill, a third while no server runs: three events, each once."""
    data, folder = tmp_path / "data", tmp_path / "in"
    folder.mkdir()
    made = json.loads(run(data, "organizations", "create", "Acme").stdout)
    source = f"folder://{folder}?organization={made['id']}"
    strange = f"folder://{folder}?organization=nobody"
    settings = {"INVORA_SOURCES": f"{strange} {source}"}

    (folder / "a.ndjson").write_text(lines("a"))
    with serving(data, **settings) as (server, url):
        assert until(lambda: transactions(url, made["api_key"]) == ["a"])
        (folder / "b.csv").write_text("transaction_id,code\nb,c\n")
        assert until(lambda: transactions(url, made["api_key"]) == ["a", "b"])
        server.send_signal(signal.SIGKILL)
        server.wait()
    (folder / "c.ndjson").write_text(lines("c", "a"))
    with serving(data, **settings) as (_, url):
        assert until(lambda: transactions(url, made["api_key"]) == ["a", "b", "c"])


def test_a_source_that_cannot_be_is_refused_before_the_server_serves(tmp_path):
    """An unknown scheme: the message names the variable."""
    refused = run(tmp_path, "serve", INVORA_SOURCES="ftp://host/in?organization=o")

    assert refused.returncode == 1
    assert "INVORA_SOURCES: a source begins with one of folder, kafka" in refused.stderr
    assert "Traceback" not in refused.stderr
