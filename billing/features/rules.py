"""What values privileges can have: checked, kept as text, and shown again."""

import re
from collections.abc import Mapping
from typing import Any

from msgspec import UNSET

from billing.features.model import Privilege, PrivilegeConfig, PrivilegeTerms, Values, ValueType
from metering.measures.money import exact, plain
from metering.measures.refusals import Checks, Missing

GREATEST = 2**53 - 1
"""The greatest integer that every reader of JSON, and protobuf's Value, takes as it is."""

WHOLE = re.compile(r"-?[0-9]{1,16}")
TRUTHS = {True: "true", False: "false", "true": "true", "false": "false"}


class Wrong(Exception):
    """A value its privilege cannot have; the one argument is the code."""


def checked(
    privileges: Mapping[str, PrivilegeTerms], sent: Mapping[str, Any], checks: Checks
) -> Values:
    """Return values as they are kept, and note those that cannot be.

    Raises: Missing `privilege_not_found`.
    """
    values: Values = {}
    for code, value in sent.items():
        if (privilege := privileges.get(code)) is None:
            raise Missing("privilege", code)
        if value == "":
            checks.add("privilege.value", "value_is_mandatory")
            continue
        try:
            values[code] = None if value is None else kept(privilege, value)
        except Wrong as wrong:
            checks.add(f"{code}_privilege_value", *wrong.args)
    return values


def kept(privilege: PrivilegeTerms, sent: Any) -> str:
    """Return a value as the one text that stands for it.

    Rounds:  nothing; a number that is not exact as it comes (a float) is none. A decimal is sent
             as text, and so is any number in which digits matter.
    Raises: Wrong.
    """
    found: str | None = None
    match privilege.value_type:
        case ValueType.boolean if isinstance(sent, (bool, str)):
            found = TRUTHS.get(sent)
        case ValueType.integer if _is_numeral(sent) and WHOLE.fullmatch(str(sent)):
            found = str(int(sent)) if abs(int(sent)) <= GREATEST else None
        case ValueType.decimal if _is_numeral(sent):
            number = exact(str(sent))
            found = None if number is None else format(plain(number), "f")
        case ValueType.string if isinstance(sent, str):
            found = sent
        case ValueType.select:
            if sent not in (privilege.select_options or []):
                raise Wrong("value_not_in_select_options")
            found = sent
    if found is None:
        raise Wrong("value_is_invalid")
    return found


def _is_numeral(sent: Any) -> bool:
    return isinstance(sent, (int, str)) and not isinstance(sent, bool)


def shown(value_type: str, value: str | None) -> int | bool | str | None:
    """Return a kept value as the wire shows it: a decimal as text, to the last digit.

    >>> shown("integer", "30"), shown("boolean", "false"), shown("decimal", "0.10")
    (30, False, '0.10')
    """
    if value is None:
        return None
    if value_type == ValueType.integer:
        return int(value)
    return value == "true" if value_type == ValueType.boolean else value


def fields(privilege: PrivilegeTerms) -> dict[str, Any]:
    """Return what is shown of a privilege wherever it is shown."""
    options = privilege.select_options
    return {
        "code": privilege.code,
        "name": privilege.name,
        "value_type": privilege.value_type,
        "config": PrivilegeConfig(select_options=options or UNSET),
    }


def showing(privilege: PrivilegeTerms) -> Privilege:
    """Return a privilege as its feature shows it."""
    return Privilege(**fields(privilege))
