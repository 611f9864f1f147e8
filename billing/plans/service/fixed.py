"""The fixed charges of a plan: written all at once, in place of those it had."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from billing import addons, taxes
from billing.addons import AddOn
from billing.plans import rules
from billing.plans.model import FIXED_MODELS, FixedTerms, FixedUnits
from billing.plans.requests import FixedChargeChange, FixedChargeInput
from billing.plans.service import prices
from billing.plans.tables import fixed_charges, fixed_units
from billing.taxes import Level
from metering.charges import ChargeProperties
from metering.measures import ids
from metering.measures.money import fits, plain
from metering.measures.refusals import Checks, Invalid, Missing
from sql.work import Work

UNSAID = {
    "invoice_display_name": None, "pay_in_advance": False, "prorated": False, "units": Decimal(0),
}  # fmt: skip
"""What holds of a fixed charge where nothing is said, or null."""

IN_USE = frozenset({
    "id", "code", "invoice_display_name", "units", "apply_units_immediately", "properties",
    "tax_codes",
})  # fmt: skip
"""What may change of a fixed charge once its plan is subscribed to (PL1)."""


class Planned(Struct, frozen=True, kw_only=True):
    """A fixed charge as it is to be; None is as it was."""

    terms: FixedTerms
    is_new: bool
    properties: ChargeProperties | None
    tax_codes: list[str] | None
    is_immediate: bool
    """Whether units that are new hold at once."""
    is_counted: bool
    """Whether the number of units is another."""


def write(
    work: Work, plan_id: str, asked: Sequence[FixedChargeInput | FixedChargeChange],
    is_used: bool = False,
) -> None:  # fmt: skip
    """Make these the fixed charges of a plan: known ones change, others are new, the rest go.

    Raises: Missing `add_ons_not_found`, `tax_not_found`; Invalid, with all that is wrong.
    """
    rows = work.rows.all(
        fixed_charges, FixedTerms,
        fixed_charges.c.plan_id == plan_id, fixed_charges.c.deleted_at.is_(None),
    )  # fmt: skip
    had = {charge.id: charge for charge in rows}
    said = [rules.sent(each) for each in asked]
    known = [had.get(each.get("id", "")) for each in said]
    named = [charge.id for charge in known if charge]
    if len(set(named)) < len(named):
        raise Invalid(id="value_is_duplicated")
    _remove(work, [id for id in had if id not in named])
    sold = _add_ons(work, said, known)
    taken = {charge.code for charge in known if charge}
    checks = Checks()
    planned = []
    for each, charge, add_on in zip(said, known, sold, strict=True):
        if charge and is_used:
            each = {name: value for name, value in each.items() if name in IN_USE}
        fresh = charge or _fresh(work, plan_id, add_on)
        if made := _planned(checks, each, fresh, add_on, taken, charge is None):
            planned.append(made)
    checks.done()
    for one in planned:
        _store(work, one)


def count(
    work: Work, fixed_charge_id: str, units: Decimal, *, is_immediate: bool,
    subscription_id: str | None = None,
) -> None:  # fmt: skip
    """Note how many units of a fixed charge are wanted from now on."""
    wanted = FixedUnits(
        id=ids.new(),
        fixed_charge_id=fixed_charge_id,
        subscription_id=subscription_id,
        units=units,
        is_immediate=is_immediate,
        created_at=work.now,
    )
    work.rows.add(fixed_units, wanted)


def _remove(work: Work, gone: Sequence[str]) -> None:
    if gone:
        work.rows.change(fixed_charges, fixed_charges.c.id.in_(gone), deleted_at=work.now)
        prices.retire(work, "fixed_charge_id", gone)
        taxes.drop(work, Level.fixed_charge, *gone)


def _add_ons(
    work: Work, said: Sequence[Mapping[str, Any]], known: Sequence[FixedTerms | None]
) -> list[AddOn]:
    """Return the add-on of each: the one it names, else the one it had."""
    named = [str(each.get("add_on_id") or "") for each in said]
    coded = [str(each.get("add_on_code") or "") for each in said]
    found = addons.among(work, ids=filter(None, named), codes=filter(None, coded))
    by_id, by_code = {one.id: one for one in found}, {one.code: one for one in found}
    kept = {charge.add_on_id for charge in known if charge}
    had = {one.id: one for one in addons.among(work, ids=kept, is_deleted_too=True)}
    sold = []
    for id, code, charge in zip(named, coded, known, strict=True):
        if not (id or code) and not charge:
            raise Invalid(add_on_id="value_is_mandatory")
        one = by_id.get(id) if id else by_code.get(code) if code else had[charge.add_on_id]  # type: ignore[union-attr]
        if one is None:
            raise Missing("add_ons", id or code)
        sold.append(one)
    return sold


def _fresh(work: Work, plan_id: str, add_on: AddOn) -> FixedTerms:
    return FixedTerms(
        id=ids.new(),
        plan_id=plan_id,
        add_on_id=add_on.id,
        code="",
        charge_model="",
        created_at=work.now,
        **UNSAID,  # type: ignore[arg-type]
    )


def _planned(
    checks: Checks, said: dict[str, Any], charge: FixedTerms, add_on: AddOn, taken: set[str],
    is_new: bool,
) -> Planned | None:  # fmt: skip
    """Return a fixed charge as it is to be, and note what is wrong with it."""
    kind = said.get("charge_model") or charge.charge_model
    if kind not in FIXED_MODELS:
        checks.add("charge_model", "value_is_invalid" if kind else "value_is_mandatory")
        return None
    fields = {
        name: unsaid if said[name] is None else said[name]
        for name, unsaid in UNSAID.items()
        if name in said
    }
    code = said.get("code") or charge.code or rules.free_code(add_on.code, taken)
    checks.that(code == charge.code or code not in taken, code="value_already_exist")
    taken.add(code)
    terms = replace(charge, **fields, charge_model=kind, add_on_id=add_on.id, code=code)
    rules.check_fixed(checks, terms)
    is_repriced = "properties" in said or kind != charge.charge_model
    return Planned(
        terms=replace(
            terms,
            units=plain(terms.units) if fits(terms.units) else charge.units,
            invoice_display_name=terms.invoice_display_name or None,
        ),
        is_new=is_new,
        properties=rules.priced(checks, kind, said.get("properties")) if is_repriced else None,
        tax_codes=(said["tax_codes"] or []) if "tax_codes" in said else None,
        is_immediate=bool(said.get("apply_units_immediately")),
        is_counted=is_new or terms.units != charge.units,
    )


def _store(work: Work, planned: Planned) -> None:
    charge = planned.terms
    if planned.is_new:
        work.rows.add(fixed_charges, charge, taken="code")
    else:
        work.rows.put(fixed_charges, charge)
    if planned.is_counted:
        count(work, charge.id, charge.units, is_immediate=planned.is_immediate)
    if planned.properties is not None:
        prices.put(work, charge.charge_model, planned.properties, fixed_charge_id=charge.id)
    if planned.tax_codes is not None:
        taxes.apply(work, Level.fixed_charge, charge.id, planned.tax_codes)
