"""What can be asked about features, and about what plans grant of them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec.structs import asdict
from sqlalchemy import ColumnElement, and_, or_, select

from billing.features import rules
from billing.features.model import (
    Definition,
    Feature,
    FeatureTerms,
    PlanEntitlement,
    PlanPrivilege,
    PrivilegeTerms,
    Values,
    ValueType,
)
from billing.features.requests import FeatureQuery
from billing.features.tables import features, plan_entitlements, plan_values, privileges
from metering.measures.refusals import Missing
from metering.measures.shapes import Page
from sql.work import Work

PRIVILEGE = ("id", "feature_id", "code", "name", "value_type", "select_options")
"""What `read` reads."""


def find(work: Work, code: str) -> Feature:
    """Return one feature.

    Raises: Missing `feature_not_found`.
    """
    (found,) = definitions(work, [code]).values()
    return show(found)


def browse(work: Work, query: FeatureQuery) -> Page[Feature]:
    """List features, newest first."""
    where: list[ColumnElement[bool]] = []
    if query.search_term:
        like = f"%{query.search_term}%"
        where.append(or_(features.c.name.ilike(like), features.c.code.ilike(like)))
    page = work.rows.page(features, FeatureTerms, query, *where)
    page.items = [show(found) for found in _defined(work, page.items)]  # type: ignore[misc]
    return page  # type: ignore[return-value]


def definitions(work: Work, codes: Iterable[str]) -> dict[str, Definition]:
    """Return features with their privileges' rows, by code, in the order of the codes.

    Raises: Missing `feature_not_found`.
    """
    asked = list(codes)
    rows = work.rows.all(features, FeatureTerms, work.rows.among(features.c.code, asked))
    found = {each.code: each for each in _defined(work, rows)}
    for code in asked:
        if code not in found:
            raise Missing("feature", code)
    return {code: found[code] for code in asked}


def _defined(work: Work, rows: Sequence[FeatureTerms]) -> list[Definition]:
    """Add their privileges to features, oldest first."""
    mine = work.rows.among(privileges.c.feature_id, [row.id for row in rows])
    within: dict[str, dict[str, PrivilegeTerms]] = defaultdict(dict)
    for privilege in work.rows.all(privileges, PrivilegeTerms, mine) if rows else ():
        within[privilege.feature_id][privilege.code] = privilege
    return [Definition(**asdict(row), privileges=within[row.id]) for row in rows]


def show(found: Definition) -> Feature:
    """Return a feature as it is shown."""
    said: dict[str, Any] = {name: getattr(found, name) for name in FeatureTerms.__struct_fields__}
    shown = [rules.showing(privilege) for privilege in found.privileges.values()]
    return Feature(**said, privileges=shown)


def granted(work: Work, plan_ids: Sequence[str]) -> dict[str, list[PlanEntitlement]]:
    """Return what plans grant, by plan, in the order it was granted: one statement for all."""
    found: dict[str, dict[str, PlanEntitlement]] = defaultdict(dict)
    for plan_id, code, name, description, *privilege, value in _granted(work, plan_ids):
        entitlement = found[plan_id].setdefault(
            code, PlanEntitlement(code=code, name=name, description=description, privileges=[])
        )
        if (terms := read(privilege)) is not None:
            shown = rules.shown(terms.value_type, value)
            entitlement.privileges.append(PlanPrivilege(**rules.fields(terms), value=shown))
    return {plan_id: list(entitlements.values()) for plan_id, entitlements in found.items()}


def values(work: Work, plan_id: str) -> dict[str, Values]:
    """Return what a plan grants as it is kept, by feature, in the order it was granted."""
    found: dict[str, Values] = {}
    for _, code, _, _, *privilege, value in _granted(work, [plan_id]):
        of = found.setdefault(code, {})
        if (terms := read(privilege)) is not None:
            of[terms.code] = value
    return found


def _granted(work: Work, plan_ids: Sequence[str]) -> Sequence[Any]:
    """Return plan_id, the feature's code, name and description, PRIVILEGE, and the value."""
    f, p = plan_entitlements, plan_values
    joined = f.join(features, same(features.c.id, f.c.feature_id)).outerjoin(
        privileges.join(p, same(p.c.privilege_id, privileges.c.id)),
        same(privileges.c.feature_id, f.c.feature_id) & (p.c.plan_id == f.c.plan_id),
    )
    asked = (
        select(
            f.c.plan_id, features.c.code, features.c.name, features.c.description,
            *(privileges.c[name] for name in PRIVILEGE), p.c.value,
        )
        .select_from(joined)
        .where(work.rows.among(f.c.plan_id, plan_ids))
        .order_by(f.c.sequence, p.c.sequence)
    )  # fmt: skip
    return work.rows.rows(asked)


def read(row: Sequence[Any]) -> PrivilegeTerms | None:
    """Return the privilege of a joined row, which begins with PRIVILEGE; None if there is none."""
    if row[0] is None:
        return None
    id, feature_id, code, name, value_type, options = row
    return PrivilegeTerms(
        id=id, feature_id=feature_id, code=code, name=name,
        value_type=ValueType(value_type), select_options=options,
    )  # fmt: skip


def same(one: ColumnElement[str], other: ColumnElement[str]) -> ColumnElement[bool]:
    """Join on a column, within the organization."""
    of, to = one.table, other.table
    return and_(of.c.organization_id == to.c.organization_id, one == other)
