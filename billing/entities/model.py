"""The facts about billing entities."""

from datetime import datetime

from msgspec import Struct


class Entity(Struct, frozen=True, kw_only=True):
    """Who issues invoices: a name, an address, a numbering and the defaults of its customers."""

    id: str
    code: str
    name: str
    default_currency: str
    timezone: str
    document_numbering: str
    document_number_prefix: str
    net_payment_term: int
    invoice_grace_period: int
    is_default: bool
    created_at: datetime
    updated_at: datetime
