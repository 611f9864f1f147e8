"""The charges of a plan: written all at once, in place of those it had."""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from billing import taxes
from billing.plans import rules
from billing.plans.model import ChargeTerms, FilterTerms
from billing.plans.queries.plan import filters_of, standing
from billing.plans.requests import ChargeChange, ChargeFilterInput, ChargeInput
from billing.plans.service import prices
from billing.plans.tables import charge_filters, charges
from billing.taxes import Level
from metering import metrics
from metering.charges import MODELS, ChargeProperties
from metering.measures import ids
from metering.measures.refusals import Checks, Invalid, Missing
from metering.metrics import BillableMetric
from sql.work import Work

UNSAID = {
    "invoice_display_name": None, "pay_in_advance": False, "prorated": False, "invoiceable": True,
    "regroup_paid_fees": None, "min_amount_cents": 0, "accepts_target_wallet": False,
}  # fmt: skip
"""What holds of a charge where nothing is said, or null."""

IN_USE = frozenset(
    {"id", "code", "invoice_display_name", "min_amount_cents", "properties", "filters", "tax_codes"}
)
"""What may change of a charge once its plan is subscribed to (PL1)."""


class Filtered(Struct, frozen=True):
    """A filter as it is to be."""

    values: dict[str, list[str]]
    invoice_display_name: str | None
    properties: ChargeProperties


class Planned(Struct, frozen=True, kw_only=True):
    """A charge as it is to be; None is as it was."""

    terms: ChargeTerms
    is_new: bool
    properties: ChargeProperties | None
    filters: list[Filtered] | None
    tax_codes: list[str] | None


def write(
    work: Work, plan_id: str, asked: Sequence[ChargeInput | ChargeChange], is_used: bool = False
) -> None:
    """Make these the charges of a plan: known ones change, others are new, the rest go.

    Raises: Missing `billable_metrics_not_found`, `tax_not_found`, `pricing_unit_not_found`;
            Invalid, with all that is wrong with any of them.
    """
    had = {charge.id: charge for charge in of_plan(work, plan_id)}
    said = [rules.sent(each) for each in asked]
    known = [had.get(each.get("id", "")) for each in said]
    _check_named_once(known)
    remove(work, [charge for charge in had.values() if charge not in known])
    counted = _metrics(work, said, known)
    taken = {charge.code for charge in known if charge}
    checks = Checks()
    planned = []
    for each, charge in zip(said, known, strict=True):
        if charge and is_used:
            each = {name: value for name, value in each.items() if name in IN_USE}
        fresh = charge or _fresh(work, plan_id, each)
        metric = counted[each.get("billable_metric_id") or fresh.billable_metric_id]
        if made := _planned(work, checks, each, fresh, metric, taken, charge is None):
            planned.append(made)
    checks.done()
    for one in planned:
        _store(work, one)


def of_plan(work: Work, plan_id: str) -> list[ChargeTerms]:
    """Return the charges that a plan has now."""
    return work.rows.all(
        charges, ChargeTerms, charges.c.plan_id == plan_id, charges.c.deleted_at.is_(None)
    )


def remove(work: Work, gone: Sequence[ChargeTerms]) -> None:
    """Take charges out of their plans. Fees that were made with them keep them."""
    if not gone:
        return
    mine = [charge.id for charge in gone]
    work.rows.change(charges, charges.c.id.in_(mine), deleted_at=work.now)
    work.rows.change(
        charge_filters,
        charge_filters.c.charge_id.in_(mine), charge_filters.c.deleted_at.is_(None),
        deleted_at=work.now,
    )  # fmt: skip
    prices.retire(work, "charge_id", mine)
    taxes.drop(work, Level.charge, *mine)


def remove_filter(work: Work, filter_id: str) -> None:
    """Take a filter out of its charge: its events fall under what is left."""
    work.rows.change(charge_filters, charge_filters.c.id == filter_id, deleted_at=work.now)
    prices.retire(work, "filter_id", [filter_id])


def stand_in(work: Work, plan_id: str, charge: Any, said: dict[str, Any]) -> None:
    """Let a charge of a plan be different from its parent's: all that is not said is the same.

    Raises: Missing `tax_not_found`, `pricing_unit_not_found`; Invalid with all that is wrong.
    """
    known = work.rows.find(charges, ChargeTerms, id=charge.id)
    assert known is not None, charge
    if known.plan_id == plan_id:
        rewrite(work, known, said)
        return
    same = {
        "properties": mapped(charge.properties), "filters": said_filters(charge),
        "tax_codes": [tax.code for tax in charge.taxes],
    }  # fmt: skip
    made = replace(known, id=ids.new(), plan_id=plan_id, parent_id=known.id, created_at=work.now)
    rewrite(work, made, {**same, **said}, is_new=True)


def rewrite(work: Work, charge: ChargeTerms, said: dict[str, Any], *, is_new: bool = False) -> None:
    """Write one charge with what is said of it; the rest stays."""
    metric = _metrics(work, [said], [charge])[charge.billable_metric_id]
    if isinstance(properties := said.get("properties"), Struct):
        said = {**said, "properties": rules.mapping(properties)}
    checks = Checks()
    planned = _planned(work, checks, said, charge, metric, {charge.code}, is_new)
    checks.done()
    assert planned is not None
    _store(work, planned)


def mapped(properties: Struct) -> Mapping[str, Any] | None:
    """Return the properties of a shown charge as they would be sent."""
    return rules.mapping(properties)


def said_filters(charge: Any) -> list[ChargeFilterInput]:
    """Return the filters of a shown charge as they would be sent."""
    return [
        ChargeFilterInput(
            values=each.values, properties=each.properties,
            invoice_display_name=each.invoice_display_name,
        )
        for each in charge.filters
    ]  # fmt: skip


