"""Sample rows and parameters for the warehouse's statements."""

from datetime import UTC, datetime
from typing import Any

import polars as pl

from sql.types import AMOUNT, INSTANT

AT = datetime(2024, 3, 1, tzinfo=UTC)

KEYS = pl.DataFrame({"key_low": [1, 2]}, schema={"key_low": pl.UInt64})
FOUND = pl.DataFrame(
    {"stream": [1], "code": ["calls"], "at": [AT], "sequence": [1]},
    schema={"stream": pl.Int64, "code": pl.String, "at": INSTANT, "sequence": pl.Int64},
)
WANTED = pl.DataFrame({"organization_id": ["o"], "external_subscription_id": ["s"]})
FILTER = {
    "organization": "o", "any_subscription": True, "subscription": "", "code": "", "earliest": AT,
    "latest": AT,
}  # fmt: skip
PLACE = {
    "start": 0, "size": 10, "after": False, "after_at": AT, "after_transaction": "",
    "after_sequence": 0,
}  # fmt: skip

CORRECTED = {"organization": "o", "any_subscription": True, "subscription": "", "transaction": ""}
REJECTED = {
    "organization": "o", "id": "", "reason": "", "any_subscription": True, "subscription": "",
    "code": "", "earliest": AT, "latest": AT, "replayed": False, "before": "",
}  # fmt: skip

EVER, END = datetime(2024, 1, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)
BOOKS: dict[str, pl.DataFrame] = {
    "windows": pl.DataFrame(
        [(1, "i", "s", "p", EVER, END, 2, END, True)],
        schema={
            "stream": pl.Int64, "invoice_id": pl.String, "external_subscription_id": pl.String,
            "plan_id": pl.String, "start": INSTANT, "stop": INSTANT, "watermark": pl.Int64,
            "billed_at": INSTANT, "is_final": pl.Boolean,
        },
        orient="row",
    ),
    "terms": pl.DataFrame(
        [("p", "c", "calls", "n", "number", False, EVER, datetime(2299, 1, 1, tzinfo=UTC))],
        schema={
            **dict.fromkeys(("plan_id", "charge_id", "code", "field", "needs"), pl.String),
            "recurring": pl.Boolean, "since": INSTANT, "until": INSTANT,
        },
        orient="row",
    ),
}  # fmt: skip
"""What was billed of stream 1, and by which charge."""
STANDING = BOOKS["terms"].drop("charge_id", "since", "until")
SPANS = BOOKS["windows"].select("stream", "plan_id", "start", "stop", is_invoiced="is_final")
CODES = pl.DataFrame({"code": ["calls"]})
PERIOD = {"organization": "o", "start": EVER, "stop": END}
PART = {"parts": 1, "part": 0}

SAMPLES: dict[str, dict[str, Any]] = {
    "ingest/streams": {"frames": {"wanted": WANTED}},
    "ingest/newest": {},
    "ingest/keys": {},
    "ingest/events_between": {"first": 1, "last": 2},
    "ingest/streams_between": {"first": 1, "last": 2},
    "ingest/counted": {},
    "ingest/corrections_of": {"frames": {"found": FOUND}},
    "ingest/unfinished": {},
    "events/corrections": {**CORRECTED, "start": 0, "size": 10},
    "events/corrections_count": CORRECTED,
    "ingest/uncounted": {"after": 0, "last": 9},
    "ingest/receptions_between": {"first": 1, "last": 2},
    "ingest/corrections_between": {"first": 1, "last": 2},
    "ingest/known": {"frames": {"asked": KEYS}},
    "ingest/content": {"frames": {"found": FOUND}},
    "reconciliation/received": PERIOD,
    "reconciliation/rejected": PERIOD,
    "reconciliation/stored": {**PERIOD, "until": 9},
    "reconciliation/found": {
        "frames": {"wanted": pl.DataFrame({"sequence": [1]})},
        "organization": "o",
    },
    "reconciliation/reasons": {
        "frames": {**BOOKS, "standing": STANDING, "spans": SPANS, "codes": CODES},
        "slots": {"place": "sequence", "number": "[0-9]+"},
        **PERIOD,
        **PART,
        "until": 9,
        "any_subscription": True,
        "subscription": "",
        "code": "",
        "reason": "",
        "size": 10,
        "skipped": 0,
    },
    "reconciliation/lines": {"frames": BOOKS, "slots": {"number": "[0-9]+"}, **PART},
    "reconciliation/changes": {"frames": BOOKS, "slots": {"number": "[0-9]+"}, "until": 9},
    "events/count": FILTER,
    "events/page": {**FILTER, **PLACE},
    "events/streams": {"organization": "o"},
    "events/rejected": {**REJECTED, "start": 0, "size": 10},
    "events/rejected_count": REJECTED,
}
"""What each statement of ingest is asked with."""


def sample(name: str) -> dict[str, Any]:
    """The arguments of a statement."""
    return SAMPLES[name]


def events(size: int, start: int = 1) -> pl.DataFrame:
    """Events of stream 1 with the sequences from `start`, and scattered identities."""
    number = pl.int_range(start, start + size, dtype=pl.Int64)
    return pl.select(
        stream=pl.lit(1, pl.Int64),
        code=pl.repeat("calls", size),
        at=pl.lit(AT).cast(INSTANT),
        transaction_id=pl.format("t{}", number),
        key_high=number.hash(1),
        key_low=number.hash(2),
        properties=pl.lit('{"n":"1"}'),
        precise_total_amount_cents=pl.lit(None, AMOUNT),
        sequence=number,
        received_at=pl.lit(AT).cast(INSTANT),
    )
