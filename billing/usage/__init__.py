"""Usage: what was used in a period and what it comes to, before it is invoiced."""

from billing.usage.model import CustomerUsage
from billing.usage.queries import current, priced
from billing.usage.requests import UsageQuery
from billing.usage.rules import settled

__all__ = ["CustomerUsage", "UsageQuery", "current", "priced", "settled"]
