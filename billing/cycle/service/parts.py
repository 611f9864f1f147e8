"""The parts of a plan, one at a time: each is a change of the plan that leaves the others alone."""

from collections.abc import Callable, Iterable
from typing import Any

from msgspec import UNSET

from billing import plans
from billing.cycle.service.life import update_plan
from billing.plans import (
    AnyCharge,
    AnyChargeInput,
    AnyFixedCharge,
    AnyFixedChargeInput,
    ChargeChange,
    ChargeFilter,
    ChargeFilterChange,
    ChargeFilterInput,
    FixedChargeChange,
    Plan,
    PlanUpdate,
)
from metering.measures.refusals import Invalid, Missing
from metering.measures.shapes import Maybe
from sql.work import Work

Pairs = dict[str, str | None]


# -- charges


def create_charge(work: Work, code: str, charge: AnyChargeInput) -> AnyCharge:
    """Add a charge to a plan.

    Raises: Missing `plan_not_found`, `billable_metrics_not_found`, `tax_not_found`; Invalid `code:
            value_is_mandatory` or `value_already_exist`, and all that is wrong with the charge.
    """
    _check_code(charge)
    wanted = [*_kept(_plan(work, code).charges, ChargeChange), charge]
    after = update_plan(
        work, code, PlanUpdate(charges=wanted, cascade_updates=charge.cascade_updates)
    )
    return _last(after.charges)


def update_charge(work: Work, code: str, charge_code: str, charge: ChargeChange) -> AnyCharge:
    """Change a charge of a plan; what is absent stays. A new price holds from the next fee on.

    Raises: Missing `plan_not_found`, `charge_not_found`, `billable_metrics_not_found`,
            `tax_not_found`; Invalid with all that is wrong with the charge.
    """
    plan = _plan(work, code)
    return _changed(work, plan, _named(plan.charges, charge_code, "charge"), charge)


def delete_charge(
    work: Work, code: str, charge_code: str, cascade_updates: bool | None = None
) -> AnyCharge:
    """Take a charge out of a plan. Fees that were made with it keep it.

    Raises: Missing `plan_not_found`, `charge_not_found`.
    """
    plan = _plan(work, code)
    gone = _named(plan.charges, charge_code, "charge")
    rest = [each for each in plan.charges if each.id != gone.id]
    kept = _kept(rest, ChargeChange)
    update_plan(work, code, PlanUpdate(charges=kept, cascade_updates=cascade_updates))
    return gone


# -- filters


def create_charge_filter(
    work: Work, code: str, charge_code: str, filter: ChargeFilterInput
) -> ChargeFilter:
    """Let some events of a charge be priced differently.

    Raises: Missing `plan_not_found`, `charge_not_found`; Invalid `values: value_is_mandatory`,
            `value_is_invalid` or `value_already_exists`, `properties: <what is wrong>`.
    """
    plan = _plan(work, code)
    charge = _named(plan.charges, charge_code, "charge")
    return _last(
        _filtered(work, plan, charge, [*charge.filters, filter], filter.cascade_updates).filters
    )


def update_charge_filter(
    work: Work, code: str, charge_code: str, filter_id: str, filter: ChargeFilterChange
) -> ChargeFilter:
    """Change which events of a charge are priced differently, or how; what is absent stays.

    Raises: Missing `plan_not_found`, `charge_not_found`, `charge_filter_not_found`; Invalid as when
            one is made.
    """
    plan = _plan(work, code)
    charge = _named(plan.charges, charge_code, "charge")
    old = _filter(charge, filter_id)
    said = {name: value for name in filter.__struct_fields__
            if (value := getattr(filter, name)) is not UNSET}  # fmt: skip
    new = ChargeFilterInput(**{**_said(old), **said})
    plans.change_filter_values(work, filter_id, new.values)
    after = _filtered(
        work,
        plan,
        charge,
        [new if each.id == filter_id else each for each in charge.filters],
        filter.cascade_updates,
    )
    return _filter(after, filter_id)


def delete_charge_filter(
    work: Work, code: str, charge_code: str, filter_id: str, cascade_updates: bool | None = None
) -> ChargeFilter:
    """Price the events of a filter like the others of the charge again.

    Raises: Missing `plan_not_found`, `charge_not_found`, `charge_filter_not_found`.
    """
    plan = _plan(work, code)
    charge = _named(plan.charges, charge_code, "charge")
    gone = _filter(charge, filter_id)
    rest = [each for each in charge.filters if each.id != filter_id]
    _filtered(work, plan, charge, rest, cascade_updates)
    return gone


# -- fixed charges


def create_fixed_charge(work: Work, code: str, fixed_charge: AnyFixedChargeInput) -> AnyFixedCharge:
    """Add units of an add-on to a plan.

    Raises: Missing `plan_not_found`, `add_ons_not_found`, `tax_not_found`; Invalid `code:
            value_already_exist`, and all that is wrong with the fixed charge.
    """
    wanted = [*_kept(_plan(work, code).fixed_charges, FixedChargeChange), fixed_charge]
    after = update_plan(
        work,
        code,
        PlanUpdate(fixed_charges=wanted, cascade_updates=fixed_charge.cascade_updates),
    )
    return _last(after.fixed_charges)


