"""Plans as columns: what the bill run and usage read, for any number of plans at once."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

import msgspec
import polars as pl
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import ColumnElement, func, select

from billing import addons
from billing.plans.model import ChargeTerms, FilterTerms, FixedTerms, PriceTerms
from billing.plans.queries.plan import Row, bases, filters_of, grouped, laid, standing
from billing.plans.tables import charges, commitments, fixed_charges, fixed_units, plans
from metering import metrics
from metering.charges import Terms, read
from metering.columns import QUANTITY
from metering.filters import Price
from metering.quantities import Metered
from sql.work import Work

FILTERS = {
    "filter_id": pl.String, "charge_id": pl.String, "filter_display_name": pl.String,
    "filters": pl.String,
}  # fmt: skip
"""One row per filter of a charge; `filters` are its values as a JSON object."""


FEW = 10
"""Plans whose tariff is kept; of more, making it is little beside reading it."""

KEPT = 512
"""Tariffs that a process keeps."""

FIXED: dict[str, Any] = {
    "fixed_charge_id": pl.String, "plan_id": pl.String, "add_on_id": pl.String,
    "add_on_code": pl.String, "add_on_name": pl.String, "invoice_display_name": pl.String,
    "pay_in_advance": pl.Boolean, "prorated": pl.Boolean, "price": pl.UInt32,
    "price_id": pl.String,
}  # fmt: skip
"""One row per fixed charge; `price` is a place in the book's terms."""

UNITS: dict[str, Any] = {
    "fixed_charge_id": pl.String, "of_subscription_id": pl.String, "said_units": QUANTITY,
    "is_immediate": pl.Boolean, "said_at": pl.Datetime("us", "UTC"),
}  # fmt: skip
"""How many units of fixed charges were wanted since when, oldest first: of a plan, or of one of its
subscriptions."""


T = TypeVar("T", bound="Tariff")


class Tariff(Struct, frozen=True, kw_only=True, eq=False):
    """What plans charge for usage.

    charges   charge_id, plan_id, metric_id, code, charge_model, position (from 0, in the order of
              the plan), pay_in_advance, prorated, min_amount_cents, invoiceable,
              invoice_display_name, metric_code, metric_name, aggregation_type
    filters   FILTERS
    prices    one for each charge and each of its filters, those that hold now
    metrics   by id, deleted ones too
    """

    charges: pl.DataFrame
    filters: pl.DataFrame
    prices: Sequence[Price]
    metrics: Mapping[str, Metered]

    def keeping(self: T, charges: pl.DataFrame) -> T:
        """Return the same with some of its charges, and what belongs to them."""
        kept = set(charges["charge_id"])
        return replace(
            self,
            charges=charges,
            filters=self.filters.filter(pl.col("charge_id").is_in(kept)),
            prices=[price for price in self.prices if price.charge_id in kept],
        )


class Book(Tariff, frozen=True, kw_only=True, eq=False):
    """Everything that plans charge, as the bill run wants it.

    plans     as `terms` returns them
    fixed     FIXED
    units     UNITS
    terms     the prices of fixed charges that hold now; `fixed` names their place
    """

    plans: pl.DataFrame
    fixed: pl.DataFrame
    units: pl.DataFrame
    terms: Terms


class TariffRows(Struct, frozen=True, kw_only=True):
    """The rows of which a tariff is made, in their order."""

    charges: list[ChargeTerms]
    filters: list[FilterTerms]
    prices: list[PriceTerms]
    metrics: list[metrics.BillableMetric]
    base: dict[str, str]
    """What overrides which plan."""
    ids: list[str] | None


AHEAD: dict[str, Any] = {
    "charge_id": pl.String, "plan_id": pl.String, "metric_id": pl.String, "code": pl.String,
    "recurring": pl.Boolean, "charged_since": pl.Datetime("us", "UTC"),
}  # fmt: skip
"""One row per charge that is paid in advance, with the code of the events it is for."""


def ahead(work: Work) -> pl.DataFrame:
    """Return the charges that are paid in advance now: AHEAD.

    Cost:    one statement if there is none, else three.
    """
    c = charges.c
    rows = work.rows.all(charges, ChargeTerms, c.pay_in_advance, c.deleted_at.is_(None))
    if not rows:
        return pl.DataFrame(schema=AHEAD)
    known = {row.billable_metric_id for row in rows}
    found = {each.id: each for each in metrics.among(work, known)}
    told = [
        (row.id, plan_id, metric.id, metric.event_code, metric.recurring, row.created_at)
        for plan_id, some in laid(rows, bases(work)).items()
        for row in some
        if (metric := found.get(row.billable_metric_id))
    ]
    return pl.DataFrame(told, schema=AHEAD, orient="row")


