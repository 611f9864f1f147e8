"""Who sends events and keeps books."""

import http.client
import io
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from api.proto.stub import Failed, Stub
from api.rpc import Api
from api.services import SERVICES
from tests.ingest.kills.arena import Arena, Server, post

API = Api(SERVICES)

SUBSCRIPTIONS = tuple(f"s{number}" for number in range(5))
"""What is billed."""

DOORS = ("single", "batch", "json", "ndjson", "arrow", "stream")

FIRST = 1_768_003_200
"""The tenth of January 2026: where the time of events begins."""

SECONDS = 12
"""How long an answer is waited for."""

Event = dict[str, Any]


class Producer(threading.Thread):
    """One that sends events until it is told to stop, then until everything is acknowledged."""

    def __init__(self, name: str, arena: Arena, key: str, seed: int) -> None:
        super().__init__(name=name, daemon=True)
        self.arena = arena
        self.draw = random.Random(seed)
        self.key = key
        self.sent: dict[str, Event] = {}
        self.open: set[str] = set()
        """Sent, but nobody said that they are stored."""
        self.is_over = False
        self.answers: Counter[str] = Counter()
        self.failure: BaseException | None = None

    def run(self) -> None:
        """Send, and mind what is said."""
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
        number = len(self.sent)
        name = f"{self.name}-{number}"
        is_known = self.draw.random() < 0.9
        subscription = self.draw.choice(SUBSCRIPTIONS) if is_known else f"x-{name}"
        self.sent[name] = {
            "transaction_id": name, "code": self.draw.choice(["calls", "traffic"]),
            "timestamp": FIRST + number % 500_000, "external_subscription_id": subscription,
            "properties": {"n": f"{self.draw.randrange(1000)}.{self.draw.randrange(10)}5"},
        }  # fmt: skip
        self.open.add(name)

    def _send(self) -> bool:
        """Send some events through some door; True if a server answered."""
        some = self.draw.sample(sorted(self.open), min(len(self.open), self.draw.randint(1, 30)))
        door = self.draw.choice(DOORS)
        if door not in ("single", "batch") and self.sent:
            # Some are sent again: in one body with the first time, or after they were answered.
            some += self.draw.choices(sorted(self.sent), k=self.draw.randint(0, 10))
            self.draw.shuffle(some)
        up = [server for server in self.arena.servers if server.is_up]
        if not some or not up:
            return False
        events = [self.sent[name] for name in some]
        if len(up) > 1 and self.draw.random() < 0.3:  # both are sent the same, at the same time
            twin = threading.Thread(target=self._try, args=(up[1], door, events))
            twin.start()
            answered = self._try(up[0], door, events)
            twin.join()
            return answered
        return self._try(self.draw.choice(up), door, events)

    def _try(self, server: Server, door: str, events: list[Event]) -> bool:
        try:
            getattr(self, f"_{door}")(server, events)
        except (OSError, http.client.HTTPException):
            self.answers["lost"] += 1
            return False
        except Failed as failed:
            self.answers[f"stream {failed.status}"] += 1
            if failed.status not in ("UNAVAILABLE", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED"):
                self.failure = failed
            return False
        except BaseException as failure:
            self.failure = failure
            raise
        return True

    # -- the doors

    def _post(
        self, server: Server, path: str, body: Any, kind: str = "application/json"
    ) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": kind}
        status, said = post(server, "POST", path, body, headers, SECONDS)
        self.answers[f"{path} {status}"] += 1
        assert status in (200, 422, 429, 503), (path, status, said)
        return status, said

    def _single(self, server: Server, events: list[Event]) -> None:
        status, said = self._post(server, "/v1/events", json.dumps({"event": events[0]}))
        if status == 422:
            assert said["error_details"] == {"transaction_id": ["value_already_exist"]}, said
        if status in (200, 422):
            self._close(events[:1])

    def _batch(self, server: Server, events: list[Event]) -> None:
        status, said = self._post(server, "/v1/events/batch", json.dumps({"events": events}))
        if status == 200:
            self._close(events)
        if status == 422:  # those are stored that are said to be; of the others, none
            self._close([events[int(place)] for place in said["error_details"]])

    def _json(self, server: Server, events: list[Event]) -> None:
        self._bulk(server, events, json.dumps(events), "application/json")

    def _ndjson(self, server: Server, events: list[Event]) -> None:
        self._bulk(server, events, "\n".join(map(json.dumps, events)), "application/x-ndjson")

    def _arrow(self, server: Server, events: list[Event]) -> None:
        rows = [{**event, "timestamp": str(event["timestamp"])} for event in events]
        table, sink = pa.Table.from_pylist(rows), io.BytesIO()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        self._bulk(server, events, sink.getvalue(), "application/vnd.apache.arrow.stream")

    def _bulk(self, server: Server, events: list[Event], body: Any, kind: str) -> None:
        status, said = self._post(server, "/v1/events/bulk", body, kind)
        if status == 200:
            self._settle(events, said)

    def _stream(self, server: Server, events: list[Event]) -> None:
        stub = Stub(API, f"127.0.0.1:{server.grpc_port}", self.arena.protos)
        try:
            op = API["EventService.CreateStream"]
            (said,) = stub.call(op, [{"event": event} for event in events], self.key)
            self.answers["stream OK"] += 1
        finally:
            stub.close()
        self._settle(events, said)

    def _settle(self, events: Sequence[Event], said: Any) -> None:
        assert said["rejected"] == 0, said
        assert said["received"] == len(events), said
        assert all(verdict["is_same"] for verdict in said["verdicts"]), said
        self._close(events)

    def _close(self, events: Sequence[Event]) -> None:
        for event in events:
            self.open.discard(event["transaction_id"])
