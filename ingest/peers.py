"""Processes that do not write hand what they were sent to the one that does, over its REST door.

What is handed over was read and checked already, and many requests go together: the writer of a
warehouse spends its time on nothing but writing.
"""

import hmac
import http.client
import io
from collections.abc import Sequence
from concurrent.futures import Future
from datetime import datetime
from itertools import accumulate, pairwise
from urllib.parse import urlsplit

import msgspec
import polars as pl
from msgspec import Struct

from ingest import batch
from ingest.group import Correction, Group
from metering.measures.refusals import Busy, Refusal, Unavailable

PATH = "/peers/events"
"""Where the writer takes what others hand over."""

SECONDS = 15
"""How long a hand-over may take."""


class Unreachable(Exception):
    """Nothing was handed over: nobody listens there, or it is not the writer."""


class Head(Struct, frozen=True, array_like=True):
    """One request among many: how many rows of both frames are its own."""

    organization: str
    received_at: datetime
    is_whole: bool
    size: int
    rejected: int
    correction: Correction | None


class Handed(Struct, frozen=True, array_like=True):
    """Requests, as one process hands them to another. The frames are Arrow streams."""

    heads: list[Head]
    rows: bytes
    rejected: bytes


class Told(Struct, frozen=True, array_like=True):
    """What became of them: a code for each that was refused, and one frame for the others."""

    refusals: list[str]
    outcomes: bytes


def key(secret: bytes) -> str:
    """What a process shows to another: it knows the secret that all of them share."""
    return hmac.digest(secret, b"invora peers", "sha256").hex()


def hand(url: str, secret: bytes, groups: Sequence[Group]) -> None:
    """Hand groups to the process at a URL, wait until they are stored, and answer them.

    Raises: Unreachable; Unavailable `events_not_written`, when nobody knows what became of them.
    """
    told = msgspec.msgpack.decode(_post(url, secret, _packed(groups)), type=Told)
    frame = pl.read_ipc_stream(told.outcomes)
    start = 0
    for group, refusal in zip(groups, told.refusals, strict=True):
        if refusal:
            kind = Busy if refusal == "too_many_events" else Unavailable
            group.answer.set_exception(kind(refusal, "The process that writes said so."))
            continue
        group.answer.set_result(frame[start : start + len(group.rows)])
        start += len(group.rows)


def groups_of(body: bytes) -> list[Group]:
    """Read what was handed over."""
    handed = msgspec.msgpack.decode(body, type=Handed)
    rows, rejected = pl.read_ipc_stream(handed.rows), pl.read_ipc_stream(handed.rejected)
    return [
        Group(
            organization=head.organization, received_at=head.received_at, is_whole=head.is_whole,
            rows=rows[place[0] : place[1]], rejected=rejected[left[0] : left[1]], is_handed=True,
            correction=head.correction,
        )
        for head, place, left in zip(
            handed.heads,
            pairwise(accumulate((head.size for head in handed.heads), initial=0)),
            pairwise(accumulate((head.rejected for head in handed.heads), initial=0)),
            strict=True,
        )
    ]  # fmt: skip


def told(answers: "Sequence[Future[pl.DataFrame]]", seconds: int) -> bytes:
    """Wait for the answers of groups that were handed over, and write them down."""
    refusals, frames = [], []
    for answer in answers:
        try:
            frames.append(answer.result(seconds))
            refusals.append("")
        except Refusal as refused:
            refusals.append(refused.code)
        except TimeoutError:
            refusals.append("events_not_written")
    said = Told(
        refusals=refusals, outcomes=_stream(pl.concat(frames) if frames else pl.DataFrame())
    )
    return msgspec.msgpack.encode(said)


def _packed(groups: Sequence[Group]) -> bytes:
    frames = [
        group.rows if isinstance(group.rows, pl.DataFrame) else batch.of(group.rows)
        for group in groups
    ]
    heads = [
        Head(
            g.organization, g.received_at, g.is_whole, len(g.rows), len(g.rejected), g.correction
        )
        for g in groups
    ]  # fmt: skip
    rejected = pl.concat(group.rejected for group in groups)
    handed = Handed(heads=heads, rows=_stream(pl.concat(frames)), rejected=_stream(rejected))
    return msgspec.msgpack.encode(handed)


def _stream(frame: pl.DataFrame) -> bytes:
    sink = io.BytesIO()
    frame.write_ipc_stream(sink)
    return sink.getvalue()


def _post(url: str, secret: bytes, body: bytes) -> bytes:
    at = urlsplit(url)
    kind = http.client.HTTPSConnection if at.scheme == "https" else http.client.HTTPConnection
    connection = kind(at.hostname or "", at.port, timeout=SECONDS)
    try:
        try:
            connection.connect()
        except OSError as error:
            raise Unreachable(f"{url}: {error}") from error
        try:
            connection.request("POST", PATH, body, {"Authorization": f"Bearer {key(secret)}"})
            answer = connection.getresponse()
            said = answer.read()
        except (OSError, http.client.HTTPException) as lost:
            raise Unavailable("events_not_written", "The process that writes is gone.") from lost
    finally:
        connection.close()
    if answer.status != http.client.OK:
        raise Unreachable(f"{url} says {answer.status}")
    return said
