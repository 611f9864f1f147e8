"""Logs: what was asked of the platform, and what it changed."""

from analytics.logs.model import Activity, ActivityLog, ApiLog, Request
from analytics.logs.queries import (
    browse_activities,
    browse_requests,
    find_activity,
    find_request,
)
from analytics.logs.requests import ActivityLogQuery, ApiLogQuery
from analytics.logs.service import keep_activities, keep_activity, keep_request
from analytics.logs.tables import activity_logs, request_logs

__all__ = [
    "Activity",
    "ActivityLog",
    "ActivityLogQuery",
    "ApiLog",
    "ApiLogQuery",
    "Request",
    "activity_logs",
    "browse_activities",
    "browse_requests",
    "find_activity",
    "find_request",
    "keep_activities",
    "keep_activity",
    "keep_request",
    "request_logs",
]
