"""The facts that the conductor keeps for itself."""

from msgspec import Struct


class UsageMark(Struct, frozen=True, kw_only=True):
    """Up to where an organization's usage is held against its thresholds."""

    id: str
    reached: int


class Recount(Struct, frozen=True, kw_only=True):
    """That usage is to be held against thresholds though nothing new came."""

    id: str
    subscription_id: str | None
    plan_id: str | None
