"""Where they meet: the stores, the servers that live on them, and the ways in which these end."""

import http.client
import json
import os
import random
import shutil
import signal
import socket
import tempfile
import time
from collections import Counter
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from api.proto.generate import generate, write
from api.rpc import Api
from api.services import SERVICES
from tests.engines import empty_ledger_url
from tests.ingest.kills.server import LEASE, POINTS, SERVERS, Life, audit, serve, shim

URLS = {"duckdb": "duckdb:///{}/warehouse.duckdb", "chdb": "chdb:///{}/chdb"}

ADMIN = "the-key-of-the-operator-of-these-servers"

PATIENCE_S = 8
"""How long servers may take to reach the points where they die; then one is killed anyway."""


class Refused(Exception):
    """An answer that was not 200."""


class Server:
    """One process, and the next that takes its place."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.port, self.grpc_port = free_port(), free_port()
        self.process: Any = None
        self.said: Any = None
        self.point = ""
        self.is_up = False

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"


class Arena:
    """The stores in a folder of their own, and one server on them; two on ClickHouse over HTTP."""

    def __init__(self, warehouse: str, seed: int) -> None:
        self.warehouse = warehouse
        self.draw = random.Random(seed)
        self.folder = Path(tempfile.mkdtemp(prefix="invora-kills-"))
        self.protos = self.folder / "protos"
        write(generate(Api(SERVICES), self.protos), self.protos)
        self.url = URLS.get(warehouse, "").format(self.folder)
        self.ledger = f"sqlite:///{self.folder}/ledger.sqlite"
        self.ends: Counter[str] = Counter()
        """How often servers ended, by how."""
        self._shim: Any = None
        self._due = list(POINTS[warehouse])
        """Points where no server has died yet."""
        if warehouse == "clickhouse":
            self._shim, port = self._spawn(shim, str(self.folder / "clickhouse"))
            self.url = f"clickhouse://default:@127.0.0.1:{port}/invora"
            self.ledger = empty_ledger_url("postgresql")
        self.servers = [Server(number) for number in range(2 if self._shim else 1)]

    # -- beginnings and ends

    def start(self, server: Server) -> None:
        """Start a server, and wait until it serves. It is to die at a point that is due, if any."""
        points = POINTS[self.warehouse]
        server.point = self._due.pop(0) if self._due else self.draw.choice([*points, "", "", ""])
        self._begin(server)

    def revive(self, server: Server) -> None:
        """Start a server that dies only if it is killed."""
        server.point = ""
        self._begin(server)

    def _begin(self, server: Server) -> None:
        life = Life(
            environment={
                "INVORA_DATA": str(self.folder / f"data-{server.number}"),
                "INVORA_WAREHOUSE_URL": self.url, "INVORA_LEDGER_URL": self.ledger,
                "INVORA_PORT": str(server.port), "INVORA_GRPC_PORT": str(server.grpc_port),
                "INVORA_ADMIN_KEY": ADMIN, "INVORA_SECRET_KEY": "s" * 40,
            },
            protos=str(self.protos), point=server.point, commits=self.draw.randint(1, 6),
        )  # fmt: skip
        server.process, _ = self._spawn(serve, life, server)
        server.is_up = True

    def end(self) -> Server:
        """Wait until a server dies of its own, or kill one: at some time, or at some change."""
        doomed = {server.said: server for server in self.servers if server.point}
        for said in wait(list(doomed), PATIENCE_S if len(doomed) == len(self.servers) else 0.2):
            return self._ended(doomed[said])
        server = self.draw.choice([each for each in self.servers if not each.point] or self.servers)
        if server.point not in self.ends and server.point:
            self._due.append(server.point)
        if self._shim is None and self.draw.random() < 0.6:
            self._await_changes()
            self.ends["at a change of files"] += 1
        else:
            time.sleep(self.draw.random() * 0.5)
            self.ends["at random"] += 1
        self.kill(server)
        return server

    def _ended(self, server: Server) -> Server:
        """A server has said where it is: it is dying, or pausing until another has its lease."""
        self.ends[server.point] += 1
        if "paused" in server.point:
            time.sleep(LEASE["LENGTH_S"] + 1.2)
            os.kill(server.process.pid, signal.SIGCONT)
            time.sleep(self.draw.random())
        else:
            server.process.join(5)
        self.kill(server)
        return server

    def kill(self, server: Server) -> None:
        """End a server as a power cut would."""
        server.is_up = False
        server.process.kill()
        server.process.join()
        server.said.close()

    def _spawn(self, do: Any, told: Any, server: Server | None = None) -> tuple[Any, Any]:
        mine, theirs = SERVERS.Pipe()
        process = SERVERS.Process(target=do, args=(told, theirs), daemon=True)
        process.start()
        theirs.close()
        assert mine.poll(120), "a process did not start"
        if server is not None:
            server.said = mine
        return process, mine.recv()

    def _await_changes(self) -> None:
        for _ in range(self.draw.randint(1, 8)):
            before, until = self._changes(), time.monotonic() + 0.3
            while self._changes() == before and time.monotonic() < until:
                pass
        time.sleep(self.draw.choice([0, 0, 0.001, 0.005]))

    def _changes(self) -> int:
        """A number that is another when a commit has begun to reach the disk."""
        total = 0
        for path, folders, files in os.walk(self.folder):
            total += len(folders)
            for name in files:
                try:
                    total += os.stat(os.path.join(path, name)).st_size
                except FileNotFoundError:
                    total += 1
        return total

    def close(self) -> None:
        """Leave nothing behind."""
        for server in self.servers:
            if server.process is not None and server.process.is_alive():
                self.kill(server)
        if self._shim is not None:
            self._shim.kill()
            self._shim.join()
        shutil.rmtree(self.folder, ignore_errors=True)

    # -- what is asked of it

    def ask(self, method: str, path: str, key: str, body: Any = None) -> Any:
        """Ask the first server that is up.

        Raises: Refused.
        """
        server = next(server for server in self.servers if server.is_up)
        headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        status, said = post(server, method, path, json.dumps(body) if body else None, headers, 120)
        if status != 200:
            raise Refused(f"{method} {path}: {status} {said}")
        return said

    def rows(self) -> tuple[list[tuple[Any, ...]], int]:
        """Everything that is stored, and how much was counted, read by a process of its own."""
        reader, (rows, counted) = self._spawn(audit, self.url)
        reader.join()
        return rows, counted


def post(
    server: Server, method: str, path: str, body: Any, headers: dict[str, str], seconds: float
) -> tuple[int, Any]:
    """Send one request over a connection of its own, and return status and answer."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=seconds)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read()
    finally:
        connection.close()
    return answer.status, json.loads(text) if text else None


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
