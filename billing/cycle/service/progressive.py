"""Usage is invoiced at once where it has passed a threshold."""

from collections.abc import Sequence

import polars as pl
from msgspec import Struct
from msgspec.structs import replace

from billing import fees, invoices, plans, subscriptions, usage
from billing.cycle import queries, rules
from billing.cycle.model import Recount, UsageMark
from billing.cycle.service.excess import issue
from billing.cycle.service.opening import GROUP, described, opened
from billing.cycle.tables import recounts, usage_marks
from billing.invoices import Bill
from billing.plans import UsageThreshold
from billing.subscriptions import SubscriptionUsageThresholdReached
from metering import columns, periods
from metering.measures import ids
from sql.types import INSTANT
from sql.work import Work


class Round(Struct, frozen=True, kw_only=True):
    """Whose usage is to be held against thresholds, and what has been seen to when it was."""

    subscription_ids: list[str]
    reached: int
    wishes: list[Recount]


def wish(work: Work, subscription_ids: Sequence[str]) -> None:
    """Have the usage of subscriptions held against thresholds though nothing new comes (PB5)."""
    mine = work.rows.among(subscriptions.subscriptions.c.id, subscription_ids)
    watched = queries.watched(work, mine)["subscription_id"].unique()
    _wish(work, subscription_id=watched)


def wish_plan(work: Work, plan_id: str) -> None:
    """Have the usage of all who are on a plan held against thresholds again: also new prices count.

    It is wished where any threshold is set.
    """
    if work.rows.count(plans.usage_thresholds):
        _wish(work, plan_id=pl.Series([plan_id]))


def _wish(work: Work, **of: pl.Series) -> None:
    frame = pl.DataFrame(of)
    work.rows.load(recounts, frame.with_columns(id=columns.ids(frame.height)))


def due_round(work: Work) -> Round | None:
    """Return whose usage is to be looked at: for whom events came, or who wishes it.

    Nobody's where no threshold is set. Where usage was never looked at before, what is there counts
    as seen: whoever got a threshold since wishes it.
    """
    if not work.rows.count(plans.usage_thresholds):
        return None
    mark = work.rows.find(usage_marks, UsageMark)
    wishes = work.rows.all(recounts, Recount)
    until = work.warehouse.watermark()
    since = mark.reached if mark else until
    touched = (
        work.warehouse.query(
            "events/touched", organization=work.organization, since=since, until=until
        )["external_subscription_id"].to_list()
        if since < until
        else []
    )
    found = queries.to_recount(work, touched, wishes) if touched or wishes else []
    return Round(subscription_ids=found, reached=until, wishes=wishes)


def end_round(work: Work, done: Round) -> None:
    """Note up to where usage has been looked at, and whose wishes were heard."""
    made = UsageMark(id=ids.new(), reached=done.reached)
    if not work.rows.add(usage_marks, made):
        c = usage_marks.c
        work.rows.change(usage_marks, c.reached < done.reached, reached=done.reached)
    if done.wishes:
        heard = [each.id for each in done.wishes]
        work.rows.remove(recounts, work.rows.among(recounts.c.id, heard))


def bill_usage(work: Work, subscription_ids: Sequence[str]) -> int:
    """Invoice the usage of the current period of subscriptions where it has passed a threshold.

    One invoice each, final at once, for all usage in arrears, which takes off what progressive
    invoices of the period have billed before; a notice for each threshold. A second run finds the
    usage billed, and a unique key says so again.
    """
    invoices.lock(work)
    mine = work.rows.among(subscriptions.subscriptions.c.id, subscription_ids)
    watched = queries.watched(work, mine)
    book = queries.active(work, watched["subscription_id"].unique().to_list())
    if book.is_empty():
        return 0
    tariff = plans.book(work, book["plan_id"].unique().to_list())
    now = rules.usage_periods(book.with_columns(at=pl.lit(work.now, INSTANT)))
    billed = described(work, now, tariff).with_row_index("period")
    until = work.warehouse.watermark()
    priced = usage.settled(usage.priced(work, billed, tariff, until))
    sums = priced.group_by("period").agg(current_cents=pl.col("amount_cents").sum())
    before = pl.col("history_cents") + pl.col("invoiced_cents") + pl.col("open_cents")
    standing = (
        usage.standing(work, billed)
        .join(sums, on="period", how="left", maintain_order="left")
        .with_columns(
            base_cents=before + pl.col("billed_cents"),
            total_cents=before + pl.col("current_cents").fill_null(0),
        )
    )
    names = ["subscription_id", "base_cents", "total_cents"]
    passed = usage.passed(standing.select(names), watched)
    if passed.is_empty():
        return 0
    made = standing.join(passed, on="subscription_id", how="semi", maintain_order="left")
    _invoice(work, made, priced.with_columns(watermark=pl.lit(until)), passed)
    return made.height


def _invoice(
    work: Work, standing: pl.DataFrame, priced: pl.DataFrame, passed: pl.DataFrame
) -> None:
    """Issue one invoice per subscription, and tell which thresholds it was made for."""
    told = periods.today(standing, "timezone", work.now).with_columns(
        billed_on="today",
        reason=pl.lit("progressive_billing"),
        is_gracious=pl.lit(False),
        alone="subscription_id",
        progressive_number=pl.col("number") + 1,
    )
    made = opened(work, told).with_columns(invoice_type=pl.lit("progressive_billing"))
    billed = told.join(
        made.select("invoice_id", *GROUP), on=GROUP, nulls_equal=True, maintain_order="left"
    ).with_columns(
        external_subscription_id="external_id",
        invoicing_reason="reason",
        watermark=priced["watermark"].first(),
        created_at=pl.lit(work.now, INSTANT),
    )
    owners = billed.select(
        "period", "invoice_id", "customer_id", "entity_id", "plan_id", "subscription_id",
        "currency", "digits", "external_subscription_id",
    )  # fmt: skip
    # What is missing to a minimum is known when the period is over (MN1).
    mine = priced.join(owners.select("period"), on="period", how="semi", maintain_order="left")
    used = fees.charge_fees(mine.with_columns(min_amount_cents=pl.lit(0, pl.Int64)))
    owned = used.join(owners, on="period", maintain_order="left").with_columns(
        taxable_cents="amount_cents"
    )
    bill = Bill(invoices=made.drop("invoice_id"), periods=billed, fees=owned)
    issue(work, invoices.assemble(work, bill))
    of = billed.select("invoice_id", "subscription_id")
    invoices.note_thresholds(
        work,
        passed.join(of, on="subscription_id").with_columns(
            lifetime_usage_amount_cents="total_cents",
            threshold_created_at="created_at",
            threshold_updated_at="updated_at",
        ),
    )
    _tell(work, passed)


def _tell(work: Work, passed: pl.DataFrame) -> None:
    """Tell of each threshold, with the subscription that has passed it."""
    ids = passed["subscription_id"].unique().to_list()
    shown = {one.id: one for one in subscriptions.wholes(work, ids)}
    for row in passed.sort("amount_cents").rows(named=True):
        threshold = UsageThreshold(
            id=row["threshold_id"],
            **{name: row[name] for name in UsageThreshold.__struct_fields__ if name != "id"},
        )
        reached = replace(shown[row["subscription_id"]], usage_threshold=threshold)
        work.tell(SubscriptionUsageThresholdReached(subscription=reached))
