"""What webhooks are told about customers."""

from billing.customers.model import Customer
from sql.work import Notice


class CustomerCreated(Notice, frozen=True, kw_only=True):
    """A customer was created, by the operator or by their first subscription."""

    type = "customer.created"
    customer: Customer


class CustomerUpdated(Notice, frozen=True, kw_only=True):
    """A customer was changed."""

    type = "customer.updated"
    customer: Customer


class CustomerDeleted(Notice, frozen=True, kw_only=True):
    """A customer was deleted; the external id is free again. No webhook carries it."""

    type = "customer.deleted"
    is_sent = False
    customer: Customer
