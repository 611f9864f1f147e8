"""What work leaves behind beside its rows: the outbox's and the activity log's, always with it.

Requests and jobs alike come through `keep`, in the transaction that did the work.
"""

from typing import Any

import msgspec
import polars as pl
from msgspec import Struct

from analytics import logs
from analytics.logs import Activity
from api.masking import shown
from api.words import pascal
from metering import columns
from metering.measures import ids
from sql.ledger import outbox
from sql.work import Crowd, Told, Work

NOTICE = "notice"
"""The topic of what webhooks may carry."""

OWN_NAMES = {"Customer": "external_customer_id", "Subscription": "external_subscription_id"}
"""What the `external_id` of a fact is called by the facts that refer to it."""

RESOURCE_TYPES = {"Feature": "Entitlement::Feature"}
"""What a fact is called in the log, where that is not its own name. Source: wire-format.md."""


class Entry(Struct, frozen=True, kw_only=True):
    """A new row of the outbox."""

    id: str
    topic: str
    name: str
    subject_id: str
    payload: Any = None


def keep(work: Work) -> None:
    """Write down all that was told: for the webhooks, for the warehouse, for the activity log."""
    for told in work.told:
        _, fact = told.notice.subject
        if told.notice.is_sent:
            entry = Entry(
                id=ids.new(), topic=NOTICE, name=told.notice.type, subject_id=_id(work, fact)
            )
            work.rows.add(outbox, entry, created_at=work.now)
        logs.keep_activity(work.rows, _activity(work, told))
    for crowd in work.crowds:
        _queue(work, crowd)
        if crowd.topic == NOTICE:
            like = _like(work, crowd.name, pascal(crowd.object_type), "")
            logs.keep_activities(work.rows, like, crowd.ids)


def _queue(work: Work, crowd: Crowd) -> None:
    """Put a row per fact into the outbox, as a frame."""
    new = columns.ids(len(crowd.ids))
    frame = pl.DataFrame({"id": new, "subject_id": crowd.ids}).with_columns(
        topic=pl.lit(crowd.topic), name=pl.lit(crowd.name), created_at=pl.lit(work.now)
    )
    work.rows.load(outbox, frame)


def _activity(work: Work, told: Told) -> Activity:
    _, fact = told.notice.subject
    after = _shown(fact)
    like = _like(work, told.notice.type, type(fact).__name__, _id(work, fact))
    names = {**after, OWN_NAMES.get(like.resource_type, ""): after.get("external_id")}
    return msgspec.structs.replace(
        like,
        resource_type=RESOURCE_TYPES.get(like.resource_type, like.resource_type),
        activity_object=after,
        activity_object_changes=_changes(_shown(told.before), after) if told.before else {},
        external_customer_id=names.get("external_customer_id"),
        external_subscription_id=names.get("external_subscription_id"),
    )


def _like(work: Work, name: str, resource_type: str, resource_id: str) -> Activity:
    """An activity of this work, without what it is about."""
    is_key = work.principal.kind == "api_key"
    return Activity(
        id=ids.new(),
        activity_type=name,
        activity_source="system" if work.principal.kind == "job" else "api",
        activity_object=None,
        activity_object_changes=None,
        resource_id=resource_id,
        resource_type=resource_type,
        external_customer_id=None,
        external_subscription_id=None,
        api_key_id=work.principal.id if is_key else None,
        logged_at=work.now,
    )


def _shown(fact: Any) -> dict[str, Any]:
    """A fact as JSON shows it, without what is secret."""
    found: dict[str, Any]
    found, _ = shown(fact)
    return found


def _changes(before: dict[str, Any], after: dict[str, Any]) -> dict[str, list[Any]]:
    """By field: what it was, and what it is."""
    names = [name for name in after if before.get(name) != after[name]]
    return {name: [before.get(name), after[name]] for name in names}


def _id(work: Work, fact: Any) -> str:
    """The id of a fact; what has none is told of the organization itself."""
    return str(getattr(fact, "id", work.organization))
