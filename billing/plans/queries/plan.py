"""Plans as they are shown: put together from their rows, any number of plans at once."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from msgspec import UNSET, Struct
from msgspec.structs import asdict
from sqlalchemy import ColumnElement, Select, Table, or_, select

from billing import addons, taxes
from billing.plans import rules
from billing.plans.model import (
    CHARGES,
    FIXED_CHARGES,
    ApplicableUsageThreshold,
    ChargeFilter,
    ChargeTerms,
    CommitmentTerms,
    FilterTerms,
    FixedTerms,
    MinimumCommitment,
    Plan,
    PriceTerms,
    Terms,
    UsageThreshold,
    flat,
)
from billing.plans.requests import PlanMetricQuery, PlanQuery
from billing.plans.tables import (
    charge_filters,
    charges,
    commitments,
    fixed_charges,
    plans,
    prices,
    usage_thresholds,
)
from billing.taxes import Level, Tax, applied_taxes
from metering import metrics
from metering.charges import ChargeProperties, read
from metering.measures.refusals import Missing
from metering.measures.shapes import Page
from metering.metrics import BillableMetric
from sql.work import Work

Row = TypeVar("Row", bound=Struct)


def find(work: Work, code: str) -> Plan:
    """Return one plan that can be subscribed to.

    Raises: Missing `plan_not_found`.
    """
    (shown,) = showing(work, [bare(work, code)])
    return shown


def bare(work: Work, code: str) -> Terms:
    """Return one plan's own row.

    Raises: Missing `plan_not_found`.
    """
    found = work.rows.find(plans, Terms, code=code, pending_deletion=False, parent_id=None)
    if found is None:
        raise Missing("plan", code)
    return found


def find_by_id(work: Work, id: str) -> Plan:
    """Return the plan of an internal id, archived or not.

    Raises: Missing `plan_not_found`.
    """
    if (found := work.rows.find(plans, Terms, id=id)) is None:
        raise Missing("plan", id)
    (shown,) = showing(work, [found])
    return shown


def by_ids(work: Work, ids: Iterable[str]) -> dict[str, Terms]:
    """Return plans' own rows by internal id, archived ones too."""
    found = work.rows.all(plans, Terms, plans.c.id.in_(list(ids)))
    return {terms.id: terms for terms in found}


def browse(work: Work, query: PlanQuery) -> Page[Plan]:
    """List plans that can be subscribed to, newest first."""
    where: list[ColumnElement[bool]] = [
        plans.c.pending_deletion.is_(False),
        plans.c.parent_id.is_(None),
    ]
    if query.search_term:
        like = f"%{query.search_term}%"
        where.append(or_(plans.c.name.ilike(like), plans.c.code.ilike(like)))
    page = work.rows.page(plans, Terms, query, *where)
    page.items = showing(work, page.items)  # type: ignore[assignment]
    return page  # type: ignore[return-value]


def browse_metrics(work: Work, query: PlanMetricQuery) -> Page[BillableMetric]:
    """List billable metrics, newest first.

    Raises: Missing `plan_not_found`.
    """
    if not query.plan_code:
        return metrics.browse(work, query)
    charged = select(charges.c.billable_metric_id).where(
        charges.c.organization_id == work.organization,
        charges.c.plan_id == bare(work, query.plan_code).id,
        charges.c.deleted_at.is_(None),
    )
    return metrics.browse(work, query, metrics.metrics.c.id.in_(charged))


def showing(work: Work, found: Sequence[Terms]) -> list[Plan]:
    """Return plans with all that they charge, oldest first within each."""
    if not found:
        return []
    ids = [terms.id for terms in found]
    charged, fixed = _charges(work, ids), _fixed(work, ids)
    thresholds = _thresholds(work, ids)
    committed = _commitments(work, {terms.id: terms for terms in found})
    taxed = taxes.among(work, Level.plan, applied_taxes.c.owner_id.in_(ids))
    return [
        Plan(
            **{**asdict(terms), "metadata": terms.metadata or UNSET},
            charges=charged.get(terms.id, []),
            fixed_charges=fixed.get(terms.id, []),
            usage_thresholds=thresholds.get(terms.id, []),
            applicable_usage_thresholds=[
                ApplicableUsageThreshold(
                    threshold_display_name=each.threshold_display_name,
                    amount_cents=each.amount_cents,
                    recurring=each.recurring,
                )
                for each in thresholds.get(terms.id, [])
            ],
            taxes=taxed.get(terms.id, []),
            minimum_commitment=committed.get(terms.id, UNSET),
        )
        for terms in found
    ]


def live(work: Work, table: Table, ids: Sequence[str]) -> Select[tuple[str]]:
    """Select the ids of what the plans of these ids charge now; `table` has it."""
    return select(table.c.id).where(
        table.c.organization_id == work.organization,
        table.c.plan_id.in_(ids),
        table.c.deleted_at.is_(None),
    )


def filters_of(work: Work, charge_ids: Any) -> dict[str, list[FilterTerms]]:
    """Return the filters of charges, by charge, the oldest first."""
    found = work.rows.all(
        charge_filters, FilterTerms,
        charge_filters.c.charge_id.in_(charge_ids), charge_filters.c.deleted_at.is_(None),
    )  # fmt: skip
    return grouped(found, "charge_id")