def terms(work: Work, ids: Sequence[str] | None = None) -> pl.DataFrame:
    """Return plans as columns, archived ones too: all, or those of the ids.

    Shape:   plan_id, plan_code, plan_name, plan_display_name, interval, plan_amount_cents,
             currency, pay_in_advance, bill_charges_monthly, bill_fixed_charges_monthly,
             trial_period (days), has_fixed_ahead, commitment_id, commitment_cents,
             commitment_display_name; oldest first.
    """
    c, least = plans.c, commitments.c
    asked = select(
        c.id.label("plan_id"), c.code.label("plan_code"), c.name.label("plan_name"),
        c.invoice_display_name.label("plan_display_name"), c.interval,
        c.amount_cents.label("plan_amount_cents"), c.amount_currency.label("currency"),
        c.pay_in_advance, c.bill_charges_monthly, c.bill_fixed_charges_monthly, c.trial_period,
        select(1).where(
            fixed_charges.c.organization_id == c.organization_id,
            fixed_charges.c.plan_id.in_([c.id, c.parent_id]),
            fixed_charges.c.pay_in_advance, fixed_charges.c.deleted_at.is_(None),
        ).exists().label("has_fixed_ahead"),
        least.id.label("commitment_id"), least.amount_cents.label("commitment_cents"),
        least.invoice_display_name.label("commitment_display_name"),
    ).select_from(
        plans.outerjoin(
            commitments,
            (least.organization_id == c.organization_id) & (least.plan_id == c.id),
        )
    ).order_by(c.sequence)  # fmt: skip
    return work.rows.frame(asked if ids is None else asked.where(work.rows.among(c.id, ids)))


def tariff(work: Work, ids: Sequence[str] | None = None) -> Tariff:
    """Return what plans charge for usage now, archived ones too: all plans, or those of the ids.

    Cost:    five statements. What few plans' rows make is kept, and made anew when a row differs.
    """
    base = bases(work, ids)
    where: list[ColumnElement[bool]] = [charges.c.deleted_at.is_(None)]
    if ids is not None:
        where.append(work.rows.among(charges.c.plan_id, [*ids, *base.values()]))
    rows = work.rows.all(charges, ChargeTerms, *where)
    mine = select(charges.c.id).where(charges.c.organization_id == work.organization, *where)
    found = TariffRows(
        charges=rows,
        filters=[each for some in filters_of(work, mine).values() for each in some],
        prices=[
            price for some in standing(work, "charge_id", mine).values() for price in some.values()
        ],
        metrics=metrics.among(work, {row.billable_metric_id for row in rows}, True),
        base=base,
        ids=None if ids is None else list(ids),
    )
    is_small = ids is not None and len(ids) <= FEW
    return _kept(msgspec.msgpack.encode(found)) if is_small else _made(found)


@lru_cache(maxsize=KEPT)
def _kept(rows: bytes) -> Tariff:
    """Make a tariff of rows that are known by what they say: other rows, another tariff."""
    return _made(msgspec.msgpack.decode(rows, type=TariffRows))


def _made(rows: TariffRows) -> Tariff:
    counted = {metric.id: metric for metric in rows.metrics}
    filtered = grouped(rows.filters, "charge_id")
    places = {
        each.id: (position, each.values)
        for some in filtered.values()
        for position, each in enumerate(some)
    }
    return Tariff(
        charges=_charges(_by_plan(rows.charges, rows.base, rows.ids), counted),
        filters=pl.DataFrame(
            [
                (each.id, each.charge_id, each.invoice_display_name, _json(each.values))
                for some in filtered.values()
                for each in some
            ],
            schema=FILTERS,
            orient="row",
        ),
        prices=[
            Price(
                id=price.id,
                charge_id=price.charge_id or "",
                filter_id=price.filter_id,
                values=places[price.filter_id][1] if price.filter_id else {},
                position=places[price.filter_id][0] if price.filter_id else 0,
                kind=price.charge_model,
                properties=read(price.charge_model, price.properties),
            )
            for price in rows.prices
        ],
        metrics={id: metered(metric) for id, metric in counted.items()},
    )


def book(work: Work, ids: Sequence[str] | None = None) -> Book:
    """Return everything that plans charge now, archived ones too: all plans, or those of the ids.

    Cost:    seven statements, however many plans there are; four more for their fixed charges.
    """
    used = tariff(work, ids)
    fixed, fixed_terms = _fixed(work, ids)
    return Book(
        charges=used.charges,
        filters=used.filters,
        prices=used.prices,
        metrics=used.metrics,
        plans=terms(work, ids),
        fixed=fixed,
        units=_units(work, fixed["fixed_charge_id"].to_list()),
        terms=fixed_terms,
    )


def _fixed(work: Work, ids: Sequence[str] | None) -> tuple[pl.DataFrame, Terms]:
    """Return the fixed charges of plans with the names of their add-ons, and their prices."""
    base = bases(work, ids)
    where: list[ColumnElement[bool]] = [fixed_charges.c.deleted_at.is_(None)]
    if ids is not None:
        where.append(work.rows.among(fixed_charges.c.plan_id, [*ids, *base.values()]))
    rows = work.rows.all(fixed_charges, FixedTerms, *where)
    if not rows:
        return pl.DataFrame(schema=FIXED), []
    mine = [row.id for row in rows]
    priced = standing(work, "fixed_charge_id", mine)
    found = addons.among(work, ids={row.add_on_id for row in rows}, is_deleted_too=True)
    sold = {add_on.id: add_on for add_on in found}
    places = {row.id: place for place, row in enumerate(rows)}
    held = [
        (plan_id, row, sold[row.add_on_id], places[row.id], priced[row.id][None])
        for plan_id, row in _by_plan(rows, base, ids)
    ]
    frame = pl.DataFrame(
        [
            (row.id, plan_id, row.add_on_id, add_on.code, add_on.name,
             row.invoice_display_name or add_on.invoice_display_name, row.pay_in_advance,
             row.prorated, place, price.id)
            for plan_id, row, add_on, place, price in held
        ],
        schema=FIXED,
        orient="row",
    )  # fmt: skip
    standing_ = [priced[row.id][None] for row in rows]
    return frame, [
        (price.charge_model, read(price.charge_model, price.properties)) for price in standing_
    ]


