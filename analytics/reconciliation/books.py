"""What the ledger says about which events are billed by what: as the statements want it."""

from datetime import UTC, datetime
from typing import Any

import polars as pl
from msgspec import Struct

from analytics.reconciliation import queries
from metering.aggregations import KINDS
from metering.quantities import path
from metering.windows import EVER
from sql.types import INSTANT
from sql.work import Work

END = datetime(2299, 12, 31, tzinfo=UTC)
"""After every event."""

SECOND = pl.duration(seconds=1)

FINAL = ("finalized", "closed", "pending", "failed")
"""States of invoices whose events are billed: on one that is closed, at a price of nothing."""

WINDOWS: dict[str, Any] = {
    "stream": pl.Int64, "invoice_id": pl.String, "external_subscription_id": pl.String,
    "plan_id": pl.String, "start": INSTANT, "stop": INSTANT, "watermark": pl.Int64,
    "billed_at": INSTANT, "is_final": pl.Boolean,
}  # fmt: skip
"""What was billed of a stream, on which invoice, and the last event that was known then."""

TERMS: dict[str, Any] = {
    "plan_id": pl.String, "charge_id": pl.String, "code": pl.String, "field": pl.String,
    "needs": pl.String, "recurring": pl.Boolean, "since": INSTANT, "until": INSTANT,
}  # fmt: skip
"""Which events a charge counts, and since and until when it stood."""

STANDING = ("plan_id", "code", "field", "needs", "recurring")

SPANS: dict[str, Any] = {
    "stream": pl.Int64, "plan_id": pl.String, "start": INSTANT, "stop": INSTANT,
    "is_invoiced": pl.Boolean,
}  # fmt: skip
"""From when to when somebody was on a plan."""


class Books(Struct, frozen=True, kw_only=True, eq=False):
    """All of it, as frames."""

    windows: pl.DataFrame
    terms: pl.DataFrame
    spans: pl.DataFrame
    codes: pl.DataFrame

    @property
    def frames(self) -> dict[str, pl.DataFrame]:
        """What `reconciliation/reasons` is sent."""
        standing = self.terms.filter(pl.col("until") == END).select(STANDING).unique()
        return {
            "windows": self.windows, "terms": self.terms, "spans": self.spans,
            "codes": self.codes, "standing": standing,
        }  # fmt: skip

    @property
    def lines(self) -> dict[str, pl.DataFrame]:
        """What `reconciliation/lines` and `changes` are sent."""
        return {"windows": self.windows, "terms": self.terms}


def books(work: Work, first: datetime = EVER, last: datetime = END) -> Books:
    """Read all that decides about events that happened from `first` to `last`, both inside.

    Cost:    four statements to the ledger and one to the warehouse.
    """
    terms = charged(work)
    streams = work.warehouse.query("events/streams", organization=work.organization)
    windows = queries.windows(work, first, None if terms["recurring"].any() else last)
    return Books(
        windows=_windows(windows, streams),
        terms=terms,
        spans=_spans(queries.spans(work), streams),
        codes=queries.codes(work),
    )


def of_invoice(work: Work, id: str) -> Books:
    """Read what one invoice billed, and nothing else."""
    streams = work.warehouse.query("events/streams", organization=work.organization)
    none = pl.DataFrame(schema=SPANS)
    return Books(
        windows=_windows(queries.windows(work, invoice_id=id), streams),
        terms=charged(work), spans=none, codes=pl.DataFrame(schema={"code": pl.String}),
    )  # fmt: skip


def charged(work: Work) -> pl.DataFrame:
    """Return what charges in arrears count, also those that stand no more: TERMS."""
    needs = {
        name: "number" if kind.has_field and kind.has_numbers else "text"
        if kind.has_field else "nothing"
        for name, kind in KINDS.items()
    }  # fmt: skip
    found = queries.charges(work)
    fields = {
        field: path(work.warehouse.dialect, field) for field in found["field"].drop_nulls().unique()
    }
    return found.with_columns(
        needs=pl.col("aggregation_type").replace_strict(
            needs, default="nothing", return_dtype=pl.String
        ),
        field=pl.col("field").replace_strict(fields, default="", return_dtype=pl.String),
        until=pl.col("until").fill_null(END),
    ).select(pl.col(name).cast(kind) for name, kind in TERMS.items())


def _windows(found: pl.DataFrame, streams: pl.DataFrame) -> pl.DataFrame:
    return (
        found.join(streams, on="external_subscription_id")
        .with_columns(
            stop=pl.col("charges_to") + SECOND, is_final=pl.col("status").is_in(list(FINAL))
        )
        .select(pl.col(name).cast(kind) for name, kind in WINDOWS.items())
    )


def _spans(found: pl.DataFrame, streams: pl.DataFrame) -> pl.DataFrame:
    """An end counts with its second, as it is shown; who skips the last invoice has none then."""
    ended = pl.col("terminated_at").is_not_null()
    return (
        found.join(streams, on="external_subscription_id")
        .with_columns(
            stop=pl.when(ended).then(pl.col("terminated_at") + SECOND).otherwise(pl.lit(END)),
            is_invoiced=~(ended & (pl.col("on_termination_invoice") == "skip")),
        )
        .select(pl.col(name).cast(kind) for name, kind in SPANS.items())
    )
