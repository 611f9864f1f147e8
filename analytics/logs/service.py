"""How the logs are written."""

import polars as pl
from msgspec import Struct

from analytics.logs.model import Activity, Request
from analytics.logs.tables import activity_logs, request_logs
from metering import columns
from sql.ledger import Rows


def keep_activity(rows: Rows, activity: Activity) -> None:
    """Write down one thing that changed, in the transaction that changed it."""
    rows.add(activity_logs, activity)


def keep_activities(rows: Rows, like: Activity, subjects: pl.Series) -> None:
    """Write down that the same happened to many, by their ids: a frame, and no object per row."""
    facts = {
        name: value
        for name, value in _said(like).items()
        if not name.startswith("activity_object") and value is not None
    }
    frame = pl.DataFrame({"id": columns.ids(len(subjects)), "resource_id": subjects})
    said = {name: pl.lit(value) for name, value in facts.items() if name not in frame.columns}
    rows.load(activity_logs, frame.with_columns(**said))


def keep_request(rows: Rows, request: Request) -> None:
    """Write down one request."""
    rows.add(request_logs, request)


def _said(struct: Struct) -> dict[str, object]:
    return {name: getattr(struct, name) for name in struct.__struct_fields__}
