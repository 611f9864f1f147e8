"""What one subscription's plan says differently: a plan of its own that has only what differs.

It has a row of its own, with its taxes, thresholds and commitment; of the charges it has those that
differ, each in place of one of its parent's, and follows its parent in all others.
"""

from decimal import Decimal
from typing import Any

from msgspec import UNSET
from msgspec.structs import replace

from billing import taxes
from billing.plans.model import Plan, Terms
from billing.plans.notices import PlanCreated, PlanUpdated
from billing.plans.queries.plan import children, find_by_id
from billing.plans.requests import (
    ChargeOverride,
    MinimumCommitmentInput,
    PlanOverrides,
    UsageThresholdInput,
)
from billing.plans.service import charges, limits
from billing.plans.tables import plans
from billing.taxes import Level
from metering.measures import ids
from metering.measures.forms import Number
from metering.measures.money import plain
from metering.measures.refusals import Invalid, Missing
from metering.measures.shapes import given
from sql.work import Work

OWN = (
    "amount_cents", "amount_currency", "description", "name", "invoice_display_name",
    "trial_period",
)  # fmt: skip
"""What an override says of the plan's own row."""


def override(work: Work, plan_id: str, asked: PlanOverrides, *, is_running: bool) -> Plan:
    """Return a plan that says what is asked differently: a new one, or the one that did so before.

    Raises: Missing `charge_not_found`, `tax_not_found`; Invalid with all that is wrong, and
            `override_is_not_billed_yet` for the currency of a subscription that runs, and its
            charges in advance.
    """
    work.rows.lock("plans")
    said = given(asked)
    if is_running and "amount_currency" in said:
        raise Invalid(amount_currency="override_is_not_billed_yet")
    before = find_by_id(work, plan_id)
    child = _child(work, before)
    fields = {name: said[name] for name in OWN if name in said}
    if isinstance(trial := fields.get("trial_period"), Decimal):
        fields["trial_period"] = Number(plain(trial))
    if fields:
        work.rows.put(plans, replace(child, **fields))
    if asked.minimum_commitment is not UNSET:
        limits.write_commitment(work, child.id, asked.minimum_commitment)
    if asked.tax_codes is not UNSET:
        taxes.apply(work, Level.plan, child.id, asked.tax_codes or [])
    for each in asked.charges or []:
        _override_charge(work, child, _charge(before, each.id), each, is_running)
    return _told(work, before, child.id)


def override_charge(
    work: Work, plan_id: str, code: str, asked: ChargeOverride, *, is_running: bool
) -> Plan:
    """Return a plan that says differently what one of its charges is.

    Raises: as `override`.
    """
    work.rows.lock("plans")
    before = find_by_id(work, plan_id)
    named = [each for each in before.charges if each.code == code]
    if not named:
        raise Missing("charge", code)
    child = _child(work, before)
    _override_charge(work, child, named[0], asked, is_running)
    return _told(work, before, child.id)


def cascade(work: Work, before: Plan, after: Plan) -> None:
    """Let the plans that override a plan follow a change of it where they said what it said (PL3).

    What they do not say differently they follow anyway.
    """
    gone = {each.id for each in before.charges} - {each.id for each in after.charges}
    old, new = {each.id: each for each in before.charges}, {each.id: each for each in after.charges}
    for child in children(work, after.id):
        if child.amount_cents == before.amount_cents != after.amount_cents:
            work.rows.change(plans, plans.c.id == child.id, amount_cents=after.amount_cents)
        own = [each for each in charges.of_plan(work, child.id) if each.parent_id]
        charges.remove(work, [each for each in own if each.parent_id in gone])
        shown = {each.id: each for each in find_by_id(work, child.id).charges}
        for each in own:
            was, now = old.get(each.parent_id or ""), new.get(each.parent_id or "")
            if was and now and (said := _followed(shown[each.id], was, now)):
                charges.rewrite(work, each, said)


def _followed(own: Any, was: Any, now: Any) -> dict[str, Any]:
    """Return what a charge takes from its parent's: where it was as that was, and that changed."""
    said: dict[str, Any] = {}
    if own.properties == was.properties != now.properties:
        said["properties"] = charges.mapped(now.properties)
    if own.min_amount_cents == was.min_amount_cents != now.min_amount_cents:
        said["min_amount_cents"] = now.min_amount_cents
    same = charges.said_filters(own) == charges.said_filters(was) != charges.said_filters(now)
    if same:
        said["filters"] = charges.said_filters(now)
    return said


def _child(work: Work, plan: Plan) -> Terms:
    """Return the row of a plan that overrides another: of this one, or a new one that does so."""
    terms = Terms(**{name: getattr(plan, name) for name in Terms.__struct_fields__})
    if plan.parent_id:
        return terms
    made = replace(
        terms, id=ids.new(), parent_id=plan.id, created_at=work.now, metadata=None,
        pending_deletion=False,
    )  # fmt: skip
    work.rows.add(plans, made)
    if plan.taxes:
        taxes.apply(work, Level.plan, made.id, [tax.code for tax in plan.taxes])
    if plan.minimum_commitment is not UNSET:
        least = plan.minimum_commitment
        same = MinimumCommitmentInput(
            amount_cents=least.amount_cents, invoice_display_name=least.invoice_display_name,
            tax_codes=[tax.code for tax in least.taxes],
        )  # fmt: skip
        limits.write_commitment(work, made.id, same)
    limits.write_thresholds(
        work,
        [
            UsageThresholdInput(
                amount_cents=each.amount_cents, recurring=each.recurring,
                threshold_display_name=each.threshold_display_name,
            )
            for each in plan.usage_thresholds
        ],
        plan_id=made.id,
    )  # fmt: skip
    return made


def _charge(plan: Plan, id: object) -> Any:
    """Return the charge of an id, its own or its parent's."""
    for each in plan.charges:
        if id in (each.id, each.parent_id) and id:
            return each
    raise Missing("charge", str(id))


def _override_charge(
    work: Work, child: Terms, charge: Any, asked: ChargeOverride, is_running: bool
) -> None:
    said = given(asked)
    said.pop("id", None)
    for name, is_other in {
        "code": said.pop("code", charge.code) != charge.code,
        "billable_metric_id": (
            said.pop("billable_metric_id", charge.billable_metric_id) != charge.billable_metric_id
        ),
        "charge_model": said.pop("charge_model", None) not in (None, _model(charge)),
        "pay_in_advance": charge.pay_in_advance and is_running,
    }.items():
        if is_other:
            raise Invalid({name: ["override_is_not_billed_yet"]})
    charges.stand_in(work, child.id, charge, said)


def _model(charge: Any) -> str:
    return str(charge.__struct_config__.tag)


def _told(work: Work, before: Plan, id: str) -> Plan:
    after = find_by_id(work, id)
    if before.id == id:
        work.tell(PlanUpdated(plan=after), before=before)
    else:
        work.tell(PlanCreated(plan=after))
    return after
