"""What can be asked about entitlements."""

from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace
from sqlalchemy import ColumnElement, Table, and_, func, or_, select

from billing import features, plans, subscriptions
from billing.entitlements import rules
from billing.entitlements.model import Own, Standing
from billing.entitlements.tables import subscription_entitlements, subscription_values
from billing.features import PlanEntitlement, SubscriptionEntitlement, SubscriptionPrivilege
from billing.subscriptions import (
    SubscriptionChoice,
    SubscriptionStatus,
    SubscriptionStatusQuery,
    SubscriptionView,
)
from metering.measures.refusals import Missing
from sql.work import Work

LIVE = (SubscriptionStatus.active, SubscriptionStatus.pending)
"""What can be entitled to anything."""


def of_plan(work: Work, code: str) -> list[PlanEntitlement]:
    """List the features that a plan grants, in the order they were granted.

    Raises: Missing `plan_not_found`.
    """
    plan_id = plans.bare(work, code).id
    return features.granted(work, [plan_id]).get(plan_id, [])


def find_of_plan(work: Work, code: str, feature_code: str) -> PlanEntitlement:
    """Return one feature that a plan grants.

    Raises: Missing `plan_not_found`, `entitlement_not_found`.
    """
    return one(of_plan(work, code), feature_code)


def of_subscription(
    work: Work, external_id: str, query: SubscriptionStatusQuery
) -> list[SubscriptionEntitlement]:
    """List the features that a subscription has: those of its plan, but for what it has instead.

    Raises: Missing `subscription_not_found`.
    """
    _, standing = standings(work, external_id, query)
    return shown(standing)


def find(
    work: Work, external_id: str, feature_code: str, query: SubscriptionStatusQuery
) -> SubscriptionEntitlement:
    """Say whether a subscription has a feature, and the values of its privileges.

    Raises: Missing `subscription_not_found`, `entitlement_not_found`.
    """
    return one(of_subscription(work, external_id, query), feature_code)


def get_subscription(work: Work, external_id: str, query: SubscriptionChoice) -> SubscriptionView:
    """Return the subscription of an external id: the active one, unless a status is named.

    Raises: Missing `subscription_not_found`.
    """
    return show(work, subscriptions.get(work, external_id, query))


def show(work: Work, subscription: SubscriptionView) -> SubscriptionView:
    """Return a subscription with what it is entitled to."""
    rows = _rows(work, subscriptions.subscriptions.c.id == subscription.id)
    entitled = shown(_read(rows)) if subscription.status in LIVE else []
    return replace(subscription, entitlements=entitled)


def standings(
    work: Work, external_id: str, query: SubscriptionStatusQuery
) -> tuple[str, dict[str, Standing]]:
    """Return the id of a subscription and all that is granted to it: in one statement.

    Raises: Missing `subscription_not_found`.
    """
    c = subscriptions.subscriptions.c
    status = query.subscription_status or SubscriptionStatus.active
    rows = _rows(work, c.external_id == external_id, c.status == status, c.status.in_(LIVE))
    if not rows:
        raise Missing("subscription", external_id)
    return rows[0][0], _read(rows)


def shown(standing: dict[str, Standing]) -> list[SubscriptionEntitlement]:
    """Return what holds of all that is granted, as it is shown."""
    return [entitled for each in standing.values() if (entitled := _shown(each)) is not None]


def one(entitlements: Sequence[Any], feature_code: str) -> Any:
    """Return the entitlement to one feature.

    Raises: Missing `entitlement_not_found`.
    """
    for entitlement in entitlements:
        if entitlement.code == feature_code:
            return entitlement
    raise Missing("entitlement", feature_code)


def _shown(standing: Standing) -> SubscriptionEntitlement | None:
    if (held := rules.effective(standing.plan, standing.own)) is None:
        return None
    own = standing.own.values if standing.own else {}
    said = {code: standing.privileges[code] for code in held}

    def value(code: str, among: features.Values) -> int | bool | str | None:
        return features.shown(said[code].value_type, among.get(code))

    return SubscriptionEntitlement(
        code=standing.code,
        name=standing.name,
        description=standing.description,
        privileges=[
            SubscriptionPrivilege(
                **features.fields(privilege),
                value=value(code, held),
                plan_value=value(code, standing.plan or {}),
                override_value=value(code, own),
            )
            for code, privilege in said.items()
        ],
        overrides={code: value(code, own) for code in said if code in own},
    )


