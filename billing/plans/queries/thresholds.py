"""At what usage invoices are made at once."""

from collections.abc import Sequence

import polars as pl
from sqlalchemy import select

from billing.plans.model import ApplicableUsageThreshold, UsageThreshold
from billing.plans.tables import plans, usage_thresholds
from sql.work import Work

OF_THRESHOLD = [name for name in UsageThreshold.__struct_fields__ if name != "id"]


def thresholds(work: Work) -> pl.DataFrame:
    """Return all thresholds of plans and of single subscriptions, as columns.

    Shape:   threshold_id, plan_id or subscription_id, and the columns of UsageThreshold.
    """
    c = usage_thresholds.c
    own = [c[name] for name in OF_THRESHOLD]
    asked = select(c.id.label("threshold_id"), c.plan_id, c.subscription_id, *own)
    return work.rows.frame(asked.order_by(c.sequence))


def thresholds_of(work: Work, plan_of: dict[str, str]) -> dict[str, list[UsageThreshold]]:
    """Return the thresholds that hold for subscriptions: their own, else those of their plan.

    A plan that overrides another one and has none takes that one's. `plan_of` has the plan of each
    subscription.
    """
    c = usage_thresholds.c
    asked = select(plans.c.id, plans.c.parent_id).where(
        work.rows.among(plans.c.id, list(plan_of.values())), plans.c.parent_id.is_not(None)
    )
    parents: dict[str, str] = dict(map(tuple, work.rows.rows(asked)))
    owners = [*plan_of, *plan_of.values(), *parents.values()]
    mine = work.rows.among(c.plan_id, owners) | work.rows.among(c.subscription_id, owners)
    owner = {
        id: plan_id or subscription_id
        for id, plan_id, subscription_id in work.rows.rows(
            select(c.id, c.plan_id, c.subscription_id).where(mine)
        )
    }
    had: dict[str, list[UsageThreshold]] = {}
    for each in work.rows.all(usage_thresholds, UsageThreshold, mine) if owner else []:
        had.setdefault(owner[each.id], []).append(each)
    return {
        id: had.get(id) or had.get(plan_id) or had.get(parents.get(plan_id, ""), [])
        for id, plan_id in plan_of.items()
    }


def applicable(held: Sequence[UsageThreshold]) -> list[ApplicableUsageThreshold]:
    """Return thresholds as they are shown to who they hold for."""
    return [
        ApplicableUsageThreshold(
            threshold_display_name=each.threshold_display_name,
            amount_cents=each.amount_cents,
            recurring=each.recurring,
        )
        for each in held
    ]
