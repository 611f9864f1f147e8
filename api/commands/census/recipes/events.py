"""How events are asked for, and sent."""

from typing import Any

import msgspec

from api.bodies import NDJSON
from api.commands.census.doors import Ask
from api.commands.census.world import Recipe, World, powerless, said

CREATE = "EventService.Create"


def event(world: World, **more: Any) -> dict[str, Any]:
    """Four gigabytes that the census's subscription used."""
    made = {
        "transaction_id": world.word("event"),
        "code": world.the("BillableMetricService.Create", "code"),
        "external_subscription_id": world.the("SubscriptionService.Create", "external_id"),
        "properties": {"size": "4"},
    }
    return {**made, **more}


def twice(world: World) -> dict[str, Any]:
    """An event that was sent before."""
    return event(world, transaction_id=world.the(CREATE, "transaction_id"))


def upload(world: World, content_type: str = NDJSON) -> Ask:
    """Two lines: an event, and what cannot be one."""
    lines = [event(world), event(world, timestamp="yesterday")]
    body = b"\n".join(map(msgspec.json.encode, lines))
    return Ask(said={"verdicts": "all"}, upload=body, content_type=content_type)


def stream(world: World) -> Ask:
    """Two events, one after the other."""
    return Ask(items=(event(world), event(world)))


def rejected(world: World) -> dict[str, Any]:
    """What was uploaded and could not be an event."""
    world.made("EventService.CreateBulk")
    return {"per_page": 10}


RECIPES = {
    CREATE: Recipe(
        lambda w: {"event": event(w)}, lambda w: {"event": twice(w)}, "validation_errors"
    ),
    "EventService.CreateBatch": Recipe(
        lambda w: {"events": [event(w), event(w)]},
        lambda w: {"events": [event(w), twice(w)]},
        "validation_errors",
    ),
    "EventService.CreateBulk": Recipe(
        upload, lambda w: upload(w, "application/pdf"), "bad_request"
    ),
    "EventService.CreateStream": Recipe(
        stream, powerless(stream), "write_action_not_allowed_for_event"
    ),
    "EventService.List": Recipe(
        lambda w: {"code": w.the(CREATE, "code")}, said(cursor="nowhere"), "validation_errors"
    ),
    "EventService.ListRejected": Recipe(
        rejected, powerless(said()), "read_action_not_allowed_for_event"
    ),
    "EventService.Get": Recipe(
        lambda w: {"transaction_id": w.the(CREATE, "transaction_id")},
        said(transaction_id="nothing"),
        "event_not_found",
    ),
}
