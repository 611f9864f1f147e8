"""Entitlements: what plans grant, and what a subscription has instead."""

from billing.entitlements.queries import (
    find,
    find_of_plan,
    get_subscription,
    of_plan,
    of_subscription,
    show,
)
from billing.entitlements.service import (
    merge,
    merge_of_plan,
    remove,
    remove_of_plan,
    remove_privilege,
    remove_privilege_of_plan,
    replace_of_plan,
)
from billing.entitlements.tables import subscription_entitlements, subscription_values

__all__ = [
    "find", "find_of_plan", "get_subscription", "merge", "merge_of_plan",
    "of_plan", "of_subscription", "remove", "remove_of_plan", "remove_privilege",
    "remove_privilege_of_plan", "replace_of_plan", "show", "subscription_entitlements",
    "subscription_values",
]  # fmt: skip
