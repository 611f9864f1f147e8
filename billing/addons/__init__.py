"""Add-ons: what is sold once, or as a fixed part of a plan."""

from billing.addons.model import AddOn
from billing.addons.queries import among, browse, find
from billing.addons.requests import AddOnInput, AddOnQuery, AddOnUpdate
from billing.addons.service import create, delete, update
from billing.addons.tables import add_ons

__all__ = [
    "AddOn", "AddOnInput", "AddOnQuery", "AddOnUpdate", "add_ons", "among", "browse", "create",
    "delete", "find", "update",
]  # fmt: skip
