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

SAMPLES: dict[str, dict[str, Any]] = {
    "ingest/streams": {"frames": {"wanted": WANTED}},
    "ingest/newest": {},
    "ingest/keys": {},
    "ingest/size": {"first": 1, "last": 2},
    "ingest/known": {"frames": {"asked": KEYS}},
    "ingest/content": {"frames": {"found": FOUND}},
    "events/count": FILTER,
    "events/page": {**FILTER, **PLACE},
    "events/streams": {"organization": "o"},
    "events/rejected": {"organization": "o", "reason": "", "start": 0, "size": 10},
    "events/rejected_count": {"organization": "o", "reason": ""},
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
