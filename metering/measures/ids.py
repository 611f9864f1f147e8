"""Identifiers: UUIDs of version 7, which sort by creation."""

import os
import threading
import time
from uuid import UUID

_lock = threading.Lock()
_last = 0


def new() -> str:
    """Return a new id: 48 bits of milliseconds, then random bits.

    Ids made by one process strictly ascend, also within one millisecond. Processes race, so a list
    is ordered by the ledger's sequence and not by id. Source: RFC 9562, section 5.7.
    """
    global _last
    with _lock:
        fresh = (time.time_ns() // 1_000_000) << 74 | int.from_bytes(os.urandom(10)) >> 6
        _last = number = max(fresh, _last + 1)
    high, low = number >> 62, number & ((1 << 62) - 1)
    whole = (high >> 12) << 80 | 0x7 << 76 | (high & 0xFFF) << 64 | 0b10 << 62 | low
    return str(UUID(int=whole))


def is_id(text: str) -> bool:
    """Whether `text` could be one of our ids: only then is it looked up as one."""
    try:
        UUID(text)
    except ValueError:
        return False
    return len(text) == 36
