"""The fight itself."""

import sys
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from tests.ingest.kills import books
from tests.ingest.kills.arena import Arena
from tests.ingest.kills.producer import Producer

PRODUCERS = 4

Tell = Callable[[int], None]


def fight(warehouse: str, kills: int, seed: int, tell: Tell = lambda done: None) -> dict[str, Any]:
    """Kill servers `kills` times, let the producers finish, and hold their books against it all."""
    arena = Arena(warehouse, seed)
    try:
        for server in arena.servers:
            arena.start(server)
        key = books.opened(arena)
        producers = [
            Producer(f"p{number}", arena, key, arena.draw.randrange(2**32))
            for number in range(PRODUCERS)
        ]
        for producer in producers:
            producer.start()
        for done in range(kills):
            arena.start(arena.end())
            _healthy(producers)
            tell(done + 1)
        _finish(arena, producers)
        return _settled(arena, key, producers)
    finally:
        arena.close()


def _finish(arena: Arena, producers: list[Producer]) -> None:
    """Give the servers a life without a point to die at, and the producers time to end."""
    for server in arena.servers:
        arena.kill(server)
        arena.revive(server)
    for producer in producers:
        producer.is_over = True
    for producer in producers:
        producer.join(120)
        assert not producer.is_alive(), f"{producer.name} has {len(producer.open)} open events"
    _healthy(producers)


def _healthy(producers: list[Producer]) -> None:
    for producer in producers:
        if producer.failure is not None:
            raise producer.failure


def _settled(arena: Arena, key: str, producers: list[Producer]) -> dict[str, Any]:
    """Compare rows, usage and bill with the books, and return what there was."""
    books.compare_usage(arena, key, producers)
    cents = books.compare_bill(arena, key, producers)
    for server in arena.servers:
        arena.kill(server)
    rows, counted = arena.rows()
    books.compare_rows(rows, producers)
    assert counted == len(rows), f"the door counted {counted} of {len(rows)} events"
    answers = sum((producer.answers for producer in producers), Counter[str]())
    return {
        "events": len(rows), "billed_cents": cents, "ends": dict(sorted(arena.ends.items())),
        "answers": dict(sorted(answers.items())),
    }  # fmt: skip


def progress(kills: int) -> Tell:
    """A line that is written over again after each kill, or now and then where nobody looks."""
    begun = time.monotonic()

    def tell(done: int) -> None:
        spent = time.monotonic() - begun
        line = f"{done} of {kills} kills, {spent:.0f} s, {spent / done * (kills - done):.0f} s left"
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{line} \x1b[K" + ("\n" if done == kills else ""))
        elif done % 50 == 0 or done == kills:
            sys.stderr.write(f"{line}\n")
        sys.stderr.flush()

    return tell
