"""Bodies of any size through the real doors: what a server holds of them stays within bounds."""

import gzip
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import grpc
import httpx
import pytest
from backports import zstd

from api.proto.codec import Codec
from api.proto.files import PACKAGE
from api.proto.pool import ROOT, load
from api.rpc import Api
from api.services import SERVICES
from tests.api.platform.served import ADMIN
from tests.api.platform.test_serve import command

BODY_MB = 240
"""Of the bodies that are sent."""

GROWTH_MB = 200
"""What a server may grow by while it takes one in: it holds blocks of 4 MB in several shapes."""

NDJSON = "application/x-ndjson"

BULK = "/v1/events/bulk"


class Server:
    """A real server in a process of its own, and one organization in it."""

    def __init__(self, process: subprocess.Popen, line: str) -> None:
        url, port = re.search(r"REST at (.*)/v1, gRPC at port (\d+)", line).groups()
        self.pid = process.pid
        self.http = httpx.Client(base_url=url, timeout=120)
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self.messages = Codec(*load(Api(SERVICES), ROOT))
        self.key = self.organization()

    def organization(self) -> str:
        """Open an organization, and return its key."""
        headers = {"authorization": f"Bearer {ADMIN}"}
        body = {"organization": {"name": "Acme"}}
        made = self.http.post("/v1/organizations", json=body, headers=headers)
        return made.json()["organization"]["api_key"]

    def send(self, body, content_type=NDJSON, encoding="") -> httpx.Response:
        """Send a body to the bulk door."""
        headers = {
            "authorization": f"Bearer {self.key}", "content-type": content_type,
            "content-encoding": encoding,
        }  # fmt: skip
        return self.http.post(BULK, content=body, headers=headers)

    def upload(self, chunks) -> object:
        """Send a body over gRPC, chunk by chunk."""
        return self._call("CreateBulk", ({"content_type": NDJSON, "data": c} for c in chunks))

    def stream(self, events) -> object:
        """Send events over gRPC, one after another."""
        return self._call("CreateStream", ({"event": event} for event in events))

    def _call(self, name: str, said) -> object:
        request, response = (
            self.messages.message(f"{PACKAGE}.EventService{name}{end}")
            for end in ("Request", "Response")
        )
        call = self.channel.stream_unary(
            f"/{PACKAGE}.EventService/{name}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=response.FromString,
        )
        held = [("authorization", f"Bearer {self.key}")]
        return call((request(**fields) for fields in said), metadata=held, timeout=120)

    def peak(self) -> int:
        """The most memory that it ever had, in MB."""
        said = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", said)[1]) >> 10


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[Server]:
    """A server that takes 64 MB in one body of Parquet or packed text, 4 MB in one event."""
    made = command(tmp_path_factory.mktemp("uploads"), "serve", INVORA_EVENT_MB="4")
    made["env"]["INVORA_BODY_MB"] = str(BODY_MB + 64)
    process = subprocess.Popen(**made, stderr=subprocess.PIPE, text=True)
    try:
        line = next((line for line in process.stderr if "REST at" in line), None)
        assert line is not None, "the server did not start"
        found = Server(process, line)
        assert found.send(block()).json()["accepted"] == 100
        yield found
        found.http.close()
        found.channel.close()
    finally:
        process.kill()
        process.communicate()


def event(number: int, text: str) -> dict:
    """One event of ten thousand bytes or so."""
    return {"transaction_id": f"t{number}", "code": "c", "properties": {"text": text}}


def block() -> bytes:
    """A hundred events in a megabyte: sent again and again, they are stored once."""
    return "".join(json.dumps(event(number, "x" * 10_430)) + "\n" for number in range(100)).encode()


def blocks() -> Iterator[bytes]:
    """A body that nobody holds."""
    sent = block()
    return (sent for _ in range(BODY_MB))


def arrays() -> Iterator[bytes]:
    """The same as one JSON array."""
    sent = block().replace(b"\n", b",")
    yield b"["
    for _ in range(BODY_MB):
        yield sent
    yield block().splitlines()[0] + b"]"


def packed() -> Iterator[bytes]:
    """The same in a few hundred KB."""
    packer = zstd.ZstdCompressor()
    for sent in blocks():
        yield packer.compress(sent)
    yield packer.flush()


SENDING = {
    "lines": lambda server: server.send(blocks()).json(),
    "array": lambda server: server.send(arrays(), "application/json").json(),
    "zstd": lambda server: server.send(packed(), encoding="zstd").json(),
    "grpc": lambda server: server.upload(blocks()),
    "stream": lambda server: server.stream(
        event(number % 100, "x" * 10_430) for number in range(BODY_MB * 100)
    ),
}


@pytest.mark.parametrize("way", SENDING)
def test_a_body_of_any_size_is_held_in_little_memory(server, way):
    """240 MB, 24,000 events of which 100 are new: the server grows by a part of it."""
    before = server.peak()

    answer = SENDING[way](server)

    said = answer if isinstance(answer, dict) else {
        name: getattr(answer, name) for name in ("received", "duplicates")
    }  # fmt: skip
    assert said["received"] == said["duplicates"] == BODY_MB * 100 + (way == "array")
    assert server.peak() - before < GROWTH_MB, f"from {before} to {server.peak()} MB"


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_small_body_that_unpacks_to_much_is_cut_off(server, encoding):
    """Some KB say 320 MB of blank lines, where 304 are let in: 413, and little memory."""
    before, blank = server.peak(), b"\n" * (320 << 20)
    body = gzip.compress(blank, 1) if encoding == "gzip" else zstd.compress(blank)
    assert len(body) < 2 << 20

    answer = server.send(body, encoding=encoding)

    assert answer.status_code == 413, answer.text
    assert answer.json()["error"].endswith("bytes, unpacked")
    assert server.peak() - before < GROWTH_MB


def test_an_event_that_is_too_large_is_not_collected(server):
    """A line that never ends, where an event may have 4 MB: 413, and little memory."""
    before = server.peak()

    answer = server.send(b"x" * (1 << 20) for _ in range(BODY_MB))

    assert answer.status_code == 413, answer.text
    assert server.peak() - before < GROWTH_MB
