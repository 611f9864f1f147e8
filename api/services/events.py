"""EventService: what was used."""

import ingest
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
