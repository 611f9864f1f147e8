"""The facts about entitlements."""

from msgspec import Struct

from billing.features import PrivilegeTerms, Values


class Own(Struct, frozen=True, kw_only=True):
    """What a subscription has of a feature instead of what its plan grants."""

    is_removed: bool = False
    """Whether it has not got the feature at all."""
    values: Values = {}
    removed: frozenset[str] = frozenset()
    """Privileges of the plan that it has not got."""

    def __post_init__(self) -> None:
        assert not (self.is_removed and (self.values or self.removed)), self
        assert not self.removed & set(self.values), self


class Standing(Struct, frozen=True, kw_only=True):
    """All that is granted of one feature: by the plan, and by the subscription."""

    code: str
    name: str | None
    description: str | None
    privileges: dict[str, PrivilegeTerms]
    plan: Values | None
    """None: the plan does not grant the feature."""
    own: Own | None
    """None: the subscription goes by its plan."""
