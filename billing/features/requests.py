"""What may be asked of features."""

from typing import Any

from msgspec import Struct

from billing.features.model import ValueType
from metering.measures.refusals import Checks
from metering.measures.shapes import UNSET, Maybe, PageQuery

CODE_LENGTH = 255
DESCRIPTION_LENGTH = 600

NUMERIC = "numeric"
"""Another word for an integer."""


class PrivilegeInput(Struct, kw_only=True):
    """A privilege of a new feature, or one to be added; of a known one, what is sent is changed."""

    code: str
    name: Maybe[str] = UNSET
    value_type: str | None = None
    """`string`, unless said; `numeric` is another word for `integer`. It never changes."""
    config: dict[str, Any] | None = None
    """`{"select_options": ["eu", "us"]}` for a `select`; later ones are added to these."""

    @property
    def kind(self) -> ValueType:
        """What its values can be."""
        said = self.value_type or ValueType.string
        return ValueType.integer if said == NUMERIC else ValueType(said)

    @property
    def options(self) -> list[str] | None:
        """What a select's values are chosen from; None if nothing was said."""
        return (self.config or {}).get("select_options")


class FeatureInput(Struct, kw_only=True):
    """A new feature."""

    code: str
    name: str | None = None
    description: str | None = None
    privileges: list[PrivilegeInput] | None = None

    def __post_init__(self) -> None:
        self.code = self.code.strip()
        checks = Checks()
        checks.that(self.code, code="value_is_mandatory")
        checks.that(len(self.code) <= CODE_LENGTH, code="value_is_too_long")
        _check(checks, self.description, self.privileges or [])
        for privilege in self.privileges or []:
            _check_config(checks, privilege)
        checks.done()


class FeatureUpdate(Struct, kw_only=True):
    """Changes of a feature; what is absent stays, also privileges that are not listed."""

    name: Maybe[str] = UNSET
    description: Maybe[str] = UNSET
    privileges: Maybe[list[PrivilegeInput]] = UNSET

    def __post_init__(self) -> None:
        checks = Checks()
        _check(checks, self.description or None, self.privileges or [])
        checks.done()


class FeatureQuery(PageQuery, kw_only=True):
    """Which features."""

    search_term: str | None = None


def check_new(privileges: list[PrivilegeInput]) -> None:
    """Check what only holds for privileges that are yet to be made.

    Raises: Invalid `privilege.config: invalid_format`.
    """
    checks = Checks()
    for privilege in privileges:
        _check_config(checks, privilege)
    checks.done()


def check_options(privilege: PrivilegeInput) -> None:
    """Check the options to be added to those of a select.

    Raises: Invalid `privilege.config: invalid_format`.
    """
    checks = Checks()
    wrong = {"privilege.config": "invalid_format"}
    checks.that(not privilege.config or _are_options(privilege.options), **wrong)
    checks.done()


def _check(checks: Checks, description: Any, privileges: list[PrivilegeInput]) -> None:
    checks.that(len(description or "") <= DESCRIPTION_LENGTH, description="value_is_too_long")
    seen: set[str] = set()
    for privilege in privileges:
        privilege.code = privilege.code.strip()
        is_known = (privilege.value_type or "string") in {*ValueType, NUMERIC}
        checks.that(privilege.code, **{"privilege.code": "value_is_mandatory"})
        checks.that(len(privilege.code) <= CODE_LENGTH, **{"privilege.code": "value_is_too_long"})
        checks.that(privilege.code not in seen, **{"privilege.code": "value_is_duplicated"})
        checks.that(is_known, **{"privilege.value_type": "value_is_invalid"})
        seen.add(privilege.code)


def _check_config(checks: Checks, privilege: PrivilegeInput) -> None:
    """A select has options; nothing else has any."""
    if privilege.value_type == ValueType.select:
        is_right = _are_options(privilege.options)
    else:
        is_right = not privilege.config
    checks.that(is_right, **{"privilege.config": "invalid_format"})


def _are_options(said: Any) -> bool:
    return (
        isinstance(said, list)
        and bool(said)
        and all(isinstance(option, str) and option for option in said)
        and len(set(said)) == len(said)
    )
