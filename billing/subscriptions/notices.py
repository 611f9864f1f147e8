"""What webhooks are told about subscriptions."""

from billing.subscriptions.model import Subscription, SubscriptionView
from sql.work import Notice


class SubscriptionStarted(Notice, frozen=True, kw_only=True):
    """A subscription became active."""

    type = "subscription.started"
    subscription: Subscription


class SubscriptionUpdated(Notice, frozen=True, kw_only=True):
    """A subscription was changed."""

    type = "subscription.updated"
    subscription: Subscription


class SubscriptionTrialEnded(Notice, frozen=True, kw_only=True):
    """The days without a base fee are over."""

    type = "subscription.trial_ended"
    subscription: Subscription


class SubscriptionTerminated(Notice, frozen=True, kw_only=True):
    """A subscription ended."""

    type = "subscription.terminated"
    subscription: Subscription


class SubscriptionCanceled(Notice, frozen=True, kw_only=True):
    """A subscription was given up before it started."""

    type = "subscription.canceled"
    subscription: Subscription


class SubscriptionUsageThresholdReached(Notice, frozen=True, kw_only=True):
    """The usage of a subscription has passed a threshold, and was invoiced."""

    type = "subscription.usage_threshold_reached"
    subscription: SubscriptionView
