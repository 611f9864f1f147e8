"""What a plan comes to at least, and at what usage it is invoiced at once."""

from collections.abc import Sequence

from msgspec import UNSET
from msgspec.structs import replace

from billing import taxes
from billing.plans.model import CommitmentTerms, UsageThreshold
from billing.plans.requests import MinimumCommitmentInput, UsageThresholdInput
from billing.plans.tables import commitments, usage_thresholds
from billing.taxes import Level
from metering.measures import ids
from metering.measures.refusals import Invalid
from metering.measures.shapes import given
from sql.work import Work


def write_thresholds(work: Work, asked: Sequence[UsageThresholdInput], **owner: str) -> None:
    """Make these the thresholds of a `plan_id`, or of a `subscription_id` in place of its plan's.

    One of the same amount and kind stays the same one.
    """
    ((name, owner_id),) = owner.items()
    mine = usage_thresholds.c[name] == owner_id
    had = {
        (each.amount_cents, each.recurring): each
        for each in work.rows.all(usage_thresholds, UsageThreshold, mine)
    }
    wanted = {(each.amount_cents or 0, bool(each.recurring)): each for each in asked}
    gone = [each.id for key, each in had.items() if key not in wanted]
    work.rows.remove(usage_thresholds, mine, usage_thresholds.c.id.in_(gone))
    for (amount, recurring), each in wanted.items():
        if known := had.get((amount, recurring)):
            named = replace(known, threshold_display_name=each.threshold_display_name)
            work.rows.put(usage_thresholds, replace(named, updated_at=work.now))
            continue
        made = UsageThreshold(
            id=ids.new(),
            threshold_display_name=each.threshold_display_name,
            amount_cents=amount,
            recurring=recurring,
            created_at=work.now,
            updated_at=work.now,
        )
        work.rows.add(usage_thresholds, made, taken="usage_thresholds", **owner)


def write_commitment(work: Work, plan_id: str, asked: MinimumCommitmentInput | None) -> None:
    """Make this the minimum commitment of a plan; nothing said takes it away.

    Raises: Invalid `minimum_commitment.amount_cents: value_is_mandatory`; Missing `tax_not_found`.
    """
    had = work.rows.find(commitments, CommitmentTerms, plan_id=plan_id)
    said = given(asked) if asked else {}
    if not said:
        if had:
            taxes.drop(work, Level.commitment, had.id)
            work.rows.remove(commitments, commitments.c.id == had.id)
        return
    said.pop("tax_codes", None)
    if had:
        row = replace(had, **said, updated_at=work.now)
        work.rows.put(commitments, row)
    elif "amount_cents" not in said:
        raise Invalid({"minimum_commitment.amount_cents": ["value_is_mandatory"]})
    else:
        row = CommitmentTerms(
            id=ids.new(), plan_id=plan_id, created_at=work.now, updated_at=work.now,
            **{"invoice_display_name": None, **said},  # type: ignore[arg-type]
        )  # fmt: skip
        work.rows.add(commitments, row, taken="minimum_commitment")
    if asked and asked.tax_codes is not UNSET:
        taxes.apply(work, Level.commitment, row.id, asked.tax_codes or [])
