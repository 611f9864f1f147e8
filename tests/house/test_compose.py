"""docker-compose.yml says what the app understands, and the app starts with what it says.

There is no Docker where these tests run: THEY BUILD AND START NO IMAGE. They parse the files, fill
in every variable, and start `invora serve` with exactly those values against the test engines: a
real PostgreSQL behind a TCP port, and the ClickHouse engine behind its HTTP protocol.
"""

import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from api import settings
from tests.engines import administer, clickhouse_port, postgres_server
from tests.house import compose
from tests.house.source import ROOT

SECRETS = ("PASSWORD", "SECRET", "KEY")
"""What is in the name of a variable that has no default."""

NAMES = {f"INVORA_{field.upper()}" for field in settings.Settings.__struct_fields__}
"""Every variable that the app reads."""

GIVEN = {
    "POSTGRES_PASSWORD": "p1",
    "CLICKHOUSE_PASSWORD": "secret",
    "INVORA_ADMIN_KEY": "the-operators-own-key-of-this-test",
    "INVORA_SECRET_KEY": "a-key-to-sign-tokens-with-in-tests",
}
"""What an operator must choose; all else has a default."""


def test_every_variable_is_one_that_the_app_knows():
    """The app's environment, and every INVORA_ variable anywhere in the two files."""
    text = (ROOT / "docker-compose.yml").read_text() + (ROOT / "Dockerfile").read_text()
    asked = set(re.findall(r"INVORA_[A-Z_]+", text))

    assert asked <= NAMES, "add it to api/settings.py, or take it out"
    assert set(compose.parsed()["services"]["app"]["environment"]) <= NAMES


def test_the_app_understands_every_value(tmp_path):
    """The URLs name stores that there are, and the ports are those that are published."""
    app = compose.resolve(compose.parsed(), GIVEN)["services"]["app"]

    read = settings.read(app["environment"] | {"INVORA_DATA": str(tmp_path)})

    assert read.ledger_url == "postgresql://invora:p1@postgres:5432/invora"
    assert read.warehouse_url == "clickhouse://invora:secret@clickhouse:8123/invora"
    assert [f"{port}:{port}" for port in (read.port, read.grpc_port)] == app["ports"]
    assert (read.admin_key, read.secret_key) == (
        GIVEN["INVORA_ADMIN_KEY"], GIVEN["INVORA_SECRET_KEY"],
    )  # fmt: skip


def test_secrets_are_chosen_and_never_written_down():
    """Without a password, the file says which one is missing; none has a default."""
    text = (ROOT / "docker-compose.yml").read_text()
    asked = compose.variables(text)
    secret = {name for name in asked if any(word in name for word in SECRETS)}

    assert secret == set(GIVEN)
    assert {asked[name] for name in secret} == {None}
    for name in GIVEN:
        with pytest.raises(compose.Unset, match=name):
            compose.resolve(compose.parsed(), {k: v for k, v in GIVEN.items() if k != name})
    for service in compose.parsed()["services"].values():
        for key, value in service.get("environment", {}).items():
            if any(word in key for word in SECRETS):
                assert re.fullmatch(r"\$\{\w+:\?[^}]+\}", value), f"{key} is written down"


def test_the_app_waits_for_stores_that_say_when_they_are_ready():
    """Everything has a health check and keeps what it must keep on a named volume."""
    said = compose.parsed()
    services, volumes = said["services"], set(said["volumes"])

    assert set(services) == {"app", "postgres", "clickhouse"}
    waits = services["app"]["depends_on"]
    assert {name: how["condition"] for name, how in waits.items()} == dict.fromkeys(
        ("postgres", "clickhouse"), "service_healthy"
    )
    assert "HEALTHCHECK" in (ROOT / "Dockerfile").read_text()
    assert all("healthcheck" in services[name] for name in waits)
    used = {mount.split(":")[0] for service in services.values() for mount in service["volumes"]}
    assert used == volumes


def test_the_image_runs_as_nobody_in_particular_and_keeps_its_data():
    """A user of its own, a volume at INVORA_DATA, and the ports that the settings say."""
    text = (ROOT / "Dockerfile").read_text()
    image = compose.image_settings()

    assert re.search(r"^USER (?!root|0)\w+$", text, re.MULTILINE)
    assert f"VOLUME {image['INVORA_DATA']}" in text
    assert "EXPOSE 8080 8081" in text
    app = compose.resolve(compose.parsed(), GIVEN)["services"]["app"]
    assert app["ports"] == ["8080:8080", "8081:8081"]
    assert app["volumes"] == [f"data:{image['INVORA_DATA']}"]


