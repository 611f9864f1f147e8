"""How events are asked for, and sent."""

from typing import Any

import msgspec

from api.bodies import NDJSON
from api.commands.census.doors import Ask
from api.commands.census.world import Recipe, World, powerless, said

CREATE = "EventService.Create"

SOURCE = "census"
"""Where the census's upload says that it comes from."""


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
    said = {"verdicts": "all", "source": SOURCE, "position": 2}
    return Ask(said=said, upload=body, content_type=content_type)


def stream(world: World) -> Ask:
    """Two events, one after the other."""
    return Ask(items=(event(world), event(world)))


def rejected(world: World) -> dict[str, Any]:
    """What was uploaded and could not be an event."""
    world.made("EventService.CreateBulk")
    return {"per_page": 10}


def uploaded(world: World) -> dict[str, Any]:
    """How far the source of the upload was read."""
    world.made("EventService.CreateBulk")
    return {"source": SOURCE}


MENDED = {"timestamp": "1767225600"}
"""What makes an event of the row that the census uploads."""


def waiting(world: World) -> str:
    """The id of a row that was uploaded and could not be an event."""
    world.made("EventService.CreateBulk")
    (found, *_) = world.made("EventService.ListRejected")["rejected_events"]
    return str(found["id"])


def correction(world: World) -> dict[str, Any]:
    """Which event is put right, another one each time, and why."""
    sent = event(world)
    world.do(CREATE, {"event": sent})
    names = ("transaction_id", "external_subscription_id")
    return {**{name: sent[name] for name in names}, "reason": "The meter was wrong."}


def corrected(world: World) -> dict[str, Any]:
    """What was put right."""
    world.made("EventService.Void")
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
    "EventService.GetPosition": Recipe(
        uploaded, said(source="nothing"), "source_position_not_found"
    ),
    "EventService.GetRejected": Recipe(
        lambda w: {"id": waiting(w)}, said(id="nothing"), "rejected_event_not_found"
    ),
    "EventService.ReplayRejected": Recipe(
        lambda w: {"id": waiting(w), "event": MENDED},
        said(id="nothing"),
        "rejected_event_not_found",
    ),
    "EventService.ReplayAllRejected": Recipe(
        lambda w: {"filter": {"reason": "timestamp:invalid_format"}, "event": MENDED},
        powerless(said()),
        "write_action_not_allowed_for_event",
    ),
    "EventService.ListUnbilled": Recipe(
        lambda w: {"code": w.the(CREATE, "code")},
        powerless(said()),
        "read_action_not_allowed_for_event",
    ),
    "EventService.ListCorrections": Recipe(
        corrected, powerless(said()), "read_action_not_allowed_for_event"
    ),
    "EventService.Void": Recipe(
        correction, lambda w: {**correction(w), "reason": ""}, "validation_errors"
    ),
    "EventService.Amend": Recipe(
        lambda w: {**correction(w), "event": {"properties": {"size": "5"}}},
        lambda w: {**correction(w), "transaction_id": "nothing", "event": {"code": "x"}},
        "event_not_found",
    ),
    "EventService.Get": Recipe(
        lambda w: {"transaction_id": w.the(CREATE, "transaction_id")},
        said(transaction_id="nothing"),
        "event_not_found",
    ),
}
