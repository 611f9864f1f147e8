"""EventService: what was used."""

import ingest
from analytics import reconciliation
from api.rpc import Service, rpc


class EventService(Service):
    """Usage events: sent once or again, alone or by the million, each counts once."""

    create = rpc("POST /events", ingest.create)
    create_batch = rpc("POST /events/batch", ingest.create_batch)
    create_bulk = rpc("POST /events/bulk", ingest.bulk)
    create_stream = rpc("POST /events/stream", ingest.stream)
    list_ = rpc("GET /events", ingest.browse)
    list_rejected = rpc("GET /events/rejected", ingest.rejected)
    get = rpc("GET /events/{transaction_id}", ingest.find)
    get_position = rpc("GET /events/positions/{source}", ingest.position)
    get_rejected = rpc("GET /events/rejected/{id}", ingest.find_rejected)
    replay_rejected = rpc("POST /events/rejected/{id}/replay", ingest.replay)
    replay_all_rejected = rpc("POST /events/rejected/replay", ingest.replay_all)
    list_unbilled = rpc("GET /events/unbilled", reconciliation.browse_unbilled)
    list_corrections = rpc("GET /events/corrections", ingest.browse_corrections)
    void = rpc(
        "POST /events/{transaction_id}/void", ingest.void,
        resource="event_correction", permission="event:write",
    )  # fmt: skip
    amend = rpc(
        "POST /events/{transaction_id}/amend", ingest.amend,
        resource="event_correction", permission="event:write",
    )  # fmt: skip
