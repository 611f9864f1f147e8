"""Subscriptions: which customer is on which plan, since when, until when."""

from billing.subscriptions.model import (
    LIFE,
    BillingTime,
    OnTerminationCreditNote,
    OnTerminationInvoice,
    Subscription,
    SubscriptionStatus,
    SubscriptionView,
    anchor,
)
from billing.subscriptions.notices import (
    SubscriptionUpdated,
    SubscriptionUsageThresholdReached,
)
from billing.subscriptions.queries import (
    book,
    browse,
    find,
    fixed_charge,
    fixed_charges,
    following,
    get,
    is_on,
    live,
    of_customer,
    show,
    some,
    thresholds_of,
    waiting,
    wholes,
)
from billing.subscriptions.requests import (
    SubscriptionChoice,
    SubscriptionInput,
    SubscriptionQuery,
    SubscriptionStatusQuery,
    SubscriptionUpdate,
    Termination,
)
from billing.subscriptions.service import (
    cancel,
    change_plan,
    create,
    end_trials,
    follow,
    put_on,
    settle,
    start,
    switch,
    terminate,
    update,
)
from billing.subscriptions.tables import subscriptions

__all__ = [
    "LIFE", "BillingTime", "OnTerminationCreditNote", "OnTerminationInvoice", "Subscription",
    "SubscriptionChoice", "SubscriptionInput", "SubscriptionQuery", "SubscriptionStatus",
    "SubscriptionStatusQuery", "SubscriptionUpdate", "SubscriptionUpdated",
    "SubscriptionUsageThresholdReached", "SubscriptionView", "Termination", "anchor", "book",
    "browse", "cancel", "change_plan", "create", "end_trials", "find", "fixed_charge",
    "fixed_charges", "follow", "following", "get", "is_on", "live", "of_customer", "put_on",
    "settle", "show", "some", "start", "subscriptions", "switch", "terminate", "thresholds_of",
    "update", "waiting", "wholes",
]  # fmt: skip
