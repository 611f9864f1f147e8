"""What can be asked of the logs."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Table, or_

from analytics.logs.model import Activity, ActivityLog, ApiLog, Request
from analytics.logs.requests import ActivityLogQuery, ApiLogQuery
from analytics.logs.tables import activity_logs, request_logs
from metering.measures.refusals import Missing
from metering.measures.shapes import Page
from sql.work import Work

FAILED = 400
"""The first status that says no."""


def find_activity(work: Work, activity_id: str) -> ActivityLog:
    """Return one activity.

    Raises: Missing `activity_log_not_found`.
    """
    if (found := work.rows.find(activity_logs, Activity, id=activity_id)) is None:
        raise Missing("activity_log", activity_id)
    return _activity(found)


def browse_activities(work: Work, query: ActivityLogQuery) -> Page[ActivityLog]:
    """List what changed, newest first."""
    columns = activity_logs.c
    where = [
        *_between(activity_logs, query.from_date, query.to_date),
        *_among(columns.activity_type, query.activity_types),
        *_among(columns.activity_source, query.activity_sources),
        *_among(columns.resource_type, query.resource_types),
        *_among(columns.resource_id, query.resource_ids),
    ]
    if query.external_customer_id is not None:
        where.append(columns.external_customer_id == query.external_customer_id)
    if query.external_subscription_id is not None:
        where.append(columns.external_subscription_id == query.external_subscription_id)
    found = work.rows.page(activity_logs, Activity, query, *where)
    found.items = [_activity(row) for row in found.items]  # type: ignore[misc]
    return found  # type: ignore[return-value]


def find_request(work: Work, request_id: str) -> ApiLog:
    """Return the newest request of this id.

    Raises: Missing `api_log_not_found`.
    """
    newest = request_logs.c.sequence.desc()
    mine = request_logs.c.request_id == request_id
    found = work.rows.all(request_logs, Request, mine, order=[newest], limit=1)
    if not found:
        raise Missing("api_log", request_id)
    return _request(found[0])


def browse_requests(work: Work, query: ApiLogQuery) -> Page[ApiLog]:
    """List requests that were not mere questions, newest first."""
    columns = request_logs.c
    where = [
        *_between(request_logs, query.from_date, query.to_date),
        *_among(columns.http_method, [method.lower() for method in query.http_methods]),
        *_among(columns.client, query.clients),
    ]
    if query.http_statuses:
        where.append(or_(*(_status(said) for said in query.http_statuses)))
    if query.request_paths:
        where.append(or_(*(_path(said) for said in query.request_paths)))
    if query.api_version is not None:
        where.append(columns.api_version == query.api_version)
    found = work.rows.page(request_logs, Request, query, *where)
    found.items = [_request(row) for row in found.items]  # type: ignore[misc]
    return found  # type: ignore[return-value]


def _between(
    table: Table, start: datetime | None, end: datetime | None
) -> list[ColumnElement[bool]]:
    bounds = []
    if start is not None:
        bounds.append(table.c.logged_at >= _zoned(start))
    if end is not None:
        bounds.append(table.c.logged_at <= _zoned(end))
    return bounds


def _zoned(instant: datetime) -> datetime:
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _among(column: ColumnElement[Any], wanted: list[str]) -> list[ColumnElement[bool]]:
    return [column.in_(wanted)] if wanted else []


def _status(said: str) -> ColumnElement[bool]:
    status = request_logs.c.http_status
    if said.isdecimal():
        return status == int(said[:9])  # no status is as long, and no engine's integers overflow
    return status >= FAILED if said == "failed" else status < FAILED


def _path(said: str) -> ColumnElement[bool]:
    literal = said.replace("/", "//").replace("%", "/%").replace("_", "/_")
    return request_logs.c.request_path.like(literal.replace("*", "%"), escape="/")


def _activity(row: Activity) -> ActivityLog:
    return ActivityLog(
        activity_id=row.id,
        activity_type=row.activity_type,
        activity_source=row.activity_source,
        activity_object=row.activity_object,
        activity_object_changes=row.activity_object_changes or {},
        user_email=None,
        resource_id=row.resource_id,
        resource_type=row.resource_type,
        external_customer_id=row.external_customer_id,
        external_subscription_id=row.external_subscription_id,
        logged_at=row.logged_at,
        created_at=row.logged_at,
    )


def _request(row: Request) -> ApiLog:
    return ApiLog(
        request_id=row.request_id,
        client=row.client,
        http_method=row.http_method,
        http_status=row.http_status,
        request_origin=row.request_origin,
        request_path=row.request_path,
        request_body=row.request_body,
        request_response=row.request_response,
        api_version=row.api_version,
        logged_at=row.logged_at,
        created_at=row.logged_at,
    )
