"""The door between processes of one platform: events for the one of them that writes."""

import hmac
from http import HTTPStatus
from typing import Any

from litestar import Request, Response, post
from litestar.handlers import HTTPRouteHandler

import ingest
from api.threads import Threads
from sql.warehouse import Warehouse


def handlers(warehouse: Warehouse, secret: bytes, threads: Threads) -> list[HTTPRouteHandler]:
    """Return the handler of what processes hand over, which is no operation of the API."""
    key = ingest.peer_key(secret)

    @post(ingest.PEERS, status_code=200, include_in_schema=False, request_max_body_size=None)
    async def hand_over(request: Request[Any, Any, Any]) -> Response[bytes]:
        """Write events that another process was sent."""
        shown = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(shown.encode(), key.encode()):
            return _said(HTTPStatus.UNAUTHORIZED)
        body = await request.body()
        told = await threads.run(lambda: ingest.take(warehouse, body), streams=True)
        return _said(HTTPStatus.SERVICE_UNAVAILABLE if told is None else HTTPStatus.OK, told)

    return [hand_over]


def _said(status: HTTPStatus, body: bytes | None = None) -> Response[bytes]:
    return Response(body or b"", status_code=status, media_type="application/octet-stream")