def test_the_app_starts_with_exactly_what_the_file_says(tmp_path):
    """`invora serve` with the resolved environment migrates both stores, answers, and stops."""
    with postgres_over_tcp() as postgres_port:
        given = GIVEN | {
            "POSTGRES_HOST": "127.0.0.1", "POSTGRES_PORT": str(postgres_port),
            "CLICKHOUSE_HOST": "127.0.0.1", "CLICKHOUSE_PORT": str(clickhouse_port()),
            "INVORA_PORT": str(free_port()), "INVORA_GRPC_PORT": str(free_port()),
        }  # fmt: skip
        app = compose.resolve(compose.parsed(), given)["services"]["app"]
        image = compose.image_settings() | {
            "INVORA_HOST": "127.0.0.1",
            "INVORA_DATA": str(tmp_path),
        }
        port = app["environment"]["INVORA_PORT"]
        with serving({**image, **app["environment"]}, f"http://127.0.0.1:{port}") as client:
            made = client.post(
                "/v1/organizations", json={"organization": {"name": "Composed"}},
                headers={"authorization": f"Bearer {GIVEN['INVORA_ADMIN_KEY']}"},
            )  # fmt: skip
            checks = [is_healthy(port) for port in (given["INVORA_PORT"], str(free_port()))]
            key = made.json()["organization"]["api_key"]
            listed = client.get("/v1/taxes", headers={"authorization": f"Bearer {key}"})

    assert made.status_code == 200, made.text
    assert listed.json()["taxes"] == []
    assert checks == [True, False], "the image's health check tells a server from none"


@contextmanager
def serving(environment: dict[str, str], url: str) -> Iterator[httpx.Client]:
    """Run `invora serve` with this environment and no other, and yield a client once it answers."""
    run = "import sys; from api.main import main; sys.argv = ['invora', 'serve']; main()"
    environment["PATH"] = os.environ["PATH"]
    process = subprocess.Popen(
        [sys.executable, "-c", run], cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True
    )
    try:
        with httpx.Client(base_url=url, timeout=30) as client:
            for _ in range(300):
                if process.poll() is not None:
                    pytest.fail(f"invora serve ended: {process.stderr.read()}")  # type: ignore[union-attr]
                try:
                    if client.get("/health").status_code == 200:
                        break
                except httpx.TransportError:
                    time.sleep(0.1)
            else:
                pytest.fail("invora serve does not answer within 30 s")
            yield client
    finally:
        process.terminate()
        process.communicate(timeout=30)


def is_healthy(port: str) -> bool:
    """Run the health check of the Dockerfile, as Docker would."""
    text = (ROOT / "Dockerfile").read_text().replace("\\\n", "")
    (command,) = re.findall(r"^HEALTHCHECK .* CMD (.+)$", text, re.MULTILINE)
    environment = {"PATH": str(Path(sys.executable).parent), "INVORA_PORT": port}
    done = subprocess.run(["/bin/sh", "-c", command], env=environment, capture_output=True)
    return done.returncode == 0


@contextmanager
def postgres_over_tcp() -> Iterator[int]:
    """Carry a port to the test PostgreSQL, which may listen on a file only, and make `invora`."""
    administer("drop database if exists invora")
    administer("drop role if exists invora")
    administer(f"create role invora login password '{GIVEN['POSTGRES_PASSWORD']}'")
    administer("create database invora owner invora")
    with socket.create_server(("127.0.0.1", 0)) as door:
        threading.Thread(target=_carry_all, args=[door], daemon=True).start()
        yield door.getsockname()[1]


def _carry_all(door: socket.socket) -> None:
    while True:
        try:
            near, _ = door.accept()
        except OSError:
            return  # the door was closed
        far = _postgres()
        for pair in ((near, far), (far, near)):
            threading.Thread(target=_carry, args=pair, daemon=True).start()


def _carry(source: socket.socket, target: socket.socket) -> None:
    try:
        while chunk := source.recv(1 << 16):
            target.sendall(chunk)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        target.close()


def _postgres() -> socket.socket:
    parts = urlsplit(postgres_server())
    if folder := parse_qs(parts.query).get("host", [""])[0]:
        found = socket.socket(socket.AF_UNIX)
        found.connect(str(next(Path(folder).glob(".s.PGSQL.*[0-9]"))))
        return found
    return socket.create_connection((parts.hostname, parts.port or 5432))


def free_port() -> int:
    """Return a port that nothing listened on a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])
