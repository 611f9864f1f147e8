"""What may be asked of a reconciliation."""

from datetime import datetime

from analytics.reconciliation.model import EventReason
from metering.measures.refusals import Checks, Invalid
from metering.measures.shapes import PageQuery, Query


class ReconciliationQuery(Query, kw_only=True):
    """Which time of reception: all of it, unless said."""

    received_from: datetime | None = None
    """The first instant, itself inside."""
    received_to: datetime | None = None
    """The first instant after, itself outside."""

    def __post_init__(self) -> None:
        checks = Checks()
        if self.received_from and self.received_to:
            checks.that(self.received_from < self.received_to, received_to="invalid_date")
        checks.done()


class UnbilledEventQuery(PageQuery, kw_only=True):
    """Which events, of those that are not billed."""

    reason: EventReason | None = None
    """All but `billed`, unless said."""
    code: str | None = None
    external_subscription_id: str | None = None
    received_from: datetime | None = None
    received_to: datetime | None = None
    """The first instant after, itself outside."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.cursor is not None:
            raise Invalid(cursor="value_is_invalid")


class InvoiceChangeQuery(PageQuery, kw_only=True):
    """Which changes of an invoice."""

    charge_id: str | None = None
