"""From rows, one for each bucket and group, to what is shown: folded here and nowhere else."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct

from billing.usage.model import (
    ChargeSummary,
    ChargeUsage,
    FilterUsage,
    GroupUsage,
    MetricSummary,
    PresentationBreakdown,
    ProjectedChargeSummary,
    ProjectedChargeUsage,
    ProjectedFilterUsage,
    ProjectedGroupUsage,
)
from metering.measures.money import plain

NOTHING = Decimal("0.0")

Row = dict[str, Any]
"""A bucket and group of a charge, with the charge's names, what was used and what it comes to.

`breakdowns` has its units by what the charge presents: pairs of a JSON object and a number."""


class Form(Struct, frozen=True, kw_only=True):
    """As what usage is shown, level by level."""

    charge: type[Any]
    filter: type[Any]
    group: type[Any]
    summary: type[Any]
    sums: Callable[[Sequence[Row]], dict[str, Any]]
    """What all levels have: a number of the rows below."""
    rest: dict[str, list[str]] | None
    """The values of the bucket that no filter takes."""


def folded(rows: Sequence[Row], currency: str, form: Form) -> list[Any]:
    """Fold the buckets and groups of one subscription, in the order of the rows."""
    return [
        form.charge(
            **form.sums(some),
            amount_currency=currency,
            charge=_named(form.summary, some[0]),
            billable_metric=metric(some[0]),
            filters=_filters(some, form),
            grouped_usage=_groups(some, form),
        )
        for some in _alike(rows, "charge_id")
    ]


def charge(row: Row) -> ChargeSummary:
    """Name the charge of a row."""
    return _named(ChargeSummary, row)


def metric(row: Row) -> MetricSummary:
    """Name the metric of a row."""
    return MetricSummary(
        id=row["metric_id"], name=row["metric_name"], code=row["metric_code"],
        aggregation_type=row["aggregation_type"],
    )  # fmt: skip


def _named(kind: type[Any], row: Row) -> Any:
    values = {**row, "id": row["charge_id"]}
    return kind(**{name: values[name] for name in kind.__struct_fields__})


def _filters(rows: Sequence[Row], form: Form) -> list[Any]:
    """One entry per filter and one for the rest; none where the charge has no filter."""
    if all(row["filter_id"] is None for row in rows):
        return []
    return [
        form.filter(
            **form.sums(some),
            invoice_display_name=some[0]["filter_display_name"],
            values=_decoded(some[0]["filters"], dict[str, list[str]]) or form.rest,
        )
        for some in _alike(rows, "filter_id")
    ]


def _groups(rows: Sequence[Row], form: Form) -> list[Any]:
    """One entry per pricing group; none where nothing is split."""
    if all(row["grouped_by"] is None for row in rows):
        return []
    return [
        form.group(
            **form.sums(some),
            grouped_by=_decoded(some[0]["grouped_by"], dict[str, str | None]) or {},
            filters=_filters(some, form),
        )
        for some in _alike(rows, "grouped_by")
    ]


def _alike(rows: Sequence[Row], by: str) -> list[list[Row]]:
    """Part rows by what they have in one column, the first of each first."""
    found: dict[Any, list[Row]] = {}
    for row in rows:
        found.setdefault(row[by], []).append(row)
    return list(found.values())


def _sums(rows: Sequence[Row]) -> dict[str, Any]:
    """What was used, and what it comes to."""
    return {
        "units": _added(rows, "units"),
        "total_aggregated_units": _added(rows, "total_aggregated_units"),
        "events_count": sum(row["events_count"] for row in rows),
        "amount_cents": sum(row["amount_cents"] for row in rows),
        "presentation_breakdowns": _broken_down(rows, "breakdowns"),
    }


def _projected_sums(rows: Sequence[Row]) -> dict[str, Any]:
    """What was used and comes to, and what will be."""
    now = _sums(rows)
    del now["total_aggregated_units"]
    return {
        **now,
        "projected_units": _added(rows, "projected_units"),
        "projected_amount_cents": sum(row["projected_amount_cents"] for row in rows),
        "projected_presentation_breakdowns": _broken_down(rows, "projected_breakdowns"),
    }


def _added(rows: Sequence[Row], column: str) -> Decimal:
    return plain(sum((row[column] or NOTHING for row in rows), NOTHING))


def _broken_down(rows: Sequence[Row], column: str) -> list[PresentationBreakdown]:
    """Add up the units of what is presented alike."""
    found: dict[str, Decimal] = {}
    for row in rows:
        for shown, units in row.get(column, ()):
            found[shown] = found.get(shown, NOTHING) + units
    return [
        PresentationBreakdown(
            presentation_by=_decoded(shown, dict[str, str | None]), units=plain(units)
        )
        for shown, units in found.items()
    ]


def _decoded(text: str | None, kind: Any) -> Any:
    return msgspec.json.decode(text, type=kind) if text else None


CURRENT = Form(
    charge=ChargeUsage, filter=FilterUsage, group=GroupUsage, summary=ChargeSummary, sums=_sums,
    rest=None,
)  # fmt: skip
"""Usage as it is."""

PROJECTED = Form(
    charge=ProjectedChargeUsage, filter=ProjectedFilterUsage, group=ProjectedGroupUsage,
    summary=ProjectedChargeSummary, sums=_projected_sums, rest={},
)  # fmt: skip
"""Usage as it is and as it will be."""
