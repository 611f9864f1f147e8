"""What a subscription is entitled to, and what becomes of that when something is said of it.

Everything here speaks of one feature: `plan` is what the plan grants of it (None: nothing), `own`
what the subscription has instead (None: nothing). Source: spec/money.md G-5 to G-8.
"""

from billing.entitlements.model import Own
from billing.features import Values


def effective(plan: Values | None, own: Own | None) -> Values | None:
    """Return the values that hold, those of the plan first; None: no such feature.

    What was taken away is not there; the subscription's value goes before the plan's.
    """
    if plan is None and not _stands_alone(own):
        return None
    own = own or Own()
    if own.is_removed:
        return None
    held = {**(plan or {}), **own.values}
    return {code: value for code, value in held.items() if code not in own.removed}


def _stands_alone(own: Own | None) -> bool:
    """Whether a feature that the plan does not grant is the subscription's own.

    Where it only had privileges of the plan taken away, it is not.
    """
    return own is not None and (bool(own.values) or not own.removed)


def written(plan: Values | None, own: Own | None, sent: Values) -> Own | None:
    """Return what a subscription has of its own once some values are said.

    What is said comes back if it was taken away. Saying what the plan says is having nothing of
    one's own: of that privilege, or, if it is all that the plan says, of the feature.
    """
    if sent == plan:
        return None
    kept = Own() if own is None or own.is_removed else own
    values = {**kept.values, **sent}
    values = {
        code: value
        for code, value in values.items()
        if code not in sent or plan is None or code not in plan or plan[code] != value
    }
    removed = kept.removed - set(sent)
    is_plain = plan is not None and not values and not removed
    return None if is_plain else Own(values=values, removed=removed)


def without(plan: Values | None) -> Own | None:
    """Return what is left of a feature that is taken away from a subscription."""
    return None if plan is None else Own(is_removed=True)


def without_privilege(plan: Values | None, own: Own | None, code: str) -> Own | None:
    """Return what is left of a feature when a privilege is taken away from a subscription."""
    own = own or Own()
    values = {name: value for name, value in own.values.items() if name != code}
    if plan is None or code not in plan:
        is_plain = plan is not None and not values and not own.removed
        return None if is_plain else Own(values=values, removed=own.removed)
    return Own(values=values, removed=own.removed | {code})
