"""Lifetime usage: what was used elsewhere, what was billed, and the current period."""

import polars as pl
from msgspec import UNSET, UnsetType
from sqlalchemy import BigInteger, cast, func, select

from billing import customers, fees, invoices, subscriptions
from billing.subscriptions import Subscription
from billing.usage import rules
from billing.usage.model import History, LifetimeThreshold, LifetimeUsage
from billing.usage.queries.slices import slices
from billing.usage.queries.window import window
from billing.usage.tables import histories
from metering.measures.forms import Millis, Number, made
from sql.work import Work


def lifetime(work: Work, external_id: str) -> LifetimeUsage:
    """Return all that was ever used under an active subscription, before taxes.

    Raises: Missing `subscription_not_found`.
    """
    found = subscriptions.find(work, external_id)
    owner = customers.find_by_id(work, found.customer_id)
    span = window(work, owner.external_id, external_id)
    said = history(work, found)
    elsewhere = said.external_historical_usage_amount_cents if said else 0
    same = _same_life(work, found)
    billed = int(_invoiced(work, same)["invoiced_cents"].sum())
    current = int(slices(work, span).frame["amount_cents"].sum())
    return LifetimeUsage(
        id=_first(work, found),
        subscription_id=found.id,
        external_subscription_id=found.external_id,
        external_historical_usage_amount_cents=elsewhere,
        invoiced_usage_amount_cents=billed,
        current_usage_amount_cents=current,
        from_datetime=found.subscription_at,
        to_datetime=work.now,
        usage_thresholds=_thresholds(work, found, same, elsewhere + billed + current),
    )


def _thresholds(
    work: Work, found: Subscription, same: list[str], total: int
) -> list[LifetimeThreshold] | UnsetType:
    """Return how far a total has come towards the thresholds that hold, if there are any."""
    held = subscriptions.thresholds_of(work, found)
    if not held:
        return UNSET
    c = invoices.applied_usage_thresholds.c
    asked = select(c.threshold_id, func.max(c.created_at)).where(
        work.rows.among(c.subscription_id, same)
    )
    passed = dict(list(work.rows.rows(asked.group_by(c.threshold_id))))
    said = [(each.amount_cents, each.recurring, passed.get(each.id)) for each in held]
    return [
        LifetimeThreshold(
            amount_cents=amount,
            completion_ratio=Number(ratio),
            reached_at=None if at is None else made(Millis, at),
        )
        for amount, ratio, at in rules.milestones(total, said)
    ]


def history(work: Work, subscription: Subscription) -> History | None:
    """Return what was said of a subscription's usage elsewhere."""
    return work.rows.find(
        histories, History,
        external_subscription_id=subscription.external_id,
        subscription_at=subscription.subscription_at,
    )  # fmt: skip


def _same_life(work: Work, subscription: Subscription) -> list[str]:
    """Return the ids of the subscriptions of a lifetime."""
    lives = _lives(work, [subscription.external_id])
    begins = pl.col("subscription_at") == subscription.subscription_at
    return lives.filter(begins)["subscription_id"].to_list()


def _first(work: Work, subscription: Subscription) -> str:
    """Return the id of the first subscription of a lifetime."""
    one = subscriptions.subscriptions.c
    of_same = (
        one.external_id == subscription.external_id,
        one.subscription_at == subscription.subscription_at,
    )
    asked = select(one.id).where(*of_same).order_by(one.sequence).limit(1)
    return str(work.rows.rows(asked)[0][0])


