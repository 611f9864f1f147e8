"""The facts about features, and what a feature is where it is granted."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import UNSET, Struct, UnsetType

Values = dict[str, str | None]
"""What is granted of the privileges of one feature, by their codes, as it is kept."""


class ValueType(StrEnum):
    """What the value of a privilege can be."""

    integer = "integer"
    decimal = "decimal"
    string = "string"
    boolean = "boolean"
    select = "select"


class PrivilegeConfig(Struct, frozen=True, kw_only=True):
    """What a privilege's values are chosen from; of any other type it is empty."""

    select_options: list[str] | UnsetType = UNSET


class Privilege(Struct, frozen=True, kw_only=True):
    """Something a feature allows more or less of."""

    code: str
    name: str | None
    value_type: ValueType
    config: PrivilegeConfig


class Feature(Struct, frozen=True, kw_only=True):
    """A capability of the product, and how much of it there can be."""

    id: str
    code: str
    name: str | None
    description: str | None
    privileges: list[Privilege]
    created_at: datetime


# -- where it is granted


class PlanPrivilege(Privilege, frozen=True, kw_only=True):
    """A privilege with the value a plan grants."""

    value: int | bool | str | None
    """A number for an integer, text for a decimal."""


class PlanEntitlement(Struct, frozen=True, kw_only=True):
    """A feature that a plan grants."""

    code: str
    name: str | None
    description: str | None
    privileges: list[PlanPrivilege]


class SubscriptionPrivilege(PlanPrivilege, frozen=True, kw_only=True):
    """A privilege with the value that holds for a subscription, and where it comes from."""

    plan_value: int | bool | str | None
    override_value: int | bool | str | None


class SubscriptionEntitlement(Struct, frozen=True, kw_only=True):
    """A feature that a subscription has."""

    code: str
    name: str | None
    description: str | None
    privileges: list[SubscriptionPrivilege]
    overrides: dict[str, Any]
    """The values it has instead of its plan's, by privilege."""


# -- rows


class FeatureTerms(Struct, frozen=True, kw_only=True):
    """A feature's own row."""

    id: str
    code: str
    name: str | None
    description: str | None
    created_at: datetime


class PrivilegeTerms(Struct, frozen=True, kw_only=True):
    """A privilege's row."""

    id: str
    feature_id: str
    code: str
    name: str | None
    value_type: ValueType
    select_options: list[str] | None

    def __post_init__(self) -> None:
        assert (self.value_type is ValueType.select) == bool(self.select_options), self


class Definition(FeatureTerms, frozen=True, kw_only=True):
    """A feature with the rows of its privileges, by their codes."""

    privileges: dict[str, PrivilegeTerms]
