"""Plans as columns: what the bill run and usage read, for any number of plans at once."""

from collections.abc import Mapping, Sequence

import msgspec
import polars as pl
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import select

from billing.plans.model import ChargeTerms
from billing.plans.queries.plan import filters_of, standing
from billing.plans.tables import charges, plans
from metering import metrics
from metering.charges import read
from metering.filters import Price
from metering.quantities import Metered
from sql.work import Work

FILTERS = {
    "filter_id": pl.String, "charge_id": pl.String, "filter_display_name": pl.String,
    "filters": pl.String,
}  # fmt: skip
"""One row per filter of a charge; `filters` are its values as a JSON object."""


class Book(Struct, frozen=True, kw_only=True, eq=False):
    """Everything that plans charge, as the bill run wants it.

    plans     as `terms` returns them
    charges   charge_id, plan_id, metric_id, code, charge_model, position (from 0, in the order of
              the plan), pay_in_advance, prorated, min_amount_cents, invoiceable,
              invoice_display_name, metric_code, metric_name, aggregation_type
    filters   FILTERS
    prices    one for each charge and each of its filters, those that hold now
    metrics   by id, deleted ones too
    """

    plans: pl.DataFrame
    charges: pl.DataFrame
    filters: pl.DataFrame
    prices: list[Price]
    metrics: Mapping[str, Metered]

    def keeping(self, charges: pl.DataFrame) -> "Book":
        """Return the book with some of its charges, and what belongs to them."""
        kept = set(charges["charge_id"])
        return replace(
            self,
            charges=charges,
            filters=self.filters.filter(pl.col("charge_id").is_in(kept)),
            prices=[price for price in self.prices if price.charge_id in kept],
        )


def terms(work: Work, ids: Sequence[str] | None = None) -> pl.DataFrame:
    """Return plans as columns, archived ones too: all, or those of the ids.

    Shape:   plan_id, plan_code, plan_name, plan_display_name, interval, plan_amount_cents,
             currency, pay_in_advance, bill_charges_monthly, bill_fixed_charges_monthly,
             trial_period (days); oldest first.
    """
    c = plans.c
    asked = select(
        c.id.label("plan_id"), c.code.label("plan_code"), c.name.label("plan_name"),
        c.invoice_display_name.label("plan_display_name"), c.interval,
        c.amount_cents.label("plan_amount_cents"), c.amount_currency.label("currency"),
        c.pay_in_advance, c.bill_charges_monthly, c.bill_fixed_charges_monthly, c.trial_period,
    ).order_by(c.sequence)  # fmt: skip
    return work.rows.frame(asked if ids is None else asked.where(c.id.in_(ids)))


def book(work: Work, ids: Sequence[str] | None = None) -> Book:
    """Return everything that plans charge now, archived ones too: all plans, or those of the ids.

    Cost:    five statements, however many plans there are.
    """
    where = [charges.c.deleted_at.is_(None)]
    if ids is not None:
        where.append(charges.c.plan_id.in_(ids))
    rows = work.rows.all(charges, ChargeTerms, *where)
    mine = select(charges.c.id).where(charges.c.organization_id == work.organization, *where)
    filtered = filters_of(work, mine)
    counted = {
        metric.id: metric
        for metric in metrics.among(work, {row.billable_metric_id for row in rows}, True)
    }
    places = {
        each.id: (position, each.values)
        for some in filtered.values()
        for position, each in enumerate(some)
    }
    found = standing(work, "charge_id", mine)
    return Book(
        plans=terms(work, ids),
        charges=_charges(rows, counted),
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
                charge_id=owner,
                filter_id=filter_id,
                values=places[filter_id][1] if filter_id else {},
                position=places[filter_id][0] if filter_id else 0,
                kind=price.charge_model,
                properties=read(price.charge_model, price.properties),
            )
            for owner, of_owner in found.items()
            for filter_id, price in of_owner.items()
        ],
        metrics={id: metered(metric) for id, metric in counted.items()},
    )


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
        filters={each.key: each.values for each in metric.filters},
    )


def _charges(
    rows: Sequence[ChargeTerms], counted: Mapping[str, metrics.BillableMetric]
) -> pl.DataFrame:
    """Lay out charges with the names of their metrics."""
    metric = [counted[row.billable_metric_id] for row in rows]
    frame = pl.DataFrame(
        {
            "charge_id": [row.id for row in rows],
            "plan_id": [row.plan_id for row in rows],
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
