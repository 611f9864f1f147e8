"""REST: each route a Litestar handler; path, query and JSON body in, JSON out.

Litestar routes. What a request holds is read by `api.reading`, so that both doors read alike, and
the verb runs on a thread with everything around it: only bytes cross the event loop.
"""

from collections.abc import Callable, Iterator
from functools import partial
from http import HTTPStatus
from itertools import count
from typing import Any
from urllib.parse import quote, unquote

from litestar import HttpMethod, Litestar, Response
from litestar.exceptions import HTTPException
from litestar.handlers import HTTPRouteHandler
from litestar.response.base import ASGIResponse
from litestar.types import ASGIApp, Receive, Scope, Send
from msgspec import Raw
from msgspec.structs import replace

from api import errors
from api.bodies import AnyRequest, Stream, chunks, lines, whole
from api.query import QueryString
from api.reading import Reader, ask, encode, members
from api.requestid import request_id
from api.rpc import Api, Caller, Operation, Perform, Route
from api.threads import Inlet, Threads
from metering.measures.refusals import Invalid
from metering.measures.shapes import File

JSON = "application/json"
LIMIT = 16 << 20
"""The greatest JSON body, and the longest line of a stream."""


def handlers(
    api: Api, perform: Perform, threads: Threads, limit: int = LIMIT
) -> list[HTTPRouteHandler]:
    """Return a handler for each route of each operation.

    `perform` is called on a thread of `threads`. JSON bodies larger than `limit` are refused;
    uploads may have any size. The app that holds the handlers must be given to `mount`.
    """
    return [
        HTTPRouteHandler(
            _template(route), http_method=[HttpMethod(route.method)], status_code=200,
            name=f"{op.key} {route.method} {route.path}", operation_id=op.key,
            request_max_body_size=None,
        )(_Endpoint(op, route, perform, threads, limit).handler())
        for op in api
        for route in op.routes
    ]  # fmt: skip


def _template(route: Route) -> str:
    """Litestar's own way to write a path. Parameters are numbered: routes may differ in names."""
    path = route.path
    for position, name in enumerate(route.params):
        path = path.replace(f"{{{name}}}", f"{{p{position}:str}}")
    return path


class _Endpoint:
    """One route of one operation."""

    def __init__(
        self, op: Operation, route: Route, perform: Perform, threads: Threads, limit: int
    ) -> None:
        self.op, self.route, self.perform, self.threads = op, route, perform, threads
        self.limit = limit
        self.reader = Reader(op.request)
        self.query = QueryString(op.request)

    def handler(self) -> Callable[[AnyRequest], Any]:
        """Return the function that Litestar calls."""

        async def handle(request: AnyRequest) -> ASGIApp:
            caller = _caller(request)
            try:
                return await self._answer(request, caller)
            except Exception as error:
                return self._refusal(caller, error)

        handle.__name__, handle.__doc__ = self.op.name, self.op.doc
        return handle

    async def _answer(self, request: AnyRequest, caller: Caller) -> ASGIApp:
        said = self._said(request)
        if not self.op.streams_in:
            body = b"" if self.route.method == "GET" else await whole(request, self.limit)
            do = partial(self._call, caller, body, said)
            if self.op.streams_out:
                return self._stream(caller, do)
            return await self.threads.run(lambda: self._response(caller, do()))
        sent: Any = chunks(request) if self.op.takes_upload else lines(request, self.limit)
        inlet: Inlet[Any] = Inlet(sent)
        do = partial(self.perform, self.op, caller, self._requests(request, said, inlet), b"")
        if self.op.streams_out:
            return self._stream(caller, do, inlet)
        try:
            return await self.threads.run(lambda: self._response(caller, do()), streams=True)
        finally:
            inlet.close()

    def _said(self, request: AnyRequest) -> dict[str, Any]:
        """What the query and the path say; of the two, the path is right."""
        query = request.scope["query_string"]
        said = self.query.read(query) if query else {}
        for position, name in enumerate(self.route.params):
            said[name] = unquote(request.scope["path_params"][f"p{position}"])
        return said

    def _read(self, body: bytes, said: dict[str, Any]) -> Any:
        if not said:
            return self.reader.read(body or b"{}")
        path = {name: said[name] for name in self.route.params}
        return self.reader.read(encode({**said, **members(body), **path}))

    def _call(self, caller: Caller, body: bytes, said: dict[str, Any]) -> Any:
        return ask(self.perform, self.op, caller, lambda: self._read(body, said))

    def _requests(
        self, request: AnyRequest, said: dict[str, Any], inlet: Inlet[Any]
    ) -> Iterator[Any]:
        """Yield what gRPC would have sent, message by message."""
        if not self.op.takes_upload:
            yield from self._items(said, inlet)
            return
        for name in ("content_type", "content_encoding"):
            said[name] = request.headers.get(name.replace("_", "-"), "")
        first = self.reader.read(encode(said))
        yield first
        for chunk in inlet:
            yield replace(first, data=chunk)

    def _items(self, said: dict[str, Any], inlet: Inlet[list[bytes]]) -> Iterator[Any]:
        positions = count()
        for some in inlet:
            for line in some:
                position = next(positions)
                try:
                    item = Raw(encode(members(line)))
                    yield self.reader.read(encode({self.op.item: item, **said}))
                except Invalid as refused:
                    raise Invalid({str(position): refused.details}) from None

    # -- answers

    def _response(self, caller: Caller, value: Any) -> ASGIResponse:
        headers = caller.answer_headers
        if self.op.sends_file:
            return _file(value.file, headers)
        if (body := encode(value)) == b"{}":  # nothing to say is said in no bytes at all
            return ASGIResponse(headers=headers, status_code=200)
        return ASGIResponse(body=body, media_type=JSON, headers=headers, status_code=200)

    def _refusal(self, caller: Caller, error: Exception) -> ASGIResponse:
        errors.failed(error, f"{self.op.key} {caller.request_id}")
        status, headers, body = errors.http(error)
        headers |= caller.answer_headers
        return ASGIResponse(body=body, media_type=JSON, headers=headers, status_code=status)

    def _stream(
        self, caller: Caller, do: Callable[[], Any], inlet: Inlet[Any] | None = None
    ) -> Stream:
        return Stream(
            self.threads, lambda: map(encode, do()), caller.answer_headers,
            partial(self._refusal, caller), inlet,
        )  # fmt: skip


