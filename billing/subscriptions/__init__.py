"""Subscriptions: which customer is on which plan, since when, until when."""

from billing.subscriptions.model import (
    LIFE,
    BillingTime,
    OnTerminationInvoice,
    Subscription,
    SubscriptionStatus,
    SubscriptionView,
    anchor,
)
from billing.subscriptions.queries import book, browse, find, get, is_on, of_customer, show, some
from billing.subscriptions.requests import (
    SubscriptionChoice,
    SubscriptionInput,
    SubscriptionQuery,
    SubscriptionUpdate,
    Termination,
)
from billing.subscriptions.service import cancel, create, start, terminate, update
from billing.subscriptions.tables import subscriptions

__all__ = [
    "LIFE", "BillingTime", "OnTerminationInvoice", "Subscription", "SubscriptionChoice",
    "SubscriptionInput", "SubscriptionQuery", "SubscriptionStatus", "SubscriptionUpdate",
    "SubscriptionView", "Termination", "anchor", "book", "browse", "cancel", "create", "find",
    "get", "is_on", "of_customer", "show", "some", "start", "subscriptions", "terminate", "update",
]  # fmt: skip