def update_fixed_charge_of_plan(
    work: Work, code: str, fixed_charge_code: str, fixed_charge: FixedChargeChange
) -> AnyFixedCharge:
    """Change a fixed charge of a plan; what is absent stays.

    More units in advance that are to hold at once are billed at once to all that are on the plan.

    Raises: Missing `plan_not_found`, `fixed_charge_not_found`, `tax_not_found`; Invalid with all
            that is wrong with the fixed charge.
    """
    plan = _plan(work, code)
    old = _named(plan.fixed_charges, fixed_charge_code, "fixed_charge")
    fixed_charge.id = old.id
    wanted = [
        fixed_charge if each.id == old.id else FixedChargeChange(id=each.id)
        for each in plan.fixed_charges
    ]
    after = update_plan(
        work, code, PlanUpdate(fixed_charges=wanted, cascade_updates=fixed_charge.cascade_updates)
    )
    return _identified(after.fixed_charges, old.id)


def delete_fixed_charge(
    work: Work, code: str, fixed_charge_code: str, cascade_updates: bool | None = None
) -> AnyFixedCharge:
    """Take a fixed charge out of a plan. Fees that were made with it keep it.

    Raises: Missing `plan_not_found`, `fixed_charge_not_found`.
    """
    plan = _plan(work, code)
    gone = _named(plan.fixed_charges, fixed_charge_code, "fixed_charge")
    rest = [each for each in plan.fixed_charges if each.id != gone.id]
    kept = _kept(rest, FixedChargeChange)
    update_plan(work, code, PlanUpdate(fixed_charges=kept, cascade_updates=cascade_updates))
    return gone


# -- metadata


def replace_plan_metadata(work: Work, code: str, metadata: Pairs | None = None) -> Pairs | None:
    """Keep these pairs with a plan, in place of those it had.

    Raises: Missing `plan_not_found`; Invalid `metadata: too_many_keys`, `key_too_long` or
            `value_too_long`.
    """
    return _pairs(update_plan(work, code, PlanUpdate(metadata=metadata)))


def merge_plan_metadata(work: Work, code: str, metadata: Pairs | None = None) -> Pairs | None:
    """Add pairs to a plan, or change those it has; the others stay.

    Raises: Missing `plan_not_found`; Invalid `metadata: too_many_keys`, `key_too_long` or
            `value_too_long`.
    """
    had = _pairs(_plan(work, code)) or {}
    return replace_plan_metadata(work, code, {**had, **(metadata or {})})


def delete_plan_metadata(work: Work, code: str) -> Pairs | None:
    """Drop all pairs of a plan.

    Raises: Missing `plan_not_found`.
    """
    return replace_plan_metadata(work, code)


def delete_plan_metadata_key(work: Work, code: str, key: str) -> Pairs | None:
    """Drop one pair of a plan, and return the others.

    Raises: Missing `plan_not_found`, `metadata_not_found` if it has no pairs.
    """
    had = _pairs(_plan(work, code))
    if not had:
        raise Missing("metadata", code)
    return replace_plan_metadata(work, code, {name: had[name] for name in had if name != key})


# -- what they share


def _plan(work: Work, code: str) -> Plan:
    """Read a plan that nobody else changes until this is done."""
    work.rows.lock("plans")
    return plans.find(work, code)


def _check_code(charge: Any) -> None:
    if not (charge.code or "").strip():
        raise Invalid(code="value_is_mandatory")


def _kept(parts: Iterable[Any], change: Callable[..., Any]) -> list[Any]:
    """Say of parts that they stay as they are."""
    return [change(id=each.id) for each in parts]


def _named(parts: Iterable[Any], code: str, noun: str) -> Any:
    for each in parts:
        if each.code == code:
            return each
    raise Missing(noun, code)


def _identified(parts: Iterable[Any], id: str) -> Any:
    return next(each for each in parts if each.id == id)


def _last(parts: list[Any]) -> Any:
    """Return the part that was made last: parts are shown in the order they were made."""
    return parts[-1]


def _changed(work: Work, plan: Plan, old: Any, change: ChargeChange) -> AnyCharge:
    """Write one charge of a plan, and return it as it is then."""
    change.id = old.id
    wanted = [change if each.id == old.id else ChargeChange(id=each.id) for each in plan.charges]
    return _identified(
        update_plan(
            work, plan.code, PlanUpdate(charges=wanted, cascade_updates=change.cascade_updates)
        ).charges,
        old.id,
    )


def _filtered(
    work: Work, plan: Plan, charge: Any, filters: Iterable[Any], cascade_updates: Maybe[bool]
) -> AnyCharge:
    """Write the filters of one charge."""
    said = [ChargeFilterInput(**_said(each)) for each in filters]
    accepted = [sorted((key, sorted(texts)) for key, texts in each.values.items()) for each in said]
    if any(each in accepted[:place] for place, each in enumerate(accepted)):
        raise Invalid(values="value_already_exists")
    return _changed(work, plan, charge, ChargeChange(filters=said, cascade_updates=cascade_updates))


def _filter(charge: Any, id: str) -> ChargeFilter:
    for each in charge.filters:
        if each.id == id:
            return each
    raise Missing("charge_filter", id)


def _said(filter: Any) -> dict[str, Any]:
    return {
        name: getattr(filter, name) for name in ("values", "properties", "invoice_display_name")
    }


def _pairs(plan: Plan) -> Pairs | None:
    return plan.metadata or None
