"""What can be asked about billable metrics."""

from collections.abc import Iterable

from sqlalchemy import ColumnElement, or_

from metering.measures.refusals import Missing
from metering.measures.shapes import Page
from metering.metrics.model import BillableMetric
from metering.metrics.requests import BillableMetricQuery
from metering.metrics.tables import metrics
from sql.work import Work


def find(work: Work, code: str) -> BillableMetric:
    """Return one billable metric.

    Raises: Missing `billable_metric_not_found`.
    """
    if (found := work.rows.find(metrics, BillableMetric, code=code, deleted_at=None)) is None:
        raise Missing("billable_metric", code)
    return found


def among(work: Work, ids: Iterable[str], is_deleted_too: bool = False) -> list[BillableMetric]:
    """Return the metrics of these ids that there are."""
    where = [metrics.c.id.in_(list(ids))]
    if not is_deleted_too:
        where.append(metrics.c.deleted_at.is_(None))
    return work.rows.all(metrics, BillableMetric, *where)


def expressed(work: Work, event_code: str | None = None) -> list[BillableMetric]:
    """Return the metrics that compute a property of events as they come in, the oldest first."""
    where: list[ColumnElement[bool]] = [
        metrics.c.deleted_at.is_(None),
        metrics.c.expression.is_not(None),
    ]
    if event_code is not None:
        where.append(metrics.c.event_code == event_code)
    return work.rows.all(metrics, BillableMetric, *where)


def browse(
    work: Work, query: BillableMetricQuery, *where: ColumnElement[bool]
) -> Page[BillableMetric]:
    """List billable metrics, newest first; `where` narrows it further."""
    asked = [metrics.c.deleted_at.is_(None), *where]
    if query.aggregation_types:
        asked.append(metrics.c.aggregation_type.in_(query.aggregation_types))
    if query.recurring is not None:
        asked.append(metrics.c.recurring.is_(query.recurring))
    if query.search_term:
        like = f"%{query.search_term}%"
        asked.append(or_(metrics.c.name.ilike(like), metrics.c.code.ilike(like)))
    return work.rows.page(metrics, BillableMetric, query, *asked)
