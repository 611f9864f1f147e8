"""Issuing: the dates of an invoice, and whether it waits as a draft."""

import polars as pl

from billing.invoices.steps.bill import IS_DRAFT, Bill, replace
from metering import periods
from sql.work import Work

ORDER = 60


def apply(work: Work, bill: Bill) -> Bill:
    """Date every invoice, and leave it a draft where its customer has a grace period.

    Rule:    a draft is issued on the local day of its billing instant, plus its grace days, also
             when it is computed again later; an invoice that becomes final, on its local today.
             Payment is due net_payment_term days later (I3, I5, I6, I11).
    """
    told = periods.today(bill.invoices, "timezone", work.now)
    told = periods.days_of(told, "timezone", billed_on="billed_at")
    waits = pl.col("billed_on") + pl.duration(days=pl.col("grace_days"))
    issued = pl.when(IS_DRAFT).then(waits).otherwise(pl.col("today"))
    is_skipped = ~IS_DRAFT & pl.col("zero_is_skipped") & (pl.col("fees_amount_cents") == 0)
    status = (
        pl.when(IS_DRAFT)
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
    return replace(bill, invoices=invoices.drop("today", "billed_on"))
