"""What can be done with invoices: written from a bill, in bulk, once and for good."""

from collections.abc import Sequence

import polars as pl
from msgspec.structs import replace

from billing import credits, fees
from billing.invoices.queries import hold
from billing.invoices.steps import Bill, issuing, numbering, taxes, totals
from billing.invoices.tables import (
    applied_usage_thresholds,
    billing_periods,
    invoice_settlements,
    invoice_taxes,
    invoices,
    progressive_credits,
)
from metering import columns
from metering.columns import AMOUNT
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
        (
            fees.fees,
            bill.fees.with_columns(
                pl.col("invoiceable").fill_null(True), payment_status=pl.lit("pending")
            ),
        ),
        (fees.fee_taxes, bill.fee_taxes),
        (invoice_taxes, bill.invoice_taxes),
    ):
        rows = frame.drop("created_at", strict=False).join(
            created, on="invoice_id", maintain_order="left"
        )
        _load(work, table, rows)
    if bill.progressive.height:
        taken = bill.progressive.filter(pl.col("amount_cents") > 0)
        taken = taken.join(created, on="invoice_id", maintain_order="left")
        _load(work, progressive_credits, taken.with_columns(id=columns.ids(taken.height)))
    credits.spend(work, bill.credits)
    _tell(work, stamped)
    return stamped


def regroup(work: Work, bill: Bill) -> pl.DataFrame:
    """Put fees that stood alone and are paid on invoices, which are paid with them.

    Rule:    totals and taxes are sums of what the fees themselves say, and are not computed anew.
    Shape:   in, a Bill whose fees are id, invoice_id, amount_cents and taxes_amount_cents of fees
             that are there; out, the invoices.
    """
    owners = bill.fees.select("invoice_id", fee_id="id", base="amount_cents")
    lines = fees.tax_lines(work, bill.fees["id"].to_list()).join(
        owners, on="fee_id", maintain_order="left"
    )
    of_invoice = lines.group_by(
        "invoice_id", "tax_id", "tax_code", "tax_name", "tax_rate", "tax_description",
        "amount_currency", maintain_order=True,
    ).agg(pl.col("amount_cents").sum(), fees_amount_cents=pl.col("base").sum())  # fmt: skip
    of_invoice = of_invoice.with_columns(
        id=columns.ids(of_invoice.height), exact=pl.col("amount_cents").cast(AMOUNT)
    )
    none = pl.lit(0)
    summed = totals.apply(
        work,
        replace(
            bill,
            invoices=bill.invoices.with_columns(progressive_billing_credit_amount_cents=none),
            fees=bill.fees.with_columns(taxable_cents="amount_cents"),
            fee_taxes=lines, invoice_taxes=of_invoice,
        ),
    )  # fmt: skip
    taxed = bill.fees.group_by(id="invoice_id").agg(pl.col("taxes_amount_cents").sum())
    gross = pl.col("sub_total_excluding_taxes_amount_cents") + pl.col("taxes_amount_cents")
    whole = (
        summed.invoices.drop("taxes_amount_cents")
        .join(taxed, on="id", maintain_order="left")
        .with_columns(
            sub_total_including_taxes_amount_cents=gross,
            total_amount_cents=gross, total_paid_amount_cents=gross,
        )
    )  # fmt: skip
    final = numbering.apply(work, issuing.apply(work, replace(summed, invoices=whole))).invoices
    stamped = final.with_columns(
        payment_status=pl.lit("succeeded"), payment_overdue=pl.lit(False), version=pl.lit(1),
        updated_at=pl.lit(work.now, INSTANT),
    )  # fmt: skip
    now = pl.lit(work.now, INSTANT)
    _load(work, invoices, stamped)
    _load(work, billing_periods, bill.periods.with_columns(id=columns.ids(bill.periods.height)))
    _load(work, invoice_taxes, of_invoice.with_columns(created_at=now))
    work.rows.patch(fees.fees, bill.fees.select("id", "invoice_id"))
    work.rows.patch(fees.fee_taxes, lines.select("id", "invoice_id"))
    _tell(work, stamped)
    return stamped


def note_thresholds(work: Work, passed: pl.DataFrame) -> None:
    """Note for which thresholds progressive invoices were made.

    Shape:   in, invoice_id and the columns of applied_usage_thresholds.
    """
    now = pl.lit(work.now, INSTANT)
    rows = passed.with_columns(id=columns.ids(passed.height), created_at=now)
    _load(work, applied_usage_thresholds, rows)


def correct(work: Work, source: str, corrected: pl.DataFrame) -> None:
    """Take amounts off what is due on invoices, and note what is paid back of them.

    An invoice on which nothing is due any more is paid.

    Shape:   in, invoice_id, source_id, currency, offset_cents, refund_cents; a source corrects an
             invoice once. The caller holds the invoices.
    """
    taken = corrected.filter(pl.col("offset_cents") > 0)
    settled = taken.select(
        "invoice_id", "source_id", amount_cents="offset_cents", amount_currency="currency",
        id=columns.ids(taken.height), source=pl.lit(source), created_at=pl.lit(work.now, INSTANT),
    )  # fmt: skip
    work.rows.load(invoice_settlements, settled)
    sums = corrected.group_by("invoice_id").agg(pl.col("offset_cents", "refund_cents").sum())
    sums = sums.filter((pl.col("offset_cents") > 0) | (pl.col("refund_cents") > 0))
    if sums.is_empty():
        return
    held = hold(work, sums["invoice_id"].to_list())
    after = held.join(sums, left_on="id", right_on="invoice_id").with_columns(
        offset_amount_cents=pl.col("offset_amount_cents") + pl.col("offset_cents"),
        refunded_amount_cents=pl.col("refunded_amount_cents") + pl.col("refund_cents"),
        updated_at=pl.lit(work.now),
    )
    due = pl.col("total_amount_cents") - (
        pl.col("total_paid_amount_cents") + pl.col("offset_amount_cents")
    )
    assert (after.select(due).to_series() >= 0).all() or taken.is_empty(), "more than was due"
    work.rows.patch(
        invoices, after.select("id", "offset_amount_cents", "refunded_amount_cents", "updated_at")
    )
    paid = after.filter((due <= 0) & (pl.col("payment_status") != "succeeded"))
    succeeded = {"payment_status": pl.lit("succeeded"), "payment_overdue": pl.lit(False)}
    work.rows.patch(invoices, paid.select("id", **succeeded))
    work.tell_all("invoice.payment_status_updated", "invoice", paid["id"])


def issue_alone(work: Work, alone: pl.DataFrame) -> None:
    """Write fees that are on no invoice, with the taxes that apply to them now.

    Shape:   in, fees as a Bill has them, without invoice_id.
    """
    if alone.is_empty():
        return
    owned = alone.with_columns(invoice_id=pl.lit(None, pl.String), taxable_cents="amount_cents")
    none = pl.DataFrame()
    taxed = taxes.apply(work, Bill(invoices=none, periods=none, fees=owned))
    now = pl.lit(work.now, INSTANT)
    pending = pl.lit("pending")
    _load(work, fees.fees, taxed.fees.with_columns(created_at=now, payment_status=pending))
    _load(work, fees.fee_taxes, taxed.fee_taxes.with_columns(created_at=now))
    work.tell_all("fee.created", "fee", taxed.fees["id"])


def withdraw(work: Work, ids: Sequence[str]) -> None:
    """Delete drafts, so that they can be issued again under the same ids."""
    for table in (
        fees.fee_taxes, fees.fees, invoice_taxes, billing_periods, progressive_credits,
    ):  # fmt: skip
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
