"""What may be asked of the logs."""

from datetime import datetime

from metering.measures.shapes import PageQuery


class ActivityLogQuery(PageQuery, kw_only=True):
    """Which activities."""

    from_date: datetime | None = None
    to_date: datetime | None = None
    """Up to and including."""
    activity_types: list[str] = []
    activity_sources: list[str] = []
    resource_types: list[str] = []
    resource_ids: list[str] = []
    external_customer_id: str | None = None
    external_subscription_id: str | None = None


class ApiLogQuery(PageQuery, kw_only=True):
    """Which requests."""

    from_date: datetime | None = None
    to_date: datetime | None = None
    """Up to and including."""
    http_methods: list[str] = []
    http_statuses: list[str] = []
    """Codes, or `succeeded` (below 400) and `failed`."""
    request_paths: list[str] = []
    """Whole paths, in which `*` stands for anything."""
    clients: list[str] = []
    api_version: str | None = None