def standing(work: Work, column: str, owners: Any) -> dict[str, dict[str | None, PriceTerms]]:
    """Return the prices that hold now, by owner and then by filter; None is the owner's own."""
    rows = work.rows.all(
        prices, PriceTerms, prices.c[column].in_(owners), prices.c.superseded_at.is_(None)
    )
    found: dict[str, dict[str | None, PriceTerms]] = defaultdict(dict)
    for price in rows:
        found[getattr(price, column)][price.filter_id] = price
    return found


def grouped(rows: Iterable[Row], by: str) -> dict[str, list[Row]]:
    """Return rows by what they have in one field, their order kept."""
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[getattr(row, by)].append(row)
    return found


def _taxed(work: Work, level: Level, owners: Any) -> dict[str, list[Tax]]:
    return taxes.among(work, level, applied_taxes.c.owner_id.in_(owners))


def _charges(work: Work, ids: Sequence[str]) -> dict[str, list[Any]]:
    mine = live(work, charges, ids)
    rows = work.rows.all(charges, ChargeTerms, charges.c.id.in_(mine))
    if not rows:
        return {}
    filtered, priced = filters_of(work, mine), standing(work, "charge_id", mine)
    taxed = _taxed(work, Level.charge, mine)
    counted = {charge.billable_metric_id for charge in rows}
    codes = {metric.id: metric.code for metric in metrics.among(work, counted, True)}
    found: dict[str, list[Any]] = defaultdict(list)
    for charge in rows:
        prices_of = {
            filter_id: read(price.charge_model, price.properties)
            for filter_id, price in priced[charge.id].items()
        }
        shown = CHARGES[charge.charge_model](
            **_same(charge, "plan_id", "charge_model"),
            billable_metric_code=codes[charge.billable_metric_id],
            filters=[
                _filter(charge, each, prices_of[each.id]) for each in filtered.get(charge.id, [])
            ],
            taxes=taxed.get(charge.id, []),
            properties=prices_of[None],
        )
        found[charge.plan_id].append(shown)
    return found


def _filter(charge: ChargeTerms, filter: FilterTerms, price: ChargeProperties) -> ChargeFilter:
    return ChargeFilter(
        id=filter.id,
        charge_code=charge.code,
        invoice_display_name=filter.invoice_display_name,
        properties=flat(price),
        values=filter.values,
    )


def _fixed(work: Work, ids: Sequence[str]) -> dict[str, list[Any]]:
    mine = live(work, fixed_charges, ids)
    rows = work.rows.all(fixed_charges, FixedTerms, fixed_charges.c.id.in_(mine))
    if not rows:
        return {}
    priced, taxed = standing(work, "fixed_charge_id", mine), _taxed(work, Level.fixed_charge, mine)
    sold = addons.among(work, ids={row.add_on_id for row in rows}, is_deleted_too=True)
    codes = {add_on.id: add_on.code for add_on in sold}
    found: dict[str, list[Any]] = defaultdict(list)
    for charge in rows:
        price = priced[charge.id][None]
        shown = FIXED_CHARGES[charge.charge_model](
            **_same(charge, "plan_id", "charge_model", "invoice_display_name"),
            invoice_display_name=charge.invoice_display_name or "",
            add_on_code=codes[charge.add_on_id],
            taxes=taxed.get(charge.id, []),
            properties=read(price.charge_model, price.properties),
        )
        found[charge.plan_id].append(shown)
    return found


def _same(row: Struct, *less: str) -> dict[str, Any]:
    return {name: value for name, value in asdict(row).items() if name not in less}


def _thresholds(work: Work, ids: Sequence[str]) -> dict[str, list[UsageThreshold]]:
    asked = select(usage_thresholds.c.plan_id, usage_thresholds.c.id).where(
        usage_thresholds.c.plan_id.in_(ids)
    )
    owner = {id: plan_id for plan_id, id in work.rows.rows(asked)}
    found: dict[str, list[UsageThreshold]] = defaultdict(list)
    for row in work.rows.all(usage_thresholds, UsageThreshold, usage_thresholds.c.plan_id.in_(ids)):
        found[owner[row.id]].append(row)
    return found


def _commitments(work: Work, found: dict[str, Terms]) -> dict[str, MinimumCommitment]:
    rows = work.rows.all(commitments, CommitmentTerms, commitments.c.plan_id.in_(list(found)))
    taxed = _taxed(work, Level.commitment, [row.id for row in rows])
    return {
        row.plan_id: MinimumCommitment(
            **_same(row, "plan_id"),
            plan_code=found[row.plan_id].code,
            interval=found[row.plan_id].interval,
            taxes=taxed.get(row.id, []),
        )
        for row in rows
    }


def unready(work: Work, plan_id: str) -> list[str]:
    """Name what a subscription to a plan would not be billed for yet; none: it can be sold.

    Raises: Missing `plan_not_found`.
    """
    plan = find_by_id(work, plan_id)
    counted = metrics.among(work, {charge.billable_metric_id for charge in plan.charges}, True)
    return rules.unready(plan, {metric.id: metric for metric in counted})
