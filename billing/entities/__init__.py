"""Billing entities: who issues invoices."""

from billing.entities.model import Entity
from billing.entities.queries import default
from billing.entities.service import open_default
from billing.entities.tables import entities

__all__ = ["Entity", "default", "entities", "open_default"]
