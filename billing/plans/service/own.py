"""What one subscription has of its own, beside what its plan says."""

from billing.plans.model import AnyFixedCharge
from billing.plans.queries.own import fixed_charge_of, own_units
from billing.plans.requests import FixedChargeOverride
from billing.plans.service import fixed
from metering.measures.money import plain
from metering.measures.shapes import UNSET
from sql.work import Work


def override_fixed_charge(
    work: Work, subscription_id: str, plan_id: str, code: str, asked: FixedChargeOverride
) -> AnyFixedCharge:
    """Let one subscription want so many units of a fixed charge, whatever its plan says later.

    Raises: Missing `fixed_charge_not_found`.
    """
    work.rows.lock("plans")
    before = fixed_charge_of(work, subscription_id, plan_id, code)
    had = own_units(work, subscription_id).get(before.id)
    if asked.units is not UNSET and asked.units is not None and asked.units != had:
        fixed.count(
            work, before.id, plain(asked.units), subscription_id=subscription_id,
            is_immediate=asked.apply_units_immediately is True,
        )  # fmt: skip
    return fixed_charge_of(work, subscription_id, plan_id, code)
