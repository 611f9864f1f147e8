"""Regrouping: fees that stood alone and were paid are put on one invoice, which is paid too."""

import polars as pl

from billing import invoices
from billing.cycle import queries
from billing.cycle.service.opening import GROUP, opened
from billing.invoices import Bill
from sql.types import INSTANT
from sql.work import Work

REASONS = ("subscription_periodic", "subscription_terminating")
"""Why a period is billed when paid fees are looked for."""


def regroup(work: Work, billed: pl.DataFrame) -> None:
    """Put what was paid of the subscriptions that are billed on an invoice for each customer.

    Rule:    fees of charges that say so, paid by now; what was paid for a period that has just
             begun waits until that is over (PA8).
    Shape:   in, billed periods as `opened` wants them.
    """
    owners = (
        billed.filter(pl.col("reason").is_in(REASONS))
        .unique("external_id", keep="first", maintain_order=True)
        .with_columns(is_gracious=pl.lit(False), alone=pl.lit(None, pl.String))
        .drop("invoice_id")
    )
    paid = queries.paid_alone(work, owners["external_id"].to_list())
    mine = owners.join(paid, on="external_id", how="semi", maintain_order="left")
    if mine.is_empty():
        return
    made = opened(work, mine).with_columns(invoice_type=pl.lit("advance_charges"))
    placed = mine.join(
        made.select("invoice_id", *GROUP), on=GROUP, nulls_equal=True, maintain_order="left"
    )
    periods = placed.select(
        "invoice_id", "subscription_id", "plan_id", "billed_on",
        external_subscription_id="external_id",
        invoicing_reason=pl.lit("in_advance_charge_periodic"),
        created_at=pl.lit(work.now, INSTANT),
    )  # fmt: skip
    grouped = paid.join(placed.select("external_id", "invoice_id"), on="external_id")
    invoices.regroup(work, Bill(invoices=made.drop("invoice_id"), periods=periods, fees=grouped))
