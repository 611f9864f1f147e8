"""The facts about add-ons."""

from datetime import datetime

from msgspec import Struct

from billing.taxes import Tax


class AddOn(Struct, frozen=True, kw_only=True):
    """Something sold once, or as a fixed part of a plan, at a price of its own."""

    id: str
    name: str
    invoice_display_name: str | None
    code: str
    amount_cents: int
    amount_currency: str
    created_at: datetime
    description: str | None
    taxes: list[Tax] = []
    """What is added to its price, in place of the customer's taxes."""

    def __post_init__(self) -> None:
        assert self.amount_cents >= 0, self
