"""What the conductor reads before it bills: subscriptions with all that decides their periods."""

from collections.abc import Sequence
from datetime import datetime

import polars as pl
from sqlalchemy import ColumnElement, func, select

from billing import customers, entities, fees, invoices, plans, subscriptions
from billing.cycle import rules
from billing.cycle.model import Recount
from billing.cycle.tables import advance_marks, recounts, usage_marks
from sql.ledger import Rows
from sql.work import Work

ENTITY = {
    "code": "entity_code",
    "timezone": "entity_timezone",
    "document_numbering": "numbering",
    "document_number_prefix": "prefix",
    "finalize_zero_amount_invoice": "entity_finalizes_zero",
}


SECONDS_OF_DAY = 86_400

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
        "trial_period",
        "has_fixed_ahead",
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
    return rules.anchored(joined.with_columns(trial_end=_trial_end()).drop("trial_period"))


def _trial_end() -> pl.Expr:
    """When the trial is over: so many days, and parts of a day, after the first start (TR1)."""
    seconds = (pl.col("trial_period") * SECONDS_OF_DAY).cast(pl.Int64)
    days = pl.when(seconds > 0).then(pl.duration(seconds=seconds))
    return pl.col("first_started_at") + days


def _split(monthly: str) -> pl.Expr:
    """How often a kind of charge is billed: every month if the plan says so."""
    is_monthly = pl.col(monthly).fill_null(False)
    return pl.when(is_monthly).then(pl.lit("monthly")).otherwise(pl.col("interval"))


def active(work: Work, ids: Sequence[str] | None = None) -> pl.DataFrame:
    """Return the book of the active subscriptions: all, or those of the ids."""
    c = subscriptions.subscriptions.c
    mine = [] if ids is None else [work.rows.among(c.id, ids)]
    return book(work, c.status == "active", *mine)


def active_on(work: Work, plan_id: str) -> pl.DataFrame:
    """Return the book of the active subscriptions to a plan."""
    c = subscriptions.subscriptions.c
    return book(work, c.status == "active", c.plan_id.in_(plans.family(work, plan_id)))


def unsettled(work: Work) -> pl.DataFrame:
    """Return the book of all that may still owe something: active, or ended and not settled."""
    c = subscriptions.subscriptions.c
    return book(work, (c.status == "active") | ((c.status == "terminated") & ~c.is_settled))


def lives(work: Work, ids: Sequence[str]) -> pl.DataFrame:
    """Return how the subscriptions stand now: subscription_id and status."""
    c = subscriptions.subscriptions.c
    asked = select(c.id.label("subscription_id"), c.status)
    return work.rows.frame(asked.where(work.rows.among(c.id, ids)))


def following(work: Work, ids: Sequence[str]) -> pl.DataFrame:
    """Return which subscriptions are to be taken over from, by which, and since when.

    Shape:   subscription_id, next_id, asked_at.
    """
    c = subscriptions.subscriptions.c
    asked = select(
        c.previous_id.label("subscription_id"),
        c.id.label("next_id"),
        c.created_at.label("asked_at"),
    )
    return work.rows.frame(asked.where(work.rows.among(c.previous_id, ids), c.status == "pending"))


def behind(rows: Rows, reached: int) -> list[str]:
    """Return the organizations that have events up to `reached` to be paid for at once, if any.

    It is asked of all organizations together, whosever rows are asked, and costs little: those
    that charge nothing in advance are not looked at.
    """
    c, mark = plans.charges.c, advance_marks.c
    marked = select(1).where(
        mark.organization_id == c.organization_id, mark.reached >= reached
    )  # fmt: skip
    asked = select(c.organization_id).where(
        c.pay_in_advance, c.deleted_at.is_(None), ~marked.exists()
    )
    return [organization for (organization,) in rows.execute(asked.distinct())]


def paid_levels(work: Work, subscription_ids: pl.Series, charge_ids: pl.Series) -> pl.DataFrame:
    """Return up to which level usage is paid for at once, by the last fee of each slice.

    Shape:   subscription_id, charge_id, charges_from, filter_id, grouped_by, paid_level.
    """
    c = fees.fees.c
    mine = (
        c.subscription_id.in_(subscription_ids.unique().to_list()),
        c.charge_id.in_(charge_ids.unique().to_list()),
        c.pay_in_advance,
        c.paid_level.is_not(None),
    )
    slice_ = (c.subscription_id, c.charge_id, c.from_date, c.charge_filter_id, c.grouped_by)
    last = select(func.max(c.sequence)).where(c.organization_id == work.organization, *mine)
    asked = select(
        c.subscription_id, c.charge_id, c.from_date.label("charges_from"),
        c.charge_filter_id.label("filter_id"), c.grouped_by, c.paid_level,
    )  # fmt: skip
    return work.rows.frame(asked.where(c.sequence.in_(last.group_by(*slice_))))


def paid_alone(work: Work, external_ids: Sequence[str]) -> pl.DataFrame:
    """Return the fees that are paid and wait to be put on an invoice (PA8).

    Shape:   id, external_id, amount_cents, taxes_amount_cents; oldest first.
    """
    fee, charge = fees.fees.c, plans.charges.c
    joined = fees.fees.join(
        plans.charges,
        (fee.organization_id == charge.organization_id) & (fee.charge_id == charge.id),
    )
    asked = select(
        fee.id, fee.external_subscription_id.label("external_id"), fee.amount_cents,
        fee.taxes_amount_cents,
    ).select_from(joined).where(
        fee.invoice_id.is_(None),
        work.rows.among(fee.external_subscription_id, external_ids),
        fee.payment_status == "succeeded", fee.succeeded_at <= work.now,
        fee.event_sequence.is_not(None) | (fee.to_date <= work.now),
        charge.regroup_paid_fees == "invoice",
    )  # fmt: skip
    return work.rows.frame(asked.order_by(fee.sequence))


