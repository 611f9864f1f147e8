"""Numbering: gapless, given only when an invoice is final."""

import polars as pl

from billing.invoices.queries import highest
from billing.invoices.steps.bill import Bill, replace
from metering import periods
from sql.work import Work

ORDER = 70


def apply(work: Work, bill: Bill) -> Bill:
    """Number the invoices that are final, each after the last of its customer and of its entity.

    Rule:    per_customer: PREFIX-{customer:03}-{invoice of this customer and entity:03};
             per_billing_entity: PREFIX-{YYYYMM local to the entity}-{invoice of the entity:03}.
             Both counts go on for every invoice, so that an entity may change its numbering (I7).
    Notes:   the caller holds the organization's numbering lock; the unique keys are the guard.
    """
    final = bill.invoices.filter(status="finalized")
    per_customer = highest(work, final, "sequential_id", "entity_id", "customer_id")
    per_entity = highest(work, final, "entity_sequential_id", "entity_id")
    numbered = (
        periods.today(final.rename({"timezone": "_zone"}), "entity_timezone", work.now)
        .rename({"_zone": "timezone"})
        .join(per_customer, on=["entity_id", "customer_id"], how="left", maintain_order="left")
        .join(per_entity, on="entity_id", how="left", maintain_order="left")
        .with_columns(
            sequential_id=pl.col("sequential_id").fill_null(0)
            + pl.int_range(1, pl.len() + 1).over("entity_id", "customer_id"),
            entity_sequential_id=pl.col("entity_sequential_id").fill_null(0)
            + pl.int_range(1, pl.len() + 1).over("entity_id"),
        )
    )
    by_customer = pl.format(
        "{}-{}-{}", "prefix", _padded("customer_sequential_id"), _padded("sequential_id")
    )
    by_entity = pl.format(
        "{}-{}-{}", "prefix", pl.col("today").dt.strftime("%Y%m"), _padded("entity_sequential_id")
    )
    numbered = numbered.with_columns(
        number=pl.when(pl.col("numbering") == "per_billing_entity")
        .then(by_entity)
        .otherwise(by_customer)
    ).drop("today")
    waiting = bill.invoices.filter(pl.col("status") != "finalized").with_columns(
        sequential_id=pl.lit(None, pl.Int64),
        entity_sequential_id=pl.lit(None, pl.Int64),
        number=pl.format("{}-DRAFT", "prefix"),
    )
    both = pl.concat([numbered, waiting], how="diagonal_relaxed")
    order = bill.invoices.select("id")
    return replace(bill, invoices=order.join(both, on="id", how="left", maintain_order="left"))


def _padded(column: str) -> pl.Expr:
    return pl.col(column).cast(pl.String).str.zfill(3)
