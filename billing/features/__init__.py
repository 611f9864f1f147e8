"""Features: what the product can do, and how much of it a plan grants."""

from billing.features.model import (
    Definition,
    Feature,
    PlanEntitlement,
    PrivilegeTerms,
    SubscriptionEntitlement,
    SubscriptionPrivilege,
    Values,
)
from billing.features.notices import FeatureCreated, FeatureDeleted, FeatureUpdated
from billing.features.queries import (
    PRIVILEGE,
    browse,
    definitions,
    find,
    granted,
    read,
    same,
    values,
)
from billing.features.requests import FeatureInput, FeatureQuery, FeatureUpdate, PrivilegeInput
from billing.features.rules import checked, fields, shown
from billing.features.service import create, delete, delete_privilege, grant, lock, update
from billing.features.tables import (
    belongs,
    features,
    plan_entitlements,
    plan_values,
    privileges,
)

__all__ = [
    "PRIVILEGE", "Definition", "Feature", "FeatureCreated", "FeatureDeleted", "FeatureInput",
    "FeatureQuery", "FeatureUpdate", "FeatureUpdated", "PlanEntitlement", "PrivilegeInput",
    "PrivilegeTerms",
    "SubscriptionEntitlement", "SubscriptionPrivilege", "Values", "belongs", "browse", "checked",
    "create", "definitions", "delete", "delete_privilege", "features", "fields", "find", "grant",
    "granted", "lock", "plan_entitlements", "plan_values", "privileges", "read", "same", "shown",
    "update", "values",
]  # fmt: skip
