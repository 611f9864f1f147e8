"""What can be done with plans."""

from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from billing import taxes
from billing.plans.model import Plan, Terms
from billing.plans.notices import PlanCreated, PlanDeleted, PlanUpdated
from billing.plans.queries.plan import children, find, find_by_id
from billing.plans.requests import PlanInput, PlanUpdate
from billing.plans.service import charges, fixed, limits
from billing.plans.service.overrides import cascade
from billing.plans.tables import plans
from billing.taxes import Level
from metering.measures import ids
from metering.measures.forms import Number
from metering.measures.money import plain
from metering.measures.period import Interval
from metering.measures.refusals import Invalid
from metering.measures.shapes import given
from sql.work import Work

OWN = (
    "name", "code", "interval", "amount_cents", "amount_currency", "pay_in_advance",
    "invoice_display_name", "description", "trial_period", "bill_charges_monthly",
    "bill_fixed_charges_monthly", "metadata",
)  # fmt: skip
"""What is kept in a plan's own row."""

IN_USE = frozenset({"name", "invoice_display_name", "description", "amount_cents", "metadata"})
"""What may change in it once the plan is subscribed to (PL1)."""

SPLIT = frozenset({Interval.yearly, Interval.semiannual})
"""Intervals whose usage can be billed by the month (P6)."""


def create(work: Work, plan: PlanInput) -> Plan:
    """Create a plan with everything it charges.

    Raises: Invalid `code: value_already_exist`, and all that is wrong with its charges; Missing
            `billable_metrics_not_found`, `add_ons_not_found`, `tax_not_found`.
    """
    said = {name: getattr(plan, name) for name in OWN}
    terms = _settled(Terms(id=ids.new(), created_at=work.now, **said))
    work.rows.add(plans, terms, taken="code")
    charges.write(work, terms.id, plan.charges or [])
    fixed.write(work, terms.id, plan.fixed_charges or [])
    limits.write_thresholds(work, plan.usage_thresholds or [], plan_id=terms.id)
    limits.write_commitment(work, terms.id, plan.minimum_commitment)
    if plan.tax_codes:
        taxes.apply(work, Level.plan, terms.id, plan.tax_codes)
    made = find_by_id(work, terms.id)
    work.tell(PlanCreated(plan=made))
    return made


def change(work: Work, code: str, plan: PlanUpdate, in_use: bool) -> Plan:
    """Change a plan, and what it charges. New prices hold from the next fee on (PL4).

    Of a plan in use only some things change, and it cannot become one that is not billed in full.

    Raises: Missing `plan_not_found`, `billable_metrics_not_found`, `add_ons_not_found`,
            `tax_not_found`; Invalid `code: value_already_exist`, `base: <what is not billed yet>`,
            `cascade_updates: value_is_mandatory` where charges change of a plan that others
            override, and all that is wrong with its charges.
    """
    work.rows.lock("plans")
    before = find(work, code)
    sent = given(plan)
    fields = {name: sent[name] for name in OWN if name in sent and (not in_use or name in IN_USE)}
    after = _settled(replace(_terms(before), **fields))
    work.rows.put(plans, after, taken="code")
    _write(work, after.id, plan, in_use)
    shown = find_by_id(work, after.id)
    _pass_on(work, before, shown, plan.cascade_updates is True)
    work.tell(PlanUpdated(plan=shown), before=before)
    return shown


def delete(work: Work, code: str) -> Plan:
    """Archive a plan: nobody can subscribe to it any more, and who has keeps it.

    Raises: Missing `plan_not_found`.
    """
    work.rows.lock("plans")
    plan = find(work, code)
    work.rows.change(plans, plans.c.id == plan.id, pending_deletion=True)
    gone = replace(plan, pending_deletion=True)
    work.tell(PlanDeleted(plan=gone))
    return gone


def _pass_on(work: Work, before: Plan, after: Plan, is_wanted: bool) -> None:
    """Take a change to the plans that override this one; what they would lose by it is refused."""
    if not children(work, after.id):
        return
    if is_wanted:
        cascade(work, before, after)
    elif (before.charges, before.fixed_charges) != (after.charges, after.fixed_charges):
        raise Invalid(cascade_updates="value_is_mandatory")


def _write(work: Work, plan_id: str, plan: PlanUpdate, in_use: bool) -> None:
    """Write what a changed plan says beside its own row; what is absent stays."""
    if plan.charges is not UNSET:
        charges.write(work, plan_id, plan.charges or [], in_use)
    if plan.fixed_charges is not UNSET:
        fixed.write(work, plan_id, plan.fixed_charges or [], in_use)
    if plan.usage_thresholds is not UNSET:
        limits.write_thresholds(work, plan.usage_thresholds or [], plan_id=plan_id)
    if plan.minimum_commitment is not UNSET:
        limits.write_commitment(work, plan_id, plan.minimum_commitment)
    if plan.tax_codes is not UNSET:
        taxes.apply(work, Level.plan, plan_id, plan.tax_codes or [])


def _terms(plan: Plan) -> Terms:
    said: dict[str, Any] = {name: getattr(plan, name) for name in Terms.__struct_fields__}
    return Terms(**said)


def _settled(terms: Terms) -> Terms:
    """Return a plan's row with what its interval leaves no choice about, in the form it is kept."""
    is_split = terms.interval in SPLIT
    return replace(
        terms,
        trial_period=None if terms.trial_period is None else Number(plain(terms.trial_period)),
        bill_charges_monthly=bool(terms.bill_charges_monthly) if is_split else None,
        bill_fixed_charges_monthly=bool(terms.bill_fixed_charges_monthly) if is_split else None,
        metadata=terms.metadata or None,
    )