# -- the one statement


def _rows(work: Work, *which: ColumnElement[bool]) -> Sequence[Any]:
    """Return all that is granted to a subscription: a row per feature and privilege of it.

    Shape:   the subscription's id; the feature's code, name and description; whether the plan
             grants it; the subscription's is_removed (null: it has nothing of its own); whether the
             plan grants the privilege, and the plan's value; the subscription's is_removed and
             value of the privilege; features.PRIVILEGE. One row of nulls where nothing is granted.
    """
    same = features.same
    s, p, f, r = subscriptions.subscriptions, plans.plans, features.features, features.privileges
    pf, pv = features.plan_entitlements, features.plan_values
    sf, sv = subscription_entitlements, subscription_values
    plan_id = func.coalesce(p.c.parent_id, p.c.id)
    by_plan = and_(same(pf.c.feature_id, f.c.id), pf.c.plan_id == plan_id)
    by_itself = and_(same(sf.c.feature_id, f.c.id), sf.c.subscription_id == s.c.id)
    is_granted = or_(_any(pf, by_plan, s, p, f), _any(sf, by_itself, s, p, f))
    joined = (
        s.join(p, same(s.c.plan_id, p.c.id))
        .outerjoin(f, and_(f.c.organization_id == s.c.organization_id, is_granted))
        .outerjoin(pf, by_plan)
        .outerjoin(sf, by_itself)
        .outerjoin(r, same(r.c.feature_id, f.c.id))
        .outerjoin(pv, and_(same(pv.c.privilege_id, r.c.id), pv.c.plan_id == plan_id))
        .outerjoin(sv, and_(same(sv.c.privilege_id, r.c.id), sv.c.subscription_id == s.c.id))
    )
    return work.rows.rows(
        select(
            s.c.id, f.c.code, f.c.name, f.c.description, pf.c.id, sf.c.is_removed,
            pv.c.id, pv.c.value, sv.c.is_removed, sv.c.value,
            *(r.c[name] for name in features.PRIVILEGE),
        )
        .select_from(joined)
        .where(*which)
        .order_by(
            pf.c.sequence.nulls_last(), sf.c.sequence, pv.c.sequence.nulls_last(), sv.c.sequence
        )
    )  # fmt: skip


def _any(of: Table, where: ColumnElement[bool], *around: Table) -> ColumnElement[bool]:
    """Whether a table has a row for the rows of the statement it stands in."""
    return select(of.c.id).where(where).correlate(*around).exists()


def _read(rows: Sequence[Any]) -> dict[str, Standing]:
    """Return what `_rows` found, by feature."""
    grouped: dict[str, list[Any]] = {}
    for row in rows:
        if row[1] is not None:
            grouped.setdefault(row[1], []).append(row)
    return {code: _standing(of) for code, of in grouped.items()}


def _standing(rows: Sequence[Any]) -> Standing:
    """Return all that is granted of one feature."""
    _, code, name, description, granted_id, is_removed, *_ = rows[0]
    privileges: dict[str, features.PrivilegeTerms] = {}
    plan: features.Values = {}
    own: features.Values = {}
    removed: set[str] = set()
    for row in rows:
        if (privilege := features.read(row[10:])) is None:
            continue
        value_id, value, is_taken, own_value = row[6:10]
        privileges[privilege.code] = privilege
        if value_id is not None:
            plan[privilege.code] = value
        if is_taken:
            removed.add(privilege.code)
        elif is_taken is not None:
            own[privilege.code] = own_value
    return Standing(
        code=code,
        name=name,
        description=description,
        privileges=privileges,
        plan=None if granted_id is None else plan,
        own=(
            None
            if is_removed is None
            else Own(is_removed=is_removed, values=own, removed=frozenset(removed))
        ),
    )
