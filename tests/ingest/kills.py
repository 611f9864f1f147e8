"""Producers that never stop, a server that is killed again and again, and whose books are right.

    python -m tests.ingest.kills --engine chdb --kills 500 --seed 7

Each producer keeps books of what it sent and of what it was told is stored. It retries, reorders,
repeats and regroups, through every door for events. The server is a real one, ended by SIGKILL: at
random, or just when its files change, which is in the middle of a commit. In the end everything
that was acknowledged must be there once, as it was sent first, and nothing else.
"""

import argparse
import http.client
import json
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

SERVERS = multiprocessing.get_context("forkserver")
SERVERS.set_forkserver_preload(["api.app", "api.services", "ingest", "sql.duck", "sql.click"])

PRODUCERS = 4

URLS = {"duckdb": "duckdb:///{}/warehouse.duckdb", "chdb": "chdb:///{}/chdb"}


def serve(data: str, url: str, ready: Any) -> None:
    """Serve both doors, without the scheduler, until killed."""
    import asyncio

    import uvicorn

    from api.app import App
    from api.settings import read

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    settings = read({
        "INVORA_DATA": data, "INVORA_WAREHOUSE_URL": url, "INVORA_PORT": "0",
        "INVORA_GRPC_PORT": "0",
    })  # fmt: skip
    app = App(settings, has_scheduler=False)
    config = uvicorn.Config(app.asgi, host="127.0.0.1", port=0, log_level="critical", lifespan="on")  # type: ignore[arg-type]
    server = uvicorn.Server(config)

    async def run() -> None:
        serving = asyncio.ensure_future(server.serve())
        while not server.started:
            await asyncio.sleep(0.005)
        ready.send((server.servers[0].sockets[0].getsockname()[1], settings.admin_key))
        await serving

    asyncio.run(run())


def audit(url: str, answer: Any) -> None:
    """Send all that is stored: sequence, transaction id and properties, in order."""
    from sql.warehouse import open_warehouse
    from tests.engines import execute

    warehouse = open_warehouse(url)
    asked = (
        "select e.sequence, s.external_subscription_id, e.transaction_id, e.properties "
        "from events as e join streams as s on s.stream = e.stream order by e.sequence"
    )
    answer.send([tuple(row) for row in execute(warehouse, asked)])
    warehouse.close()


class Arena:
    """A data folder, and the server on it, if one lives."""

    def __init__(self, engine: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="invora-kills-"))
        self.url = URLS[engine].format(self.folder)
        self.port = 0
        self.admin_key = ""
        self.process: Any = None

    def start(self) -> None:
        """Start a server, and wait until it serves."""
        mine, theirs = SERVERS.Pipe()
        self.process = SERVERS.Process(target=serve, args=(str(self.folder), self.url, theirs))
        self.process.start()
        assert mine.poll(120), "the server did not start"
        self.port, self.admin_key = mine.recv()

    def kill(self) -> None:
        """End it as a power cut would."""
        self.port = 0
        self.process.kill()
        self.process.join()

    def rows(self) -> list[tuple[Any, ...]]:
        """Everything that is stored."""
        mine, theirs = SERVERS.Pipe()
        reader = SERVERS.Process(target=audit, args=(self.url, theirs))
        reader.start()
        assert mine.poll(120), "the warehouse could not be read"
        found: list[tuple[Any, ...]] = mine.recv()
        reader.join()
        return found

    def changes(self) -> int:
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
        if self.process is not None and self.process.is_alive():
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class Producer(threading.Thread):
    """One that sends events and keeps books."""

    def __init__(self, name: str, arena: Arena, key: str, seed: int) -> None:
        super().__init__(name=name, daemon=True)
        self.arena = arena
        self.draw = random.Random(seed)
        self.headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self.sent: dict[str, dict[str, Any]] = {}
        self.open: set[str] = set()
        """Sent, but nobody said that they are stored."""
        self.is_over = False
        self.answers: Counter[str] = Counter()
        self.failure: BaseException | None = None

    def run(self) -> None:
        """Send until told to stop, then until everything is acknowledged."""
        try:
            while not self.is_over or self.open:
                if not self.is_over and len(self.open) < 200:
                    for _ in range(self.draw.randint(0, 12)):
                        self._invent()
                if not self._send():
                    time.sleep(0.02)
        except BaseException as failure:
            self.failure = failure

    def _invent(self) -> None:
        name = f"{self.name}-{len(self.sent)}"
        self.sent[name] = {
            "transaction_id": name, "code": "calls", "timestamp": 1_700_000_000 + len(self.sent),
            "external_subscription_id": f"s{self.draw.randrange(5)}",
            "properties": {"n": str(self.draw.randrange(1000)), "by": self.name},
        }  # fmt: skip
        self.open.add(name)

    def _send(self) -> bool:
        """Send some events through some door; True if the server answered."""
        some = self.draw.sample(sorted(self.open), min(len(self.open), self.draw.randint(1, 30)))
        door = self.draw.choice(["single", "batch", "bulk", "bulk"])
        if door == "bulk" and self.sent:  # repeat some, in one body or of one that was answered
            some += self.draw.choices(sorted(self.sent), k=self.draw.randint(0, 10))
            self.draw.shuffle(some)
        if not some or not self.arena.port:
            return False
        try:
            return getattr(self, f"_{door}")([self.sent[name] for name in some])
        except (OSError, http.client.HTTPException):
            self.answers["lost"] += 1
            return False

    def _post(self, path: str, body: Any, lines: bool = False) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.arena.port, timeout=30)
        try:
            headers = dict(self.headers)
            if lines:
                headers["Content-Type"] = "application/x-ndjson"
                body = "\n".join(map(json.dumps, body))
            connection.request("POST", path, body if lines else json.dumps(body), headers)
            answer = connection.getresponse()
            said = json.loads(answer.read())
        finally:
            connection.close()
        self.answers[f"{path} {answer.status}"] += 1
        assert answer.status in (200, 422, 429, 503), (path, answer.status, said)
        return answer.status, said

    def _single(self, events: list[dict[str, Any]]) -> bool:
        status, said = self._post("/v1/events", {"event": events[0]})
        if status == 422:
            assert said["error_details"] == {"transaction_id": ["value_already_exist"]}, said
        if status in (200, 422):
            self.open.discard(events[0]["transaction_id"])
        return True

    def _batch(self, events: list[dict[str, Any]]) -> bool:
        status, said = self._post("/v1/events/batch", {"events": events})
        if status == 200:
            self.open -= {event["transaction_id"] for event in events}
        if status == 422:  # those are stored that are said to be; of the others, none
            self.open -= {events[int(place)]["transaction_id"] for place in said["error_details"]}
        return True

    def _bulk(self, events: list[dict[str, Any]]) -> bool:
        status, said = self._post("/v1/events/bulk", events, lines=True)
        if status == 200:
            assert said["rejected"] == 0, said
            assert all(verdict["is_same"] for verdict in said["verdicts"]), said
            self.open -= {event["transaction_id"] for event in events}
        return True


