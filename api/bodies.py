"""Request bodies as they come, and answers sent line by line."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from typing import Any

from litestar import Request
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send

from api.threads import Inlet, Left, Outlet, Threads
from metering.measures.refusals import TooLarge

NDJSON = "application/x-ndjson"

AnyRequest = Request[Any, Any, Any]


async def chunks(request: AnyRequest) -> AsyncIterator[bytes]:
    """Yield the body as it comes.

    Raises: Left, if the client goes before its end.
    """
    more = True
    while more:
        message: Any = await request.receive()
        if message["type"] == "http.disconnect":
            raise Left("the client left before the end of its request")
        more = message.get("more_body", False)
        if chunk := message.get("body"):
            yield chunk


async def whole(request: AnyRequest, limit: int) -> bytes:
    """Return the whole body.

    Raises: TooLarge, if it is announced to be longer than `limit`, or turns out to be.
    """
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit:
        raise _too_large(limit)
    size, parts = 0, []
    async for chunk in chunks(request):
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        parts.append(chunk)
    return b"".join(parts)


async def lines(request: AnyRequest, limit: int) -> AsyncIterator[list[bytes]]:
    """Yield the lines that each chunk completes, without the empty ones.

    Raises: TooLarge, if one is longer than `limit`.
    """
    rest = b""
    async for chunk in chunks(request):
        *complete, rest = (rest + chunk).split(b"\n")
        if len(rest) > limit:
            raise _too_large(limit)
        if found := [line for line in complete if line.strip()]:
            yield found
    if rest.strip():
        yield [rest]


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"BadRequest: more than {limit} bytes at once")


class Stream:
    """Answers line by line, while the verb still runs.

    A refusal before the first line has its own status. After it, all that can be said is that the
    answer is not whole: the connection is cut.
    """

    def __init__(
        self,
        threads: Threads,
        items: Callable[[], Iterator[bytes]],
        headers: dict[str, str],
        refuse: Callable[[Exception], ASGIResponse],
        inlet: Inlet[Any] | None = None,
    ) -> None:
        self.threads, self.items, self.headers = threads, items, headers
        self.refuse, self.inlet = refuse, inlet

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        outlet: Outlet[bytes] = Outlet()
        running = asyncio.ensure_future(
            self.threads.run(lambda: outlet.drain(self.items), streams=True)
        )
        sending = asyncio.ensure_future(self._send(outlet, scope, receive, send))
        tasks: list[asyncio.Future[None]] = [sending]
        if self.inlet is None:  # while the body is still read, its reader sees the client leave
            tasks.append(asyncio.ensure_future(_gone(receive)))
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            outlet.leave()
            running.cancel()  # if it has not begun, it need not
            for task in tasks:
                task.cancel()
            if self.inlet is not None:
                self.inlet.close()
            with suppress(asyncio.CancelledError):
                await sending

    async def _send(
        self, outlet: Outlet[bytes], scope: Scope, receive: Receive, send: Send
    ) -> None:
        started = False
        try:
            async for line in outlet:
                if not started:
                    await send(self._start())
                started = True
                await send(_part(line + b"\n", more=True))
        except Exception as error:
            refusal = self.refuse(error)
            if started:
                raise
            await refusal(scope, receive, send)
            return
        if not started:
            await send(self._start())
        await send(_part(b"", more=False))

    def _start(self) -> Any:
        said = {"content-type": NDJSON, **self.headers}
        headers = [(name.lower().encode(), value.encode()) for name, value in said.items()]
        return {"type": "http.response.start", "status": 200, "headers": headers}


def _part(body: bytes, *, more: bool) -> Any:
    return {"type": "http.response.body", "body": body, "more_body": more}


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