def with_fee(work: Work, ids: Sequence[str]) -> pl.DataFrame:
    """Return the days for which subscriptions have a base fee.

    Shape:   subscription_id, subscription_first, subscription_last.
    """
    c = invoices.billing_periods.c
    asked = select(c.subscription_id, c.subscription_first, c.subscription_last)
    return work.rows.frame(
        asked.where(c.subscription_id.in_(ids), c.subscription_first.is_not(None))
    )


def ahead_fees(work: Work, ids: Sequence[str], since: datetime, but: Sequence[str]) -> pl.DataFrame:
    """Return the fees of fixed charges that subscriptions have in advance, but for some invoices'.

    Those that were over before `since` are left out: what is read does not grow with the years.

    Shape:   subscription_id, fixed_charge_id, add_on_id, units, amount_cents, prorated, from_date,
             to_date.
    """
    fee, fixed = fees.fees.c, plans.fixed_charges.c
    joined = fees.fees.join(
        plans.fixed_charges,
        (fee.organization_id == fixed.organization_id) & (fee.fixed_charge_id == fixed.id),
    )
    asked = select(
        fee.subscription_id, fee.fixed_charge_id, fee.item_id.label("add_on_id"), fee.units,
        fee.amount_cents, fixed.prorated, fee.from_date, fee.to_date,
    )  # fmt: skip
    return work.rows.frame(
        asked.select_from(joined).where(
            work.rows.among(fee.subscription_id, ids),
            fee.pay_in_advance,
            fee.to_date >= since,
            fee.invoice_id.not_in(but),
        )
    )


def fees_of(work: Work, ids: Sequence[str], since: datetime, but: Sequence[str]) -> pl.DataFrame:
    """Return the fees of subscriptions that begin at `since` or later.

    Those of some invoices, and of voided ones, are left out; fees that stand alone are not.

    Shape:   subscription_id, fee_type, amount_cents, from_date.
    """
    fee, invoice = fees.fees.c, invoices.invoices
    joined = fees.fees.outerjoin(
        invoice,
        (fee.organization_id == invoice.c.organization_id) & (fee.invoice_id == invoice.c.id),
    )
    asked = select(fee.subscription_id, fee.fee_type, fee.amount_cents, fee.from_date)
    return work.rows.frame(
        asked.select_from(joined).where(
            work.rows.among(fee.subscription_id, ids),
            fee.from_date >= since,
            fee.invoice_id.is_(None)
            | (fee.invoice_id.not_in(but) & (invoice.c.status != "voided")),
        )
    )


def billed(work: Work, *where: ColumnElement[bool]) -> pl.DataFrame:
    """Return which subscription was billed by a periodic run of which local day."""
    c = invoices.billing_periods.c
    asked = select(c.subscription_id, c.billed_on).where(
        c.invoicing_reason == "subscription_periodic", *where
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


def unchecked(rows: Rows, reached: int) -> list[str]:
    """Return the organizations that have usage up to `reached` to be held against thresholds.

    It is asked of all organizations together, like `behind`; those without thresholds are not
    looked at.
    """
    c, mark, wish = plans.usage_thresholds.c, usage_marks.c, recounts.c
    marked = select(1).where(
        mark.organization_id == c.organization_id, mark.reached >= reached
    )  # fmt: skip
    wished = select(1).where(wish.organization_id == c.organization_id)
    asked = select(c.organization_id).where(~marked.exists() | wished.exists())
    return [organization for (organization,) in rows.execute(asked.distinct())]


def watched(work: Work, *where: ColumnElement[bool]) -> pl.DataFrame:
    """Return the thresholds that hold for active subscriptions: their own, else their plan's.

    Shape:   subscription_id, and the threshold as plans.thresholds has it; in no order. A plan that
             overrides another one and has none takes that one's.
    """
    held = plans.thresholds(work)
    one, plan = subscriptions.subscriptions.c, plans.plans.c
    both = subscriptions.subscriptions.join(
        plans.plans, (one.organization_id == plan.organization_id) & (one.plan_id == plan.id)
    )
    asked = select(one.id.label("subscription_id"), one.plan_id, plan.parent_id).select_from(both)
    mine = work.rows.frame(
        asked.where(one.status == "active", ~one.progressive_billing_disabled, *where)
    )
    own = held.filter(pl.col("subscription_id").is_not_null()).drop("plan_id")
    shared = held.filter(pl.col("plan_id").is_not_null()).drop("subscription_id")
    levels = (
        mine.join(own, on="subscription_id"),
        mine.join(shared, on="plan_id"),
        mine.join(shared, left_on="parent_id", right_on="plan_id"),
    )
    found = pl.concat(
        [each.with_columns(rank=pl.lit(rank)) for rank, each in enumerate(levels)],
        how="diagonal_relaxed",
    )
    nearest = pl.col("rank") == pl.col("rank").min().over("subscription_id")
    return found.filter(nearest).drop("rank", "plan_id", "parent_id")


def to_recount(work: Work, touched: Sequence[str], wishes: Sequence[Recount]) -> list[str]:
    """Return the subscriptions with thresholds for which events came, or a recount was wished."""
    one, plan = subscriptions.subscriptions.c, plans.plans.c
    wished = [wish.plan_id for wish in wishes if wish.plan_id]
    named = [wish.subscription_id for wish in wishes if wish.subscription_id]
    among = work.rows.among
    is_asked = (
        among(one.external_id, touched)
        | among(one.id, named)
        | among(plan.id, wished)
        | among(plan.parent_id, wished)
    )
    return watched(work, is_asked)["subscription_id"].unique().sort().to_list()