def organization(arena: Arena) -> str:
    """Make an organization, and return its key."""
    connection = http.client.HTTPConnection("127.0.0.1", arena.port, timeout=60)
    headers = {"Authorization": f"Bearer {arena.admin_key}", "Content-Type": "application/json"}
    body = json.dumps({"organization": {"name": "Kills"}})
    connection.request("POST", "/v1/organizations", body, headers)
    said = json.loads(connection.getresponse().read())
    return str(said["organization"]["api_key"])


def doom(arena: Arena, draw: random.Random) -> None:
    """Wait for the moment to kill: some time, or some change of the files."""
    if draw.random() < 0.3:
        time.sleep(draw.random() * 0.5)
    else:
        for _ in range(draw.randint(1, 8)):
            before, until = arena.changes(), time.monotonic() + 0.3
            while arena.changes() == before and time.monotonic() < until:
                pass
        time.sleep(draw.choice([0, 0, 0.001, 0.005]))
    arena.kill()


def fight(engine: str, kills: int, seed: int) -> dict[str, int]:
    """Kill the server `kills` times, let the producers finish, and hold their books against it."""
    draw = random.Random(seed)
    arena = Arena(engine)
    try:
        arena.start()
        key = organization(arena)
        producers = [
            Producer(f"p{number}", arena, key, draw.randrange(2**32)) for number in range(PRODUCERS)
        ]
        for producer in producers:
            producer.start()
        for _ in range(kills):
            doom(arena, draw)
            arena.start()
        for producer in producers:
            producer.is_over = True
        for producer in producers:
            producer.join(120)
            if producer.failure is not None:
                raise producer.failure
            assert not producer.is_alive(), f"{producer.name} has {len(producer.open)} open events"
        arena.kill()
        return settled(arena.rows(), producers)
    finally:
        arena.close()


def settled(rows: list[tuple[Any, ...]], producers: list[Producer]) -> dict[str, int]:
    """Compare what is stored with the books, and return what there was."""
    books = {
        (event["external_subscription_id"], name): event["properties"]
        for producer in producers
        for name, event in producer.sent.items()
    }
    stored = [((subscription, name), json.loads(text)) for _, subscription, name, text in rows]
    counted = Counter(key for key, _ in stored)
    assert not (twice := [key for key, times in counted.items() if times > 1]), f"twice: {twice}"
    assert not (lost := books.keys() - counted.keys()), f"lost: {sorted(lost)[:10]}"
    assert not (strange := counted.keys() - books.keys()), f"nobody sent {sorted(strange)[:10]}"
    assert dict(stored) == books
    assert sum(int(said["n"]) for _, said in stored) == sum(int(b["n"]) for b in books.values())
    assert [sequence for sequence, *_ in rows] == list(range(1, len(rows) + 1))
    answers = sum((producer.answers for producer in producers), Counter[str]())
    return {"events": len(rows), **dict(sorted(answers.items()))}


def main() -> None:
    """Fight as told, and print what there was."""
    parser = argparse.ArgumentParser(description="Kill a server that takes events, many times.")
    parser.add_argument("--engine", choices=sorted(URLS), default="duckdb")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    asked = parser.parse_args()
    print(f"engine {asked.engine}, {asked.kills} kills, seed {asked.seed}", flush=True)
    begun = time.monotonic()
    found = fight(asked.engine, asked.kills, asked.seed)
    print(json.dumps(found, indent=2), f"{time.monotonic() - begun:.0f} s", file=sys.stdout)


if __name__ == "__main__":
    main()
