"""What can be done with invoices: written from a bill, in bulk, once and for good."""

from collections.abc import Sequence

import polars as pl

from billing import fees
from billing.invoices.steps import Bill
from billing.invoices.tables import billing_periods, invoice_taxes, invoices
from metering import columns
from sql.types import INSTANT
from sql.work import Work

NUMBERING = "numbering"
"""The lock that whoever numbers invoices of an organization holds."""


def lock(work: Work) -> None:
    """Wait until no other transaction numbers invoices of this organization."""
    work.rows.lock(NUMBERING)


def issue(work: Work, bill: Bill) -> pl.DataFrame:
    """Write a bill's invoices with all they are made of, and return them.

    Money moves only here; the unique keys of billing_periods and of the numbers are the guard, so
    that a second run of the same bill fails as a whole and leaves nothing.
    """
    stamped = bill.invoices.with_columns(
        payment_overdue=pl.lit(False),
        version=pl.col("version") + 1 if "version" in bill.invoices.columns else pl.lit(1),
        updated_at=pl.lit(work.now, INSTANT),
    )
    created = bill.invoices.select("created_at", invoice_id="id")
    _load(work, invoices, stamped)
    _load(work, billing_periods, bill.periods.with_columns(id=columns.ids(bill.periods.height)))
    for table, frame in (
        (fees.fees, bill.fees.with_columns(payment_status=pl.lit("pending"))),
        (fees.fee_taxes, bill.fee_taxes),
        (invoice_taxes, bill.invoice_taxes),
    ):
        rows = frame.drop("created_at", strict=False).join(
            created, on="invoice_id", maintain_order="left"
        )
        _load(work, table, rows)
    _tell(work, stamped)
    return stamped


def withdraw(work: Work, ids: Sequence[str]) -> None:
    """Delete drafts, so that they can be issued again under the same ids."""
    for table in (fees.fee_taxes, fees.fees, invoice_taxes, billing_periods):
        work.rows.remove(table, table.c.invoice_id.in_(ids))
    removed = work.rows.remove(invoices, invoices.c.id.in_(ids), invoices.c.status == "draft")
    assert removed == len(ids), "only drafts are withdrawn"


def _load(work: Work, table: object, frame: pl.DataFrame) -> None:
    names = [column.name for column in table.c if column.name in frame.columns]  # type: ignore[attr-defined]
    work.rows.load(table, frame.select(names))  # type: ignore[arg-type]


def _tell(work: Work, issued: pl.DataFrame) -> None:
    drafts = issued.filter(status="draft")
    final = issued.filter(status="finalized")
    work.tell_all("invoice.drafted", "invoice", drafts["id"])
    work.tell_all("invoice.created", "invoice", final["id"])
    work.copy("invoice", final["id"])
