"""Billing entities: who issues invoices."""

from billing.entities.model import (
    DocumentNumbering,
    Entity,
    IssuingDateAdjustment,
    IssuingDateAnchor,
)
from billing.entities.queries import by_ids, default, every, find
from billing.entities.requests import (
    BillingEntityInput,
    BillingEntityUpdate,
    EntityBillingConfiguration,
)
from billing.entities.rules import DAYS, LOCALES, countries, is_mail, is_zone
from billing.entities.service import create, open_default, update
from billing.entities.tables import entities

__all__ = [
    "DAYS", "LOCALES", "BillingEntityInput", "BillingEntityUpdate", "DocumentNumbering", "Entity",
    "EntityBillingConfiguration", "IssuingDateAdjustment", "IssuingDateAnchor", "by_ids",
    "countries", "create", "default", "entities", "every", "find", "is_mail", "is_zone",
    "open_default", "update",
]  # fmt: skip
