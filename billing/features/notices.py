"""What webhooks are told about features."""

from billing.features.model import Feature
from sql.work import Notice


class FeatureCreated(Notice, frozen=True, kw_only=True):
    """A feature was created."""

    type = "feature.created"
    feature: Feature


class FeatureUpdated(Notice, frozen=True, kw_only=True):
    """A feature was changed, or a privilege of it."""

    type = "feature.updated"
    feature: Feature


class FeatureDeleted(Notice, frozen=True, kw_only=True):
    """A feature was deleted, and with it all that plans and subscriptions granted of it."""

    type = "feature.deleted"
    feature: Feature
