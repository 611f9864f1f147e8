"""What every bill begins with: who owes, under which plan, and an invoice for each group."""

import polars as pl

from billing import plans
from billing.cycle import queries
from metering import columns
from metering.measures import money
from sql.types import INSTANT
from sql.work import Work

GROUP = (
    "customer_id", "currency", "billed_on", "alone", "purchase_order_number",
    "payment_method_type", "payment_method_id", "is_gracious",
)  # fmt: skip
"""Periods alike in these are billed on one invoice (BR2)."""


def described(work: Work, rows: pl.DataFrame, book: plans.Book) -> pl.DataFrame:
    """Add to rows of a book what fees and invoices say of their plan and their customer."""
    debtors = queries.debtors(work, rows["customer_id"]).drop("currency", "timezone")
    return (
        rows.drop("plan_in_advance")
        .join(terms(book), on="plan_id", maintain_order="left")
        .join(debtors, on="customer_id", maintain_order="left")
        .with_columns(digits=digits(pl.col("currency")))
    )


def terms(book: plans.Book) -> pl.DataFrame:
    """What fees take from their plan as such."""
    return book.plans.select(
        "plan_id", "plan_code", "plan_name", "plan_display_name", "plan_amount_cents", "currency",
        "commitment_id", "commitment_cents", "commitment_display_name",
        plan_in_advance="pay_in_advance",
    )  # fmt: skip


def opened(work: Work, periods: pl.DataFrame) -> pl.DataFrame:
    """Open one invoice per group of periods."""
    groups = periods.group_by(GROUP, maintain_order=True).agg(
        pl.col(
            "customer_sequential_id", "timezone", "entity_id", "entity_timezone", "digits",
            "grace_days", "net_payment_term", "zero_is_skipped", "numbering", "prefix",
        ).first()
    )  # fmt: skip
    now = pl.lit(work.now, INSTANT)
    ids = columns.ids(groups.height)
    return groups.with_columns(
        id=ids,
        invoice_id=ids,
        invoice_type=pl.lit("subscription"),
        billed_at=now,
        created_at=now,
    )


def digits(currency: pl.Expr) -> pl.Expr:
    """Return how many digits the minor unit of a currency has."""
    known = {name: money.digits(name) for name in sorted(money.CURRENCIES)}
    return currency.replace_strict(known, return_dtype=pl.Int32)
