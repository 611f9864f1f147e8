"""Reconciliation: what came in is billed, or there is a reason why not, and the sum closes."""

from analytics.reconciliation.model import (
    InvoiceChange,
    Reconciliation,
    ReconciliationDifference,
    ReconciliationLine,
    UnbilledEvent,
    UnbilledReason,
)
from analytics.reconciliation.requests import (
    InvoiceChangeQuery,
    ReconciliationQuery,
    UnbilledEventQuery,
)
from analytics.reconciliation.service import browse_unbilled, changes, reconcile

__all__ = [
    "InvoiceChange", "InvoiceChangeQuery", "Reconciliation", "ReconciliationDifference",
    "ReconciliationLine", "ReconciliationQuery", "UnbilledEvent", "UnbilledEventQuery",
    "UnbilledReason", "browse_unbilled", "changes", "reconcile",
]  # fmt: skip