def _by_plan(
    rows: Sequence[Row], base: Mapping[str, str], ids: Sequence[str] | None
) -> list[tuple[str, Row]]:
    """Return which plan charges which rows: those of the ids, with what they have of a parent."""
    found = laid(rows, base)
    asked = found if ids is None else [id for id in dict.fromkeys(ids) if id in found]
    return [(plan_id, row) for plan_id in asked for row in found[plan_id]]


def counted(work: Work) -> int:
    """Return a mark of the changes of units that were made so far."""
    ((last,),) = work.rows.rows(select(func.max(fixed_units.c.sequence)))
    return last or 0


def raised(work: Work, plan_id: str, since: int) -> list[str]:
    """Return the fixed charges in advance of a plan whose units changed since a mark, at once."""
    c, mine = fixed_units.c, fixed_charges.c
    asked = select(c.fixed_charge_id).where(
        c.sequence > since, c.is_immediate, c.subscription_id.is_(None),
        c.fixed_charge_id.in_(
            select(mine.id).where(
                mine.organization_id == work.organization, mine.plan_id == plan_id,
                mine.pay_in_advance, mine.deleted_at.is_(None),
            )
        ),
    )  # fmt: skip
    return sorted({id for (id,) in work.rows.rows(asked)})


def with_own_units(work: Work, ids: Sequence[str]) -> pl.DataFrame:
    """Return which subscriptions want units of their own of which fixed charges of the ids."""
    c = fixed_units.c
    asked = select(c.subscription_id, c.fixed_charge_id).distinct()
    return work.rows.frame(asked.where(c.fixed_charge_id.in_(ids), c.subscription_id.is_not(None)))


def _units(work: Work, ids: Sequence[str]) -> pl.DataFrame:
    if not ids:
        return pl.DataFrame(schema=UNITS)
    c = fixed_units.c
    asked = select(
        c.fixed_charge_id, c.subscription_id.label("of_subscription_id"),
        c.units.label("said_units"), c.is_immediate, c.created_at.label("said_at"),
    )  # fmt: skip
    return work.rows.frame(asked.where(c.fixed_charge_id.in_(ids)).order_by(c.sequence))


def metered(metric: metrics.BillableMetric) -> Metered:
    """Return what metering wants to know of a metric."""
    return Metered(
        id=metric.id,
        code=metric.event_code,
        aggregation_type=str(metric.aggregation_type),
        field_name=metric.field_name,
        recurring=metric.recurring,
        rounding_function=metric.rounding_function,
        rounding_precision=metric.rounding_precision,
        percentile=metric.percentile,
        filters={each.key: each.values for each in metric.filters},
    )


def _charges(
    held: Sequence[tuple[str, ChargeTerms]], counted: Mapping[str, metrics.BillableMetric]
) -> pl.DataFrame:
    """Lay out charges with the names of their metrics."""
    rows = [row for _, row in held]
    metric = [counted[row.billable_metric_id] for row in rows]
    frame = pl.DataFrame(
        {
            "charge_id": [row.id for row in rows],
            "plan_id": [plan_id for plan_id, _ in held],
            "metric_id": [row.billable_metric_id for row in rows],
            "code": [row.code for row in rows],
            "charge_model": [row.charge_model for row in rows],
            "pay_in_advance": [row.pay_in_advance for row in rows],
            "prorated": [row.prorated for row in rows],
            "min_amount_cents": [row.min_amount_cents for row in rows],
            "invoiceable": [row.invoiceable for row in rows],
            "invoice_display_name": [row.invoice_display_name for row in rows],
            "metric_code": [each.code for each in metric],
            "metric_name": [each.name for each in metric],
            "aggregation_type": [str(each.aggregation_type) for each in metric],
        },
        schema_overrides={
            **dict.fromkeys(("pay_in_advance", "prorated", "invoiceable"), pl.Boolean),
            "min_amount_cents": pl.Int64, "invoice_display_name": pl.String,
            **dict.fromkeys(
                ("charge_id", "plan_id", "metric_id", "code", "charge_model", "metric_code",
                 "metric_name", "aggregation_type"),
                pl.String,
            ),
        },
    )  # fmt: skip
    return frame.with_columns(position=pl.int_range(pl.len()).over("plan_id"))


def _json(values: dict[str, list[str]]) -> str:
    return msgspec.json.encode(values).decode()
