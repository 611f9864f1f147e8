"""Made-up usage, in columns: event number `n` is drawn from hashes of `n`.

So any slice of the whole can be made alone, and the whole is in order of time, as usage arrives:
the subscriptions are mixed.
"""

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import polars as pl
import pyarrow as pa

from sql.duck import identities
from sql.types import AMOUNT, INSTANT

START = datetime(2026, 1, 1, tzinfo=UTC)
MONTH = timedelta(days=31)
"""The month in which everything is used."""

CODES = ("calls", "traffic", "peak", "users", "seats")
"""What is used: a code of its own for each of the five metrics."""

SLICE = 1_000_000
"""Events made at once."""

KEPT = '{{"region":"{}","size":"{}","user":"{}","level":"{}"}}'
"""The properties as the warehouse keeps them."""

SENT = '{{"region":"{}","size":{},"user":"{}","level":{}}}'
"""The properties as JSON is sent: two of them are numbers."""

LINE = (
    '{{"transaction_id":"{}","external_subscription_id":"{}","code":"{}","timestamp":{},'
    '"properties":' + SENT + "}}"
)
NAMES = ("region", "size", "user", "level")


def slices(total: int, subscriptions: int) -> Iterator[pl.DataFrame]:
    """Yield a month of usage in order of time, a bounded part at a time: see `events`."""
    for first in range(0, total, SLICE):
        yield events(first, min(SLICE, total - first), total, subscriptions)


def events(
    first: int, count: int, total: int, subscriptions: int, label: str = "e"
) -> pl.DataFrame:
    """Return some events of a month that has `total` of them.

    Shape:   n, subscription (from 1), transaction_id, external_subscription_id, code, timestamp,
             and the properties: region, size (two decimals), user, level.
    """
    n = pl.int_range(first, first + count, dtype=pl.Int64, eager=True).alias("n").to_frame()
    cents = _die(100_000, 4)
    return n.with_columns(
        subscription=_die(subscriptions, 1) + 1,
        transaction_id=pl.format(label + "-{}", "n"),
        code=pl.lit(pl.Series(CODES)).gather(_die(len(CODES), 2)),
        timestamp=(pl.lit(START) + pl.col("n") * pl.lit(MONTH // total)).cast(INSTANT),
        region=pl.format("r{}", _die(4, 3)),
        size=pl.format("{}.{}", cents // 100, (cents % 100).cast(pl.String).str.zfill(2)),
        user=pl.format("u{}", _die(40, 5)),
        level=_die(1_000, 6),
    ).with_columns(external_subscription_id=pl.format("sub-{}", "subscription"))


def stored(made: pl.DataFrame) -> pl.DataFrame:
    """Return events as the warehouse keeps them, each subscription being the stream of its number.

    The writer would keep the same; this leaves out all that it checks.
    """
    return made.hstack(identities(made["subscription"], made["transaction_id"])).select(
        "code", "transaction_id", "key_high", "key_low",
        stream="subscription",
        at="timestamp",
        properties=pl.format(KEPT, *NAMES),
        precise_total_amount_cents=pl.lit(None, AMOUNT),
        sequence=pl.col("n") + 1,
        received_at="timestamp",
    )  # fmt: skip


def streams(organization: str, count: int) -> pl.DataFrame:
    """Return a dictionary in which subscription number n is stream n."""
    numbers = pl.int_range(1, count + 1, dtype=pl.Int64, eager=True).alias("stream").to_frame()
    return numbers.with_columns(
        organization_id=pl.lit(organization),
        external_subscription_id=pl.format("sub-{}", "stream"),
    )


def ndjson(made: pl.DataFrame) -> bytes:
    """Write events as lines of JSON."""
    return b"\n".join(_lines(made)) + b"\n"


def array(made: pl.DataFrame) -> bytes:
    """Write events as one JSON array."""
    return b"[" + b",".join(_lines(made)) + b"]"


def singles(made: pl.DataFrame) -> list[bytes]:
    """Write each event as a request of its own."""
    return [b'{"event":' + line + b"}" for line in _lines(made)]


def arrow(made: pl.DataFrame) -> bytes:
    """Write events as an Arrow IPC stream, their properties as a struct."""
    table = made.select(
        "transaction_id", "external_subscription_id", "code", "timestamp",
        properties=pl.struct(*NAMES),
    ).to_arrow()  # fmt: skip
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def _lines(made: pl.DataFrame) -> list[bytes]:
    seconds = pl.col("timestamp").dt.epoch("s")
    said = ("transaction_id", "external_subscription_id", "code", seconds, *NAMES)
    return [line.encode() for line in made.select(pl.format(LINE, *said)).to_series()]


def _die(sides: int, seed: int) -> pl.Expr:
    """Throw a die of so many sides, from 0, for each number `n`."""
    return (pl.col("n").hash(seed) % sides).cast(pl.Int64)