def _file(file: File, headers: dict[str, str]) -> ASGIResponse:
    if file.filename:
        name = f"filename*=UTF-8''{quote(file.filename, safe='')}"
        headers = {**headers, "content-disposition": f"attachment; {name}"}
    return ASGIResponse(
        body=file.data, media_type=file.content_type, headers=headers, status_code=200
    )


def _caller(request: AnyRequest) -> Caller:
    scope = request.scope
    client = scope["client"]
    return Caller(
        door="rest",
        method=scope["method"],
        path=scope["state"]["path"],
        headers={
            name.decode("latin-1").lower(): value.decode("latin-1")
            for name, value in scope["headers"]
        },
        peer=client[0] if client else "",
        request_id=scope["state"]["request_id"],
    )


# -- around the handlers


def on_http(_: AnyRequest, error: HTTPException) -> Response[bytes]:
    """Answer what Litestar itself refuses: no such route, or not with this method."""
    status = error.status_code
    said: dict[str, Any] = {"status": status, "error": HTTPStatus(status).phrase}
    if status == 404:
        said["code"] = "resource_not_found"
    headers = dict(error.headers or {})
    return Response(encode(said), media_type=JSON, status_code=status, headers=headers)


def on_error(_: AnyRequest, error: Exception) -> Response[bytes]:
    """Answer what went wrong outside of an operation."""
    errors.failed(error, "a request")
    status, headers, body = errors.http(error)
    return Response(body, media_type=JSON, status_code=status, headers=headers)


EXCEPTION_HANDLERS: dict[Any, Any] = {HTTPException: on_http, Exception: on_error}
"""What the app must be made with."""


def mount(app: Litestar) -> Litestar:
    """Put around a whole app what every answer needs, and give the app back.

    An id in a path is decoded once and may hold dots and slashes: Litestar is shown a path whose
    segments still hold their slashes as `%2F`. Every answer has an `X-Request-Id`, the caller's own
    if it sent a sane one.
    """
    inner = app.asgi_handler

    async def outer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await inner(scope, receive, send)
            return
        raw = scope.get("raw_path") or quote(scope["path"]).encode()
        path = raw.partition(b"?")[0].decode("latin-1")
        headers: dict[bytes, bytes] = dict(scope["headers"])
        said = request_id(headers.get(b"x-request-id", b"").decode("latin-1"))
        state: Any = scope.setdefault("state", {})
        state["request_id"], state["path"] = said, path
        scope["path"] = "/".join(quote(unquote(part), safe=SAFE) for part in path.split("/"))

        async def named(message: Any) -> None:
            if message["type"] == "http.response.start":
                shown = (b"x-request-id", said.encode())
                message = {**message, "headers": [*message["headers"], shown]}
            await send(message)

        await inner(scope, receive, named)

    app.asgi_handler = outer
    return app


SAFE = "!$&'()*+,;=:@~ "
"""What a segment of a path may hold as it is."""
