"""What the activity log is told about fees."""

from billing.fees.model import FeeView
from sql.work import Notice


class FeeUpdated(Notice, frozen=True, kw_only=True):
    """What became of the payment of a fee that stands alone."""

    type = "fee.updated"
    is_sent = False
    fee: FeeView
