"""What webhooks are told about subscriptions."""

from billing.subscriptions.model import Subscription
from sql.work import Notice


class SubscriptionStarted(Notice, frozen=True, kw_only=True):
    """A subscription became active."""

    type = "subscription.started"
    subscription: Subscription


class SubscriptionUpdated(Notice, frozen=True, kw_only=True):
    """A subscription was changed."""

    type = "subscription.updated"
    subscription: Subscription


class SubscriptionTerminated(Notice, frozen=True, kw_only=True):
    """A subscription ended."""

    type = "subscription.terminated"
    subscription: Subscription


class SubscriptionCanceled(Notice, frozen=True, kw_only=True):
    """A subscription was given up before it started."""

    type = "subscription.canceled"
    subscription: Subscription
