"""What can be done with features, and with what plans grant of them."""

from collections.abc import Mapping
from typing import Any

from msgspec import UNSET, Struct
from msgspec.structs import replace

from billing.features import requests
from billing.features.model import (
    Definition,
    Feature,
    FeatureTerms,
    PrivilegeTerms,
    Values,
    ValueType,
)
from billing.features.notices import FeatureCreated, FeatureDeleted, FeatureUpdated
from billing.features.queries import definitions, find, show
from billing.features.requests import FeatureInput, FeatureUpdate, PrivilegeInput
from billing.features.tables import features, plan_entitlements, plan_values, privileges
from metering.measures import ids
from metering.measures.refusals import Missing
from metering.measures.shapes import given
from sql.work import Work


class Granted(Struct, frozen=True, kw_only=True):
    """That a plan grants a feature, or a value of one privilege."""

    id: str
    plan_id: str
    feature_id: str
    privilege_id: str
    value: str | None


def lock(work: Work) -> None:
    """Let nobody else change features or what is granted of them, until this work is done."""
    work.rows.lock("features")


def create(work: Work, feature: FeatureInput) -> Feature:
    """Create a feature with its privileges.

    Raises: Invalid `code: value_already_exist`, and all that is wrong with its privileges:
            `privilege.code: value_is_duplicated`, `privilege.value_type: value_is_invalid`,
            `privilege.config: invalid_format`.
    """
    lock(work)
    made = FeatureTerms(
        id=ids.new(), code=feature.code, name=feature.name, description=feature.description,
        created_at=work.now,
    )  # fmt: skip
    work.rows.add(features, made, taken="code")
    for privilege in feature.privileges or []:
        _add(work, made.id, privilege)
    shown = find(work, made.code)
    work.tell(FeatureCreated(feature=shown))
    return shown


def update(work: Work, code: str, feature: FeatureUpdate) -> Feature:
    """Change a feature. Privileges are added or renamed; a select gets further options.

    The type of a privilege stays what it is, and so does an option once it is there.

    Raises: Missing `feature_not_found`; Invalid `privilege.code: value_is_duplicated`,
            `privilege.value_type: value_is_invalid`, `privilege.config: invalid_format`.
    """
    lock(work)
    known = definitions(work, [code])[code]
    sent = {name: value for name, value in given(feature).items() if name != "privileges"}
    before = show(known)
    said: dict[str, Any] = {name: getattr(known, name) for name in FeatureTerms.__struct_fields__}
    work.rows.put(features, FeatureTerms(**{**said, **sent}))
    listed = feature.privileges or []
    requests.check_new([each for each in listed if each.code not in known.privileges])
    for privilege in listed:
        if (standing := known.privileges.get(privilege.code)) is None:
            _add(work, known.id, privilege)
        else:
            _change(work, standing, privilege)
    after = find(work, code)
    work.tell(FeatureUpdated(feature=after), before=before)
    return after


def delete(work: Work, code: str) -> Feature:
    """Delete a feature, with all that plans and subscriptions grant of it.

    Raises: Missing `feature_not_found`.
    """
    lock(work)
    gone = find(work, code)
    work.rows.remove(features, features.c.id == gone.id)
    work.tell(FeatureDeleted(feature=gone))
    return gone


def delete_privilege(work: Work, code: str, privilege_code: str) -> Feature:
    """Delete a privilege of a feature, with every value that plans and subscriptions give it.

    Raises: Missing `feature_not_found`, `privilege_not_found`.
    """
    lock(work)
    known = definitions(work, [code])[code]
    if (gone := known.privileges.get(privilege_code)) is None:
        raise Missing("privilege", privilege_code)
    work.rows.remove(privileges, privileges.c.id == gone.id)
    after = find(work, code)
    work.tell(FeatureUpdated(feature=after), before=show(known))
    return after


def grant(
    work: Work, plan_id: str, known: Mapping[str, Definition], values: Mapping[str, Values]
) -> None:
    """Make `values` all that a plan grants, in their order; `known` defines their features."""
    work.rows.remove(plan_values, plan_values.c.plan_id == plan_id)
    work.rows.remove(plan_entitlements, plan_entitlements.c.plan_id == plan_id)
    for code, of in values.items():
        feature = known[code]
        row = Granted(
            id=ids.new(), plan_id=plan_id, feature_id=feature.id, privilege_id="", value=None
        )
        work.rows.add(plan_entitlements, row)
        for privilege, value in of.items():
            id = feature.privileges[privilege].id
            work.rows.add(plan_values, replace(row, id=ids.new(), privilege_id=id, value=value))


def _add(work: Work, feature_id: str, privilege: PrivilegeInput) -> None:
    made = PrivilegeTerms(
        id=ids.new(), feature_id=feature_id, code=privilege.code, name=privilege.name or None,
        value_type=privilege.kind, select_options=privilege.options,
    )  # fmt: skip
    work.rows.add(privileges, made, taken="privilege.code")


def _change(work: Work, standing: PrivilegeTerms, privilege: PrivilegeInput) -> None:
    """Rename a privilege, and add options to a select."""
    options = standing.select_options
    if standing.value_type is ValueType.select:
        requests.check_options(privilege)
        options = list(dict.fromkeys([*(options or []), *(privilege.options or [])]))
    name = standing.name if privilege.name is UNSET else privilege.name
    work.rows.put(privileges, replace(standing, name=name, select_options=options))
