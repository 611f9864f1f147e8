"""Taxes: rates, and what they apply to."""

from billing.taxes.model import Level, Tax
from billing.taxes.notices import TaxCreated, TaxDeleted, TaxUpdated
from billing.taxes.queries import applied, assignments, browse, find
from billing.taxes.requests import TaxInput, TaxQuery, TaxUpdate
from billing.taxes.service import apply, create, delete, update
from billing.taxes.tables import applied_taxes, taxes

__all__ = [
    "Level", "Tax", "TaxCreated", "TaxDeleted", "TaxInput", "TaxQuery", "TaxUpdate", "TaxUpdated",
    "applied", "applied_taxes", "apply", "assignments", "browse", "create", "delete", "find",
    "taxes", "update",
]  # fmt: skip
