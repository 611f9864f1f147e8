"""The client's side of the HTTP measures: bodies that were made before, over kept connections."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from api.commands.client import Client

CLIENTS = 4
"""Connections that bulk bodies are sent over at the same time."""

LENGTH = b"content-length:"


class Unexpected(Exception):
    """The server answered something else than was counted on."""


def bulk(url: str, key: str, content_type: str, bodies: Sequence[bytes], count: int) -> float:
    """Send bodies of events, and return the seconds until the last one was answered.

    Raises: Unexpected, unless every one of the `count` events was accepted.
    """
    client = Client(url, key)
    with ThreadPoolExecutor(CLIENTS) as pool:
        started = time.perf_counter()
        sent = [pool.submit(client.send, "/events/bulk", content_type, body) for body in bodies]
        accepted = sum(answer.result()["accepted"] for answer in sent)
        took = time.perf_counter() - started
    if accepted != count:
        raise Unexpected(f"{accepted} of {count} events were accepted")
    return took


def singly(url: str, key: str, bodies: Sequence[bytes], connections: int) -> float:
    """Send one event per request over several connections, and return the seconds it took.

    Raises: Unexpected.
    """
    requests = [_request("POST", "/v1/events", url, key, body) for body in bodies]
    return asyncio.run(_all(url, requests, connections))


def usage(url: str, key: str, numbers: Sequence[int]) -> list[float]:
    """Ask for the current usage of subscriptions, one after another: the milliseconds of each."""
    client = Client(url, key)
    return [_asked(client, number) for number in numbers]


def _asked(client: Client, number: int) -> float:
    started = time.perf_counter()
    answer = client.get(
        f"/customers/cus-{number}/current_usage", external_subscription_id=f"sub-{number}"
    )
    took = (time.perf_counter() - started) * 1_000
    if len(answer["customer_usage"]["charges_usage"]) != 5:
        raise Unexpected(f"subscription {number} shows no usage")
    return took


async def _all(url: str, requests: Sequence[bytes], connections: int) -> float:
    waiting = iter(requests)
    opened = [await _open(url) for _ in range(connections)]
    started = time.perf_counter()
    await asyncio.gather(*(_send(reader, writer, waiting) for reader, writer in opened))
    took = time.perf_counter() - started
    for _, writer in opened:
        writer.close()
    return took


async def _open(url: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    at = urlsplit(url)
    return await asyncio.open_connection(at.hostname, at.port)


async def _send(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, waiting: Iterator[bytes]
) -> None:
    """Send what waits, the next once the last was answered."""
    for request in waiting:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = next(int(line[len(LENGTH) :]) for line in lines if line.startswith(LENGTH))
        body = await reader.readexactly(length)
        if b" 200 " not in lines[0]:
            raise Unexpected(body.decode(errors="replace"))


def _request(method: str, path: str, url: str, key: str, body: bytes) -> bytes:
    head = (
        f"{method} {path} HTTP/1.1\r\nhost: {urlsplit(url).netloc}\r\n"
        f"authorization: Bearer {key}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
