"""What can be done with billable metrics, seeing that plans price them."""

from collections.abc import Sequence

from billing.plans.model import ChargeTerms
from billing.plans.queries.plan import filters_of
from billing.plans.rules import trimmed
from billing.plans.service import charges
from billing.plans.tables import charge_filters
from billing.plans.tables import charges as charge_rows
from metering import metrics
from metering.metrics import BillableMetric, BillableMetricUpdate
from sql.work import Work


def update_metric(work: Work, code: str, billable_metric: BillableMetricUpdate) -> BillableMetric:
    """Change a metric. Once a plan charges for it, only name, description and filters change.

    Values that a filter no longer declares are taken out of all charges (F6).

    Raises: Missing `billable_metric_not_found`; Invalid `code: value_already_exist`,
            `field_name: value_is_mandatory`, `weighted_interval: value_is_invalid`,
            `recurring: not_compatible_with_aggregation_type`, `expression: invalid_expression`;
            Forbidden `feature_unavailable`.
    """
    work.rows.lock("plans")
    using = _using(work, metrics.find(work, code).id)
    after = metrics.update(work, code, billable_metric, is_used=bool(using))
    _trim(work, using, {each.key: each.values for each in after.filters})
    return after


def delete_metric(work: Work, code: str) -> BillableMetric:
    """Delete a metric, and every charge for it. Fees that were made stay (E7, PL4).

    Raises: Missing `billable_metric_not_found`.
    """
    work.rows.lock("plans")
    charges.remove(work, _using(work, metrics.find(work, code).id))
    return metrics.delete(work, code)


def _using(work: Work, metric_id: str) -> list[ChargeTerms]:
    """Return the charges for a metric, those of archived plans too: somebody may be on them."""
    return work.rows.all(
        charge_rows, ChargeTerms,
        charge_rows.c.billable_metric_id == metric_id, charge_rows.c.deleted_at.is_(None),
    )  # fmt: skip


def _trim(work: Work, using: Sequence[ChargeTerms], declared: dict[str, list[str]]) -> None:
    found = filters_of(work, [charge.id for charge in using])
    for filter in (each for some in found.values() for each in some):
        left = trimmed(filter.values, declared)
        if not left:
            charges.remove_filter(work, filter.id)
        elif left != filter.values:
            work.rows.change(charge_filters, charge_filters.c.id == filter.id, values=left)
