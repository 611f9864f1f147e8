"""Ingest: what happened. Events in, by the million, each of them once."""

from ingest.corrections import (
    EventAmendment,
    EventCorrection,
    amend,
    browse_corrections,
    void,
)
from ingest.event import CorrectionKind, Event, EventInput
from ingest.expressions import evaluate_expression, forget
from ingest.limits import Limits
from ingest.limits import set_for as limit
from ingest.peers import PATH as PEERS
from ingest.peers import key as peer_key
from ingest.positions import DONE
from ingest.positions import find as position
from ingest.queries import browse, find, shown
from ingest.replays import find_rejected, rejected, replay, replay_all
from ingest.requests import (
    BulkQuery,
    EventMending,
    EventQuery,
    EventVerdicts,
    RejectedEvent,
    RejectedEventQuery,
    SampleEvent,
    SourcePosition,
    Verdict,
)
from ingest.service import bulk, create, create_batch, stream
from ingest.verdicts import VerdictKind
from ingest.writer import Writer, start, stop, take

__all__ = [
    "DONE", "PEERS", "BulkQuery", "CorrectionKind", "Event", "EventAmendment", "EventCorrection",
    "EventInput", "EventMending", "EventQuery", "EventVerdicts", "Limits", "RejectedEvent",
    "RejectedEventQuery", "SampleEvent", "SourcePosition", "Verdict", "VerdictKind", "Writer",
    "amend", "browse", "browse_corrections", "bulk", "create", "create_batch",
    "evaluate_expression", "find", "find_rejected", "forget", "limit", "peer_key", "position",
    "rejected", "replay", "replay_all", "shown", "start", "stop", "stream", "take", "void",
]  # fmt: skip
