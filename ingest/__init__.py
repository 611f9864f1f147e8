"""Ingest: what happened. Events in, by the million, each of them once."""

from ingest.event import Event, EventInput
from ingest.queries import browse, find, rejected
from ingest.requests import (
    EventQuery,
    EventVerdicts,
    RejectedEvent,
    RejectedEventQuery,
    Verdict,
    VerdictQuery,
)
from ingest.service import bulk, create, create_batch, stream
from ingest.verdicts import VerdictKind
from ingest.writer import Writer, start, stop

__all__ = [
    "Event", "EventInput", "EventQuery", "EventVerdicts", "RejectedEvent", "RejectedEventQuery",
    "Verdict", "VerdictKind", "VerdictQuery", "Writer", "browse", "bulk", "create", "create_batch",
    "find", "rejected", "start", "stop", "stream",
]  # fmt: skip
