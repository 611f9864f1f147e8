"""The bridge between the doors, which wait, and the verbs, which block: threads, and two pipes."""

import asyncio
import contextvars
import queue
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Generic, TypeVar

from metering.measures.refusals import Malformed

T = TypeVar("T")

ROOM = 8
"""How many items a pipe holds before the side that fills it waits."""


class Left(Malformed):
    """The caller is gone: the rest of its stream will not come."""


class Threads:
    """The threads that verbs run on. Streams have their own: a slow one keeps no call waiting."""

    def __init__(self, size: int = 64) -> None:
        self._calls = ThreadPoolExecutor(size, "verb")
        self._streams = ThreadPoolExecutor(size, "stream")

    async def run(self, do: Callable[[], T], *, streams: bool = False) -> T:
        """Run `do` on a thread. Given up before it has begun, it never begins."""
        pool = self._streams if streams else self._calls
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(pool, contextvars.copy_context().run, do)

    def close(self) -> None:
        """Let the threads end when they are done."""
        self._calls.shutdown(wait=False)
        self._streams.shutdown(wait=False)


def _nothing() -> None:
    pass


class _End:
    def __init__(self, error: BaseException | None) -> None:
        self.error = error


class Inlet(Generic[T]):
    """What a door pours in and a verb takes out, a few items at a time."""

    def __init__(self, items: AsyncIterator[T]) -> None:
        self._loop = asyncio.get_running_loop()
        self._room = asyncio.Semaphore(ROOM)
        self._items: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._pouring = asyncio.create_task(self._pour(items))

    async def _pour(self, items: AsyncIterator[T]) -> None:
        """Pour all items in, waiting wherever the verb is not as fast."""
        error: Exception | None = None
        try:
            async for item in items:
                await self._room.acquire()
                self._items.put(item)
        except Exception as raised:
            error = raised
        self._items.put(_End(error))

    def close(self) -> None:
        """Pour no more; a verb that still waits for an item is told that none will come."""
        self._pouring.cancel()
        self._items.put(_End(Left("the stream was cut")))

    def __iter__(self) -> Iterator[T]:
        while True:
            item = self._items.get()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            self._loop.call_soon_threadsafe(self._room.release)
            yield item


class Outlet(Generic[T]):
    """What a verb puts in and a door hands on, a few items at a time."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._room = threading.Semaphore(ROOM)
        self._items: asyncio.Queue[Any] = asyncio.Queue()
        self._left = False

    def drain(self, answers: Callable[[], Iterator[T]]) -> None:
        """Put in all of `answers`, on the verb's thread, until they end or nobody waits."""
        error: BaseException | None = None
        found: Iterator[T] = iter(())
        try:
            found = answers()
            for item in found:
                self._room.acquire()
                if self._left:
                    break
                self._loop.call_soon_threadsafe(self._items.put_nowait, item)
        except Exception as raised:
            error = raised
        finally:
            getattr(found, "close", _nothing)()  # so that what it holds is let go here and now
        self._loop.call_soon_threadsafe(self._items.put_nowait, _End(error))

    async def __aiter__(self) -> AsyncIterator[T]:
        while True:
            item = await self._items.get()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            self._room.release()
            yield item

    def leave(self) -> None:
        """Say that nobody waits any more: the verb ends at its next item."""
        self._left = True
        self._room.release()
