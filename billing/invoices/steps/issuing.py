"""Issuing: the dates of an invoice, and whether it waits as a draft."""

import polars as pl

from billing.invoices.steps.bill import Bill, replace
from metering import periods
from sql.work import Work

ORDER = 60


def apply(work: Work, bill: Bill) -> Bill:
    """Date every invoice, and leave it a draft where its customer has a grace period.

    Rule:    issuing date = local day of the billing instant, plus the grace days of a draft;
             payment is due net_payment_term days later (I3, I5, I6). An invoice that is being
             finalized now is issued on its local today.
    """
    told = periods.today(bill.invoices, "timezone", work.now)
    is_draft = pl.col("is_gracious") & (pl.col("grace_days") > 0)
    issued = pl.col("today") + pl.duration(days=pl.when(is_draft).then("grace_days").otherwise(0))
    is_skipped = ~is_draft & pl.col("zero_is_skipped") & (pl.col("fees_amount_cents") == 0)
    status = (
        pl.when(is_draft)
        .then(pl.lit("draft"))
        .when(is_skipped)
        .then(pl.lit("closed"))
        .otherwise(pl.lit("finalized"))
    )
    is_paid = (status == "finalized") & (pl.col("total_amount_cents") == 0)
    now = pl.lit(work.now, pl.Datetime("us", "UTC"))
    invoices = told.with_columns(
        issuing_date=issued,
        expected_finalization_date=issued,
        payment_due_date=issued + pl.duration(days=pl.col("net_payment_term")),
        status=status,
        payment_status=pl.when(is_paid).then(pl.lit("succeeded")).otherwise(pl.lit("pending")),
        finalized_at=pl.when(status == "finalized").then(now),
    )
    return replace(bill, invoices=invoices.drop("today"))
