"""Taxes: rates, and what they apply to."""

from billing.taxes.model import BillingEntity, Level, Tax
from billing.taxes.notices import (
    BillingEntityCreated,
    BillingEntityUpdated,
    TaxCreated,
    TaxDeleted,
    TaxUpdated,
)
from billing.taxes.queries import (
    among,
    applied,
    assignments,
    browse,
    browse_entities,
    find,
    find_entity,
    tax,
)
from billing.taxes.requests import TaxInput, TaxQuery, TaxUpdate
from billing.taxes.service import (
    apply,
    create,
    create_entity,
    delete,
    drop,
    update,
    update_entity,
)
from billing.taxes.tables import applied_taxes, taxes

__all__ = [
    "BillingEntity", "BillingEntityCreated", "BillingEntityUpdated", "Level", "Tax", "TaxCreated",
    "TaxDeleted", "TaxInput", "TaxQuery", "TaxUpdate", "TaxUpdated", "among", "applied",
    "applied_taxes", "apply", "assignments", "browse", "browse_entities", "create",
    "create_entity", "delete", "drop", "find", "find_entity", "tax", "taxes", "update",
    "update_entity",
]  # fmt: skip
