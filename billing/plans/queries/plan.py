"""Plans as they are shown: put together from their rows, any number of plans at once."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from msgspec import UNSET, Struct
from msgspec.structs import asdict
from sqlalchemy import ColumnElement, Select, Table, or_, select

from billing import addons, features, taxes
from billing.plans.model import (
    CHARGES,
    FIXED_CHARGES,
    AnyCharge,
    AnyFixedCharge,
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


def charges_in(work: Work, code: str) -> list[AnyCharge]:
    """List all charges of a plan, the oldest first.

    Raises: Missing `plan_not_found`.
    """
    return find(work, code).charges


def charge_in(work: Work, code: str, charge_code: str) -> AnyCharge:
    """Return one charge of a plan.

    Raises: Missing `plan_not_found`, `charge_not_found`.
    """
    return _coded(charges_in(work, code), charge_code, "charge")


def filters_in(work: Work, code: str, charge_code: str) -> list[ChargeFilter]:
    """List all filters of a charge of a plan, the oldest first.

    Raises: Missing `plan_not_found`, `charge_not_found`.
    """
    return charge_in(work, code, charge_code).filters


def filter_in(work: Work, code: str, charge_code: str, filter_id: str) -> ChargeFilter:
    """Return one filter of a charge of a plan.

    Raises: Missing `plan_not_found`, `charge_not_found`, `charge_filter_not_found`.
    """
    for each in filters_in(work, code, charge_code):
        if each.id == filter_id:
            return each
    raise Missing("charge_filter", filter_id)


def fixed_charges_in(work: Work, code: str) -> list[AnyFixedCharge]:
    """List all fixed charges of a plan, the oldest first.

    Raises: Missing `plan_not_found`.
    """
    return find(work, code).fixed_charges


def fixed_charge_in(work: Work, code: str, fixed_charge_code: str) -> AnyFixedCharge:
    """Return one fixed charge of a plan.

    Raises: Missing `plan_not_found`, `fixed_charge_not_found`.
    """
    return _coded(fixed_charges_in(work, code), fixed_charge_code, "fixed_charge")


def _coded(parts: Iterable[Any], code: str, noun: str) -> Any:
    for each in parts:
        if each.code == code:
            return each
    raise Missing(noun, code)


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
    base = {terms.id: terms.parent_id for terms in found if terms.parent_id}
    charged, fixed = _charges(work, ids, base), _fixed(work, ids, base)
    thresholds = _thresholds(work, ids)
    committed = _commitments(work, {terms.id: terms for terms in found})
    taxed = taxes.among(work, Level.plan, applied_taxes.c.owner_id.in_(ids))
    granted = features.granted(work, ids)
    return [
        Plan(
            **{**asdict(terms), "metadata": terms.metadata or UNSET},
            charges=charged.get(terms.id, []),
            fixed_charges=fixed.get(terms.id, []),
            entitlements=granted.get(terms.id, []),
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


def family(work: Work, plan_id: str) -> Select[tuple[str]]:
    """Select the ids of a plan and of those that override it."""
    return select(plans.c.id).where(
        plans.c.organization_id == work.organization,
        or_(plans.c.id == plan_id, plans.c.parent_id == plan_id),
    )


def children(work: Work, plan_id: str) -> list[Terms]:
    """Return the plans that override a plan, each for one subscription."""
    return work.rows.all(plans, Terms, plans.c.parent_id == plan_id)


def bases(work: Work, ids: Sequence[str] | None = None) -> dict[str, str]:
    """Return what overrides which plan: all, or those of the ids."""
    asked = select(plans.c.id, plans.c.parent_id).where(plans.c.parent_id.is_not(None))
    mine = asked if ids is None else asked.where(work.rows.among(plans.c.id, ids))
    return dict(tuple(row) for row in work.rows.rows(mine))


def laid(rows: Iterable[Row], base: Mapping[str, str]) -> dict[str, list[Row]]:
    """Return what each plan charges: its own rows, or those it stands in place of its parent's."""
    own = grouped(rows, "plan_id")
    found = {plan_id: some for plan_id, some in own.items() if plan_id not in base}
    for child, parent in base.items():
        instead = {getattr(row, "parent_id", None): row for row in own.get(child, ())}
        found[child] = [instead.get(row.id, row) for row in own.get(parent, ())]  # type: ignore[attr-defined]
    return found


def live(work: Work, table: Table, ids: Sequence[str]) -> Select[tuple[str]]:
    """Select the ids of what the plans of these ids charge now; `table` has it."""
    return select(table.c.id).where(
        table.c.organization_id == work.organization,
        work.rows.among(table.c.plan_id, ids),
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


def _charges(work: Work, ids: Sequence[str], base: Mapping[str, str]) -> dict[str, list[Any]]:
    mine = live(work, charges, [*ids, *base.values()])
    rows = work.rows.all(charges, ChargeTerms, charges.c.id.in_(mine))
    if not rows:
        return {}
    filtered, priced = filters_of(work, mine), standing(work, "charge_id", mine)
    taxed = _taxed(work, Level.charge, mine)
    counted = {charge.billable_metric_id for charge in rows}
    codes = {metric.id: metric.code for metric in metrics.among(work, counted, True)}
    shown_by: dict[str, Any] = {}
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
        shown_by[charge.id] = shown
    return _placed(rows, base, shown_by)


def _placed(
    rows: Sequence[Any], base: Mapping[str, str], shown: Mapping[str, Any]
) -> dict[str, list[Any]]:
    """Return what is shown of rows, by the plan that charges them."""
    return {plan_id: [shown[row.id] for row in some] for plan_id, some in laid(rows, base).items()}


def _filter(charge: ChargeTerms, filter: FilterTerms, price: ChargeProperties) -> ChargeFilter:
    return ChargeFilter(
        id=filter.id,
        charge_code=charge.code,
        invoice_display_name=filter.invoice_display_name,
        properties=flat(price),
        values=filter.values,
    )


def _fixed(work: Work, ids: Sequence[str], base: Mapping[str, str]) -> dict[str, list[Any]]:
    mine = live(work, fixed_charges, [*ids, *base.values()])
    rows = work.rows.all(fixed_charges, FixedTerms, fixed_charges.c.id.in_(mine))
    if not rows:
        return {}
    priced, taxed = standing(work, "fixed_charge_id", mine), _taxed(work, Level.fixed_charge, mine)
    sold = addons.among(work, ids={row.add_on_id for row in rows}, is_deleted_too=True)
    codes = {add_on.id: add_on.code for add_on in sold}
    shown_by: dict[str, Any] = {}
    for charge in rows:
        price = priced[charge.id][None]
        shown = FIXED_CHARGES[charge.charge_model](
            **_same(charge, "plan_id", "charge_model", "invoice_display_name"),
            invoice_display_name=charge.invoice_display_name or "",
            add_on_code=codes[charge.add_on_id],
            taxes=taxed.get(charge.id, []),
            properties=read(price.charge_model, price.properties),
        )
        shown_by[charge.id] = shown
    return _placed(rows, base, shown_by)


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
