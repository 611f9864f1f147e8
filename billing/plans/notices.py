"""What webhooks are told about plans."""

from billing.plans.model import Plan
from sql.work import Notice


class PlanCreated(Notice, frozen=True, kw_only=True):
    """A plan was created."""

    type = "plan.created"
    plan: Plan


class PlanUpdated(Notice, frozen=True, kw_only=True):
    """A plan was changed, or what it charges for."""

    type = "plan.updated"
    plan: Plan


class PlanDeleted(Notice, frozen=True, kw_only=True):
    """A plan was archived; who has subscribed keeps it."""

    type = "plan.deleted"
    plan: Plan
