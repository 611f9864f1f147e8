"""What can be done with entitlements, of plans and of subscriptions."""

from collections.abc import Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from billing import features, plans, subscriptions
from billing.entitlements import rules
from billing.entitlements.model import Own, Standing
from billing.entitlements.queries import find_of_plan, one, shown, standings
from billing.entitlements.requests import Grants
from billing.entitlements.tables import subscription_entitlements, subscription_values
from billing.features import Definition, PlanEntitlement, SubscriptionEntitlement, Values
from billing.subscriptions import SubscriptionStatusQuery
from metering.measures import ids
from metering.measures.refusals import Checks, Missing
from sql.work import Work


class Kept(Struct, frozen=True, kw_only=True):
    """That a subscription has a feature or a privilege of its own, or has it no more."""

    id: str
    subscription_id: str
    feature_id: str
    privilege_id: str
    value: str | None
    is_removed: bool


# -- of plans


def replace_of_plan(work: Work, code: str, entitlements: Grants) -> list[PlanEntitlement]:
    """Say all that a plan grants: features that are not named, and their values, are gone.

    Raises: Missing `plan_not_found`, `feature_not_found`, `privilege_not_found`; Invalid
            `<privilege>_privilege_value: value_is_invalid` or `value_not_in_select_options`,
            `privilege.value: value_is_mandatory`.
    """
    features.lock(work)
    before = plans.find(work, code)
    known, said = _checked(work, entitlements)
    return _grant(work, before, known, said)


def merge_of_plan(work: Work, code: str, entitlements: Grants) -> list[PlanEntitlement]:
    """Grant features on a plan, or other values of them; what is not named stays.

    Raises: Missing `plan_not_found`, `feature_not_found`, `privilege_not_found`; Invalid
            `<privilege>_privilege_value: value_is_invalid` or `value_not_in_select_options`,
            `privilege.value: value_is_mandatory`.
    """
    features.lock(work)
    before = plans.find(work, code)
    _, said = _checked(work, entitlements)
    stands = features.values(work, before.id)
    merged = {**stands, **{name: {**stands.get(name, {}), **of} for name, of in said.items()}}
    return _grant(work, before, features.definitions(work, merged), merged)


def remove_of_plan(work: Work, code: str, feature_code: str) -> PlanEntitlement:
    """Take a feature from a plan, and from who has it by that plan alone.

    Raises: Missing `plan_not_found`, `entitlement_not_found`.
    """
    features.lock(work)
    before = plans.find(work, code)
    gone = find_of_plan(work, code, feature_code)
    stands = features.values(work, before.id)
    del stands[feature_code]
    _grant(work, before, features.definitions(work, stands), stands)
    return gone


def remove_privilege_of_plan(
    work: Work, code: str, feature_code: str, privilege_code: str
) -> PlanEntitlement:
    """Take a privilege from a plan; the feature stays. Returns what is left of the feature.

    Raises: Missing `plan_not_found`, `entitlement_not_found`, `privilege_not_found`.
    """
    features.lock(work)
    before = plans.find(work, code)
    stands = features.values(work, before.id)
    if feature_code not in stands:
        raise Missing("entitlement", feature_code)
    if privilege_code not in stands[feature_code]:
        raise Missing("privilege", privilege_code)
    del stands[feature_code][privilege_code]
    return one(_grant(work, before, features.definitions(work, stands), stands), feature_code)


def _grant(
    work: Work, before: plans.Plan, known: Mapping[str, Definition], values: Mapping[str, Values]
) -> list[PlanEntitlement]:
    """Make `values` all that a plan grants, and tell of it."""
    features.grant(work, before.id, known, values)
    after = replace(before, entitlements=features.granted(work, [before.id]).get(before.id, []))
    work.tell(plans.PlanUpdated(plan=after), before=before)
    return after.entitlements


# -- of subscriptions


def merge(
    work: Work, external_id: str, query: SubscriptionStatusQuery, entitlements: Grants
) -> list[SubscriptionEntitlement]:
    """Give a subscription features, or other values of them than its plan's; the rest stays.

    What equals the plan's is the plan's again, and follows it from then on. What was taken away
    comes back when it is named.

    Raises: Missing `subscription_not_found`, `feature_not_found`, `privilege_not_found`; Invalid
            `<privilege>_privilege_value: value_is_invalid` or `value_not_in_select_options`,
            `privilege.value: value_is_mandatory`.
    """
    features.lock(work)
    subscription_id, standing = standings(work, external_id, query)
    known, said = _checked(work, entitlements)
    for code, sent in said.items():
        stands = standing.get(code)
        plan, own = (stands.plan, stands.own) if stands else (None, None)
        _keep(work, subscription_id, known[code], own, rules.written(plan, own, sent))
    return _told(work, external_id, query)


