"""How much of what is sent is taken at once. The edge reads these from its settings."""

from weakref import WeakKeyDictionary

from msgspec import Struct

from sql.warehouse import Warehouse

MB = 1 << 20


class Limits(Struct, frozen=True, kw_only=True):
    """Bytes, all of them unpacked: what a small body unpacks to is what counts."""

    body: int = 16_384 * MB
    """Of one body of many events. What is longer is refused where it becomes so."""
    event: int = 64 * MB
    """Of one event with all that belongs to it."""
    buffer: int = 256 * MB
    """Of events that wait to be written. What comes then is told to come again."""


DEFAULT = Limits()

_limits: WeakKeyDictionary[Warehouse, Limits] = WeakKeyDictionary()


def set_for(warehouse: Warehouse, limits: Limits) -> None:
    """Say what is taken at once for a warehouse."""
    _limits[warehouse] = limits


def of(warehouse: Warehouse) -> Limits:
    """Return what is taken at once for a warehouse."""
    return _limits.get(warehouse, DEFAULT)
