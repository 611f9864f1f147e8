"""What is written down about requests, and about what they and the jobs changed."""

from datetime import datetime
from typing import Any

from msgspec import Struct


class ActivityLog(Struct, frozen=True, kw_only=True):
    """One thing that changed, and who changed it."""

    activity_id: str
    activity_type: str
    """The published name of the notice: `tax.updated`."""
    activity_source: str
    """`api`, or `system` for what a job did."""
    activity_object: dict[str, Any] | None
    """The thing as it then was; null where one run changed thousands at once."""
    activity_object_changes: dict[str, Any]
    """By field of what was updated: before, and after."""
    user_email: str | None
    resource_id: str
    resource_type: str
    external_customer_id: str | None
    external_subscription_id: str | None
    logged_at: datetime
    created_at: datetime


class ApiLog(Struct, frozen=True, kw_only=True):
    """One request that was not a mere question, and what it was answered. Secrets are masked."""

    request_id: str
    client: str | None
    """The User-Agent."""
    http_method: str
    http_status: int
    request_origin: str
    request_path: str
    request_body: dict[str, Any]
    request_response: dict[str, Any] | None
    api_version: str
    logged_at: datetime
    created_at: datetime


class Activity(Struct, frozen=True, kw_only=True):
    """A row of the activity log."""

    id: str
    activity_type: str
    activity_source: str
    activity_object: dict[str, Any] | None
    activity_object_changes: dict[str, Any] | None
    resource_id: str
    resource_type: str
    external_customer_id: str | None
    external_subscription_id: str | None
    api_key_id: str | None
    logged_at: datetime


class Request(Struct, frozen=True, kw_only=True):
    """A row of the request log."""

    id: str
    request_id: str
    client: str | None
    http_method: str
    http_status: int
    request_origin: str
    request_path: str
    request_body: dict[str, Any]
    request_response: dict[str, Any] | None
    api_version: str
    logged_at: datetime
