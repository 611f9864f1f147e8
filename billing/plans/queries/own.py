"""What one subscription is charged: what its plan says, but for what it has of its own."""

from decimal import Decimal

from msgspec.structs import replace

from billing.plans.model import AnyFixedCharge, FixedUnits
from billing.plans.queries.plan import find_by_id
from billing.plans.tables import fixed_units
from metering.measures.refusals import Missing
from sql.work import Work


def fixed_charges_of(work: Work, subscription_id: str, plan_id: str) -> list[AnyFixedCharge]:
    """Return the fixed charges of a plan with the units that one of its subscriptions wants."""
    own = own_units(work, subscription_id)
    return [
        replace(each, units=own.get(each.id, each.units))
        for each in find_by_id(work, plan_id).fixed_charges
    ]


def fixed_charge_of(work: Work, subscription_id: str, plan_id: str, code: str) -> AnyFixedCharge:
    """Return one of them.

    Raises: Missing `fixed_charge_not_found`.
    """
    for each in fixed_charges_of(work, subscription_id, plan_id):
        if each.code == code:
            return each
    raise Missing("fixed_charge", code)


def own_units(work: Work, subscription_id: str) -> dict[str, Decimal]:
    """Return how many units a subscription wants of its own, by fixed charge: the last said."""
    rows = work.rows.all(fixed_units, FixedUnits, fixed_units.c.subscription_id == subscription_id)
    return {row.fixed_charge_id: row.units for row in rows}
