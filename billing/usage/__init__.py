"""Usage: what was used in a period and what it comes to, before it is invoiced and after."""

from billing.usage.model import CustomerUsage
from billing.usage.queries import current, daily, lifetime, past, priced, projected, standing
from billing.usage.requests import UsageQuery
from billing.usage.rules import passed, settled
from billing.usage.service import update_lifetime
from billing.usage.tables import histories

__all__ = [
    "CustomerUsage", "UsageQuery", "current", "daily", "histories", "lifetime", "passed", "past",
    "priced", "projected", "settled", "standing", "update_lifetime",
]  # fmt: skip
