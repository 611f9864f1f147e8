"""What may be asked of fees."""

from datetime import datetime

from msgspec import Struct

from billing.fees.model import FeePaymentStatus
from metering.measures.shapes import PageQuery


class FeeQuery(PageQuery, kw_only=True):
    """Which fees. Instants are up to and including."""

    fee_type: str | None = None
    payment_status: str | None = None
    external_customer_id: str | None = None
    external_subscription_id: str | None = None
    billable_metric_code: str | None = None
    currency: str | None = None
    event_transaction_id: str | None = None
    """Of the event that was to be paid for at once."""
    created_at_from: datetime | None = None
    created_at_to: datetime | None = None
    succeeded_at_from: datetime | None = None
    succeeded_at_to: datetime | None = None
    failed_at_from: datetime | None = None
    failed_at_to: datetime | None = None
    refunded_at_from: datetime | None = None
    refunded_at_to: datetime | None = None


class FeeUpdate(Struct, frozen=True, kw_only=True):
    """What may change of a fee that stands alone."""

    payment_status: FeePaymentStatus
    """What became of its payment, which somebody else took."""