def remove(
    work: Work, external_id: str, feature_code: str, query: SubscriptionStatusQuery
) -> list[SubscriptionEntitlement]:
    """Take a feature from a subscription, whatever its plan grants now or later.

    Returns what the subscription still has.

    Raises: Missing `subscription_not_found`, `entitlement_not_found`.
    """
    features.lock(work)
    subscription_id, standing = standings(work, external_id, query)
    stands = _present(standing, feature_code)
    (known,) = features.definitions(work, [feature_code]).values()
    _keep(work, subscription_id, known, stands.own, rules.without(stands.plan))
    return _told(work, external_id, query)


def remove_privilege(
    work: Work, external_id: str, feature_code: str, privilege_code: str,
    query: SubscriptionStatusQuery,
) -> list[SubscriptionEntitlement]:  # fmt: skip
    """Take a privilege from a subscription; the feature stays.

    Returns what the subscription still has.

    Raises: Missing `subscription_not_found`, `entitlement_not_found`, `privilege_not_found`.
    """
    features.lock(work)
    subscription_id, standing = standings(work, external_id, query)
    stands = _present(standing, feature_code)
    if privilege_code not in (rules.effective(stands.plan, stands.own) or {}):
        raise Missing("privilege", privilege_code)
    (known,) = features.definitions(work, [feature_code]).values()
    left = rules.without_privilege(stands.plan, stands.own, privilege_code)
    _keep(work, subscription_id, known, stands.own, left)
    return _told(work, external_id, query)


def _present(standing: Mapping[str, Standing], code: str) -> Standing:
    stands = standing.get(code)
    if stands is None or rules.effective(stands.plan, stands.own) is None:
        raise Missing("entitlement", code)
    return stands


def _checked(work: Work, entitlements: Grants) -> tuple[dict[str, Definition], dict[str, Values]]:
    """Return the features that are named, and the values of each as they are kept."""
    known = features.definitions(work, entitlements)
    checks = Checks()
    said = {
        code: features.checked(known[code].privileges, sent, checks)
        for code, sent in entitlements.items()
    }
    checks.done()
    return known, said


def _told(
    work: Work, external_id: str, query: SubscriptionStatusQuery
) -> list[SubscriptionEntitlement]:
    """Tell that a subscription was changed, and return what it has now."""
    changed = subscriptions.find(work, external_id, query.subscription_status)
    work.tell(subscriptions.SubscriptionUpdated(subscription=changed), before=changed)
    _, standing = standings(work, external_id, query)
    return shown(standing)


def _keep(
    work: Work, subscription_id: str, feature: Definition, old: Own | None, new: Own | None
) -> None:
    """Write what a subscription has of its own of a feature; a feature keeps its place."""
    e, v = subscription_entitlements, subscription_values
    privileges = feature.privileges
    mine = e.c.subscription_id == subscription_id, e.c.feature_id == feature.id
    of_it = work.rows.among(v.c.privilege_id, [each.id for each in privileges.values()])
    work.rows.remove(v, v.c.subscription_id == subscription_id, of_it)
    if new is None:
        work.rows.remove(e, *mine)
        return
    row = Kept(
        id=ids.new(), subscription_id=subscription_id, feature_id=feature.id, privilege_id="",
        value=None, is_removed=new.is_removed,
    )  # fmt: skip
    if old is None:
        work.rows.add(e, row)
    else:
        work.rows.change(e, *mine, is_removed=new.is_removed)
    for code, value, is_removed in _rows_of(new):
        id = privileges[code].id
        held = replace(row, id=ids.new(), privilege_id=id, value=value, is_removed=is_removed)
        work.rows.add(v, held)


def _rows_of(own: Own) -> Iterable[tuple[str, str | None, bool]]:
    yield from ((code, value, False) for code, value in own.values.items())
    yield from ((code, None, True) for code in sorted(own.removed))
