"""What the conductor reads before it bills: subscriptions with all that decides their periods."""

from collections.abc import Sequence

import polars as pl
from sqlalchemy import ColumnElement, select

from billing import customers, entities, plans, subscriptions
from billing.cycle import rules
from billing.invoices import billing_periods
from sql.work import Work

ENTITY = {
    "code": "entity_code",
    "timezone": "entity_timezone",
    "document_numbering": "numbering",
    "document_number_prefix": "prefix",
    "finalize_zero_amount_invoice": "entity_finalizes_zero",
}


FEW = 1_000
"""Customers that are asked for by their ids; to read more of them, all are read."""


def book(work: Work, *where: ColumnElement[bool]) -> pl.DataFrame:
    """Return the subscriptions that `where` admits, with what decides their periods.

    Shape:   one row per subscription: as rules.anchored wants it, with plan_in_advance, interval,
             charge_interval, fixed_interval, timezone.
    """
    found = subscriptions.book(work, *where)
    terms = plans.terms(work).select(
        "plan_id",
        "interval",
        plan_in_advance="pay_in_advance",
        charge_interval=_split("bill_charges_monthly"),
        fixed_interval=_split("bill_fixed_charges_monthly"),
    )
    owners = found["customer_id"].unique()
    few = owners.to_list() if len(owners) <= FEW else None
    zones = customers.book(work, few).select("timezone", customer_id="id")
    joined = found.join(terms, on="plan_id", maintain_order="left").join(
        zones, on="customer_id", maintain_order="left"
    )
    return rules.anchored(joined)


def _split(monthly: str) -> pl.Expr:
    """How often a kind of charge is billed: every month if the plan says so."""
    is_monthly = pl.col(monthly).fill_null(False)
    return pl.when(is_monthly).then(pl.lit("monthly")).otherwise(pl.col("interval"))


def active(work: Work) -> pl.DataFrame:
    """Return the book of all active subscriptions."""
    return book(work, subscriptions.subscriptions.c.status == "active")


def alive(work: Work, ids: Sequence[str]) -> pl.DataFrame:
    """Return which of the subscriptions are active now."""
    table = subscriptions.subscriptions
    return work.rows.frame(
        select(table.c.id.label("subscription_id")).where(
            table.c.id.in_(ids), table.c.status == "active"
        )
    )


def billed(work: Work, *where: ColumnElement[bool]) -> pl.DataFrame:
    """Return which subscription was billed by a periodic run of which local day."""
    asked = select(billing_periods.c.subscription_id, billing_periods.c.billed_on).where(
        billing_periods.c.invoicing_reason == "subscription_periodic", *where
    )
    return work.rows.frame(asked)


def debtors(work: Work, customer_ids: pl.Series) -> pl.DataFrame:
    """Return what an invoice takes from its customer and the entity that issues it.

    Shape:   one row per customer: customer_id, customer_sequential_id, currency, timezone,
             entity_id, grace_days, net_payment_term, zero_is_skipped, numbering, prefix,
             entity_timezone.
    """
    table = entities.entities
    issuers = work.rows.frame(
        select(
            table.c.id.label("entity_id"), *(table.c[name].label(to) for name, to in ENTITY.items())
        )
    )
    wish = pl.col("finalize_zero_amount_invoice")
    return (
        customers.book(work, customer_ids.unique().to_list())
        .rename(
            {
                "id": "customer_id",
                "sequential_id": "customer_sequential_id",
                "invoice_grace_period": "grace_days",
            }
        )
        .join(issuers, on="entity_id", maintain_order="left")
        .with_columns(
            zero_is_skipped=(wish == "skip")
            | ((wish == "inherit") & ~pl.col("entity_finalizes_zero"))
        )
    )
