"""What the activity log is told about taxes and entities. No webhook carries them."""

from billing.taxes.model import BillingEntity, Tax
from sql.work import Notice


class TaxCreated(Notice, frozen=True, kw_only=True):
    """A tax was created."""

    type = "tax.created"
    is_sent = False
    tax: Tax


class TaxUpdated(Notice, frozen=True, kw_only=True):
    """A tax was changed."""

    type = "tax.updated"
    is_sent = False
    tax: Tax


class TaxDeleted(Notice, frozen=True, kw_only=True):
    """A tax was deleted, and detached everywhere."""

    type = "tax.deleted"
    is_sent = False
    tax: Tax


class BillingEntityCreated(Notice, frozen=True, kw_only=True):
    """A billing entity was created."""

    type = "billing_entities.created"
    is_sent = False
    billing_entity: BillingEntity


class BillingEntityUpdated(Notice, frozen=True, kw_only=True):
    """A billing entity was changed, its taxes perhaps among it."""

    type = "billing_entities.updated"
    is_sent = False
    billing_entity: BillingEntity