def change_filter_values(work: Work, filter_id: str, values: dict[str, list[str]]) -> None:
    """Let a filter accept other values and stay the same one."""
    work.rows.change(charge_filters, charge_filters.c.id == filter_id, values=values)


def _check_named_once(known: Sequence[ChargeTerms | None]) -> None:
    named = [charge.id for charge in known if charge]
    if len(set(named)) < len(named):
        raise Invalid(id="value_is_duplicated")


def _metrics(
    work: Work, said: Sequence[Mapping[str, Any]], known: Sequence[ChargeTerms | None]
) -> dict[str, BillableMetric]:
    """Return the metrics that charges name or have; a new one must not be deleted."""
    if any(each.get("applied_pricing_unit") for each in said):
        raise Missing("pricing_unit")
    named = {str(each["billable_metric_id"]) for each in said if each.get("billable_metric_id")}
    found = {metric.id: metric for metric in metrics.among(work, named)}
    if named - found.keys():
        raise Missing("billable_metrics", ", ".join(sorted(named - found.keys())))
    kept = {charge.billable_metric_id for charge in known if charge}
    found |= {metric.id: metric for metric in metrics.among(work, kept, True)}
    if any(not charge and not each.get("billable_metric_id") for each, charge in zip(said, known)):  # noqa: B905
        raise Invalid(billable_metric_id="value_is_mandatory")
    return found


def _fresh(work: Work, plan_id: str, said: Mapping[str, Any]) -> ChargeTerms:
    return ChargeTerms(
        id=ids.new(),
        plan_id=plan_id,
        billable_metric_id=said["billable_metric_id"],
        code="",
        charge_model="",
        created_at=work.now,
        **UNSAID,  # type: ignore[arg-type]
    )


def _planned(
    work: Work, checks: Checks, said: dict[str, Any], charge: ChargeTerms,
    metric: BillableMetric, taken: set[str], is_new: bool,
) -> Planned | None:  # fmt: skip
    """Return a charge as it is to be, and note what is wrong with it."""
    kind = said.get("charge_model") or charge.charge_model
    if kind not in MODELS:
        checks.add("charge_model", "value_is_invalid" if kind else "value_is_mandatory")
        return None
    fields = {
        name: unsaid if said[name] is None else said[name]
        for name, unsaid in UNSAID.items()
        if name in said
    }
    terms = replace(
        charge, **fields, charge_model=kind, billable_metric_id=metric.id,
        code=_code(checks, said.get("code"), charge, metric, taken),
    )  # fmt: skip
    rules.check_charge(checks, terms, metric)
    is_repriced = "properties" in said or kind != charge.charge_model
    filters = _filters(checks, said.get("filters") or [], kind, metric)
    if "filters" not in said and kind != charge.charge_model and not is_new:
        filters = _reread(work, checks, charge, kind)
    elif "filters" not in said:
        filters = None
    return Planned(
        terms=terms,
        is_new=is_new,
        properties=rules.priced(checks, kind, said.get("properties")) if is_repriced else None,
        filters=filters,
        tax_codes=(said["tax_codes"] or []) if "tax_codes" in said else None,
    )


def _code(
    checks: Checks, said: str | None, charge: ChargeTerms, metric: BillableMetric, taken: set[str]
) -> str:
    """Return a charge's code: as it is said, as it was, or made from the metric's."""
    code = said or charge.code or rules.free_code(metric.code, taken)
    if code != charge.code:
        checks.that(code not in taken, code="value_already_exist")
    taken.add(code)
    return code


def _filters(
    checks: Checks, said: Sequence[ChargeFilterInput], kind: str, metric: BillableMetric
) -> list[Filtered] | None:
    for each in said:
        rules.check_values(checks, each.values, metric)
    return [
        Filtered(
            each.values,
            each.invoice_display_name,
            rules.priced(checks, kind, rules.of_filter(each.properties)),
        )
        for each in said
    ]


def _reread(work: Work, checks: Checks, charge: ChargeTerms, kind: str) -> list[Filtered]:
    """Return a charge's filters under another model: their prices must make sense in it too."""
    found = standing(work, "charge_id", [charge.id])[charge.id]
    return [
        Filtered(
            each.values,
            each.invoice_display_name,
            rules.priced(checks, kind, found[each.id].properties),
        )
        for each in filters_of(work, [charge.id]).get(charge.id, [])
    ]


def _store(work: Work, planned: Planned) -> None:
    charge = planned.terms
    if planned.is_new:
        work.rows.add(charges, charge, taken="code")
    else:
        work.rows.put(charges, charge)
    if planned.properties is not None:
        prices.put(work, charge.charge_model, planned.properties, charge_id=charge.id)
    if planned.filters is not None:
        _store_filters(work, charge, planned.filters)
    if planned.tax_codes is not None:
        taxes.apply(work, Level.charge, charge.id, planned.tax_codes)


def _store_filters(work: Work, charge: ChargeTerms, wanted: Sequence[Filtered]) -> None:
    """Make these a charge's filters; one that accepts the same values stays the same one."""
    had = filters_of(work, [charge.id]).get(charge.id, [])
    for each in wanted:
        same = next((one for one in had if one.values == each.values), None)
        if same:
            had.remove(same)
            filter = replace(same, invoice_display_name=each.invoice_display_name)
            work.rows.put(charge_filters, filter)
        else:
            filter = FilterTerms(
                id=ids.new(),
                charge_id=charge.id,
                invoice_display_name=each.invoice_display_name,
                values=each.values,
            )
            work.rows.add(charge_filters, filter, created_at=work.now)
        prices.put(
            work, charge.charge_model, each.properties, charge_id=charge.id, filter_id=filter.id
        )
    for gone in had:
        remove_filter(work, gone.id)