def standing(work: Work, book: pl.DataFrame) -> pl.DataFrame:
    """Return what the usage of subscriptions has come to, and was billed, before now.

    Shape:   in, subscription_id, external_id, subscription_at and charges_first, the first day of
             the current usage period; out, the same rows with
                 history_cents    what was used, and billed, elsewhere
                 invoiced_cents   the usage fees of the lifetime's invoices that are not voided
                 open_cents       what progressive invoices have billed of earlier periods that no
                                  invoice has closed yet
                 billed_cents     what they have billed of the current one
                 number           how many they are
    Rule:    a lifetime is all subscriptions of one external id and one beginning.
    Source:  spec/billing.md PB1, PB2.
    """
    lives = _lives(work, book["external_id"].unique().to_list())
    ids = lives["subscription_id"].to_list()
    stands = (
        invoices.progressive_invoices(work, ids)
        .unique(["subscription_id", "charges_first"], keep="last", maintain_order=True)
        .join(_closed(work, ids), on=["subscription_id", "charges_first"], how="anti")
        .join(lives, on="subscription_id")
    )
    counted = {
        "invoiced_cents": _invoiced(work, ids).join(lives, on="subscription_id"),
        "history_cents": _histories(work, book["external_id"].unique().to_list()),
    }
    rows = book
    for name, found in counted.items():
        sums = found.group_by(LIFE).agg(pl.col(name).sum())
        rows = rows.join(sums, on=LIFE, how="left", maintain_order="left")
    here = stands.select("subscription_id", "charges_first", billed_cents="fees_cents")
    for found in (here, invoices.progressive_numbers(work, ids)):
        rows = rows.join(
            found, on=["subscription_id", "charges_first"], how="left", maintain_order="left"
        )
    all_open = stands.group_by(LIFE).agg(open_cents=pl.col("fees_cents").sum())
    rows = rows.join(all_open, on=LIFE, how="left", maintain_order="left")
    names = ["invoiced_cents", "history_cents", "billed_cents", "number", "open_cents"]
    return rows.with_columns(pl.col(names).fill_null(0)).with_columns(
        open_cents=pl.col("open_cents") - pl.col("billed_cents")
    )


LIFE = ["external_id", "subscription_at"]
"""What the subscriptions of one lifetime have in common."""


def _lives(work: Work, external_ids: list[str]) -> pl.DataFrame:
    """Return all subscriptions of external ids: subscription_id and LIFE."""
    c = subscriptions.subscriptions.c
    asked = select(c.id.label("subscription_id"), c.external_id, c.subscription_at)
    return work.rows.frame(asked.where(work.rows.among(c.external_id, external_ids)))


def _histories(work: Work, external_ids: list[str]) -> pl.DataFrame:
    c = histories.c
    asked = select(
        c.external_subscription_id.label("external_id"), c.subscription_at,
        c.external_historical_usage_amount_cents.label("history_cents"),
    )  # fmt: skip
    return work.rows.frame(asked.where(work.rows.among(c.external_subscription_id, external_ids)))


def _closed(work: Work, subscription_ids: list[str]) -> pl.DataFrame:
    """Return the usage periods of subscriptions that an invoice has closed which stands."""
    period, invoice = invoices.billing_periods.c, invoices.invoices.c
    both = invoices.billing_periods.join(
        invoices.invoices,
        (period.organization_id == invoice.organization_id) & (period.invoice_id == invoice.id),
    )
    asked = select(period.subscription_id, period.charges_first).select_from(both)
    return work.rows.frame(
        asked.where(
            work.rows.among(period.subscription_id, subscription_ids),
            period.invoicing_reason.in_(["subscription_periodic", "subscription_terminating"]),
            period.charges_first.is_not(None),
            invoice.status != "voided",
        )
    )


def _invoiced(work: Work, subscription_ids: list[str]) -> pl.DataFrame:
    """Return the usage fees of subscriptions, by subscription, that are not voided.

    Rule:    those on invoices of subscriptions (PB1).
    """
    fee, invoice = fees.fees.c, invoices.invoices.c
    joined = fees.fees.join(
        invoices.invoices,
        (fee.organization_id == invoice.organization_id) & (fee.invoice_id == invoice.id),
    )
    sums = cast(func.sum(fee.amount_cents), BigInteger)
    asked = select(fee.subscription_id, sums.label("invoiced_cents")).select_from(joined)
    return work.rows.frame(
        asked.where(
            work.rows.among(fee.subscription_id, subscription_ids),
            fee.fee_type == "charge",
            invoice.invoice_type == "subscription",
            invoice.status != "voided",
        ).group_by(fee.subscription_id)
    )
