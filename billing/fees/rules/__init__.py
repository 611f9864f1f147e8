"""How periods and priced lines become fees: pure, in columns, for all invoices at once.

All functions return frames of the same shape, FEES, which later steps tax and number.
"""

from billing.fees.rules.advance import advance_fees, renewal_fees
from billing.fees.rules.fixed import fixed_fees
from billing.fees.rules.plan import commitment_fees, subscription_fees
from billing.fees.rules.shape import FEES
from billing.fees.rules.usage import charge_fees

__all__ = [
    "FEES", "advance_fees", "charge_fees", "commitment_fees", "fixed_fees", "renewal_fees",
    "subscription_fees",
]  # fmt: skip
