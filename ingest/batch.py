"""Many events as columns: as they were sent, and as they are kept once they were checked."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import polars as pl

from ingest.event import EARLIEST, LATEST
from metering.columns import plain
from sql.types import AMOUNT, INSTANT

TEXT = pl.String()
WHOLE = pl.Int64()

SENT = pl.Schema({
    "transaction_id": TEXT, "code": TEXT, "external_subscription_id": TEXT,
    "timestamp": TEXT, "properties": TEXT, "precise_total_amount_cents": TEXT,
    "reason": TEXT, "content": TEXT, "at": INSTANT,
})  # fmt: skip
"""What a format reads: texts, or null for what was not sent. `properties` are as they are stored.

A format whose instants have a type says them in `at`, in place of `timestamp`.

A row that could not be read at all has a `reason`, and its `content` as far as it was understood.
"""

ROWS = pl.Schema({
    "external_subscription_id": TEXT, "transaction_id": TEXT, "code": TEXT,
    "at": INSTANT, "is_dated": pl.Boolean(), "properties": TEXT,
    "precise_total_amount_cents": AMOUNT,
})  # fmt: skip
"""What the writer takes. `is_dated` says whether the instant was sent; else it is the reception."""

EVENTS = pl.Schema({
    "stream": WHOLE, "code": TEXT, "at": INSTANT, "transaction_id": TEXT,
    "key_high": pl.UInt64(), "key_low": pl.UInt64(), "properties": TEXT,
    "precise_total_amount_cents": AMOUNT, "received_at": INSTANT,
})  # fmt: skip
"""What the warehouse keeps of an event, beside its sequence."""

REJECTED = pl.Schema({
    "row": WHOLE, "transaction_id": TEXT, "external_subscription_id": TEXT, "code": TEXT,
    "reason": TEXT, "content": TEXT,
})  # fmt: skip
"""What the writer keeps beside: rows by their place in the request, why, and what was sent."""

KEPT = pl.Schema({
    "id": TEXT, "reception": WHOLE, "organization_id": TEXT, "received_at": INSTANT,
    "transaction_id": TEXT, "external_subscription_id": TEXT, "code": TEXT, "reason": TEXT,
    "content": TEXT,
})  # fmt: skip
"""What the warehouse keeps of a rejected row."""

SAID = [*SENT][:6]
"""What a rejected row shows of itself."""

NUMBER = r"^-?0*[0-9]{1,26}(\.[0-9]{1,12}0*)?$"
"""A decimal that is kept exactly: the twin of measures.money.exact."""

BLANK = r"^\s*$"

MICRO = 1_000_000

MICROSECOND = Decimal("0.000001")
"""In seconds."""


class Checked:
    """A batch after its check: `places` are those of the rows in the request."""

    def __init__(self, rows: pl.DataFrame, places: pl.Series, rejected: pl.DataFrame) -> None:
        self.rows = rows
        self.places = places
        self.rejected = rejected


def of(rows: Sequence[tuple[object, ...]]) -> pl.DataFrame:
    """Return rows, made one by one by `event.row`, as columns."""
    return pl.DataFrame(rows, schema={**ROWS, "at": pl.Int64}, orient="row").cast({"at": INSTANT})


def checked(sent: pl.DataFrame, start: int, received_at: datetime) -> Checked:
    """Part what can be kept from what cannot; `start` is the place of the first row.

    Rule:    as EventInput: what is wrong with one event has the same code through every door.
    """
    sent = sent.with_columns(pl.col("timestamp", "precise_total_amount_cents").replace("", None))
    at, wrong = _instants(sent["timestamp"], sent["at"])
    amount = sent["precise_total_amount_cents"]
    frame = sent.with_columns(
        row=pl.int_range(start, start + len(sent), dtype=pl.Int64),
        external_subscription_id=pl.col("external_subscription_id").fill_null(""),
        at=at,
        is_dated=at.is_not_null(),
        properties=pl.col("properties").fill_null("{}"),
        reason=pl.coalesce(
            "reason",
            _said("transaction_id"),
            _said("code"),
            _no_nul("external_subscription_id"),
            wrong,
            pl.when(amount.is_not_null() & ~amount.str.contains(NUMBER).fill_null(False))
            .then(pl.lit("precise_total_amount_cents:value_is_invalid")),
        ),
    )  # fmt: skip
    good = frame.filter(pl.col("reason").is_null()) if frame["reason"].count() else frame
    return Checked(
        rows=good.select(
            "external_subscription_id", "transaction_id", "code",
            pl.coalesce("at", pl.lit(received_at)).cast(INSTANT).alias("at"),
            "is_dated", "properties",
            pl.col("precise_total_amount_cents").cast(AMOUNT),
        ),
        places=good["row"],
        rejected=rejected(frame.filter(pl.col("reason").is_not_null())),
    )  # fmt: skip


def _instants(sent: pl.Series, typed: pl.Series) -> tuple[pl.Series, pl.Expr]:
    """Return instants in whole microseconds, the rest cut off, and what is wrong with them."""
    is_number = sent.str.contains(NUMBER)
    exact = sent.set(~is_number.fill_null(True), None).cast(AMOUNT)
    is_near = (exact >= EARLIEST) & (exact < LATEST)
    at = (exact.set(~is_near.fill_null(False), None).to_physical() // MICRO).cast(pl.Int64)
    if typed.count():
        at = at.zip_with(typed.is_null(), typed.to_physical())
        is_near = at.is_between(EARLIEST * MICRO, LATEST * MICRO, closed="left")
    wrong = (
        pl.when(~pl.lit(is_number)).then(pl.lit("timestamp:invalid_format"))
        .when(~pl.lit(is_near)).then(pl.lit("timestamp:value_is_out_of_range"))
    )  # fmt: skip
    return at.cast(INSTANT), wrong


def _said(field: str) -> pl.Expr:
    """What is wrong with a text that must be there."""
    return (
        pl.when(pl.col(field).is_null() | pl.col(field).str.contains(BLANK))
        .then(pl.lit(f"{field}:value_is_mandatory"))
        .otherwise(_no_nul(field))
    )


def _no_nul(field: str) -> pl.Expr:
    """No engine but one keeps a NUL character in a text."""
    return pl.when(pl.col(field).str.contains("\0", literal=True)).then(
        pl.lit(f"{field}:value_is_invalid")
    )


def rejected(frame: pl.DataFrame) -> pl.DataFrame:
    """Return rows with their reason and what was sent, as JSON where the format gave none."""
    said = [pl.coalesce("timestamp", seconds()) if name == "timestamp" else name for name in SAID]
    content = pl.coalesce("content", pl.struct(said).struct.json_encode()).alias("content")
    return frame.select(*[*REJECTED][:5], content)


def seconds() -> pl.Expr:
    """The instant `at` in Unix seconds, as a text."""
    return plain(pl.col("at").to_physical().cast(AMOUNT) * pl.lit(MICROSECOND, AMOUNT))
