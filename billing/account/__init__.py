"""Account: what a customer may see of itself, with a token instead of a key."""

from billing.account.queries import (
    available_plans,
    my_invoice,
    my_invoices,
    my_subscription,
    my_usage,
)
from billing.account.requests import AccountQuery, AccountUsageQuery, MyInvoiceQuery

__all__ = [
    "AccountQuery", "AccountUsageQuery", "MyInvoiceQuery", "available_plans", "my_invoice",
    "my_invoices", "my_subscription", "my_usage",
]  # fmt: skip
