"""Credits: what a customer has to its credit, paid in by credit notes and spent by invoices."""

from billing.credits.model import AvailableCredit, CreditEntry, CreditReason, CreditStatus
from billing.credits.queries import available, by_ids, having, spent_on
from billing.credits.rules import matched
from billing.credits.service import give_back, pay_in, spend, void
from billing.credits.tables import available_credits, credit_entries

__all__ = [
    "AvailableCredit", "CreditEntry", "CreditReason", "CreditStatus", "available",
    "available_credits", "by_ids", "credit_entries", "give_back", "having", "matched", "pay_in",
    "spend", "spent_on", "void",
]  # fmt: skip
