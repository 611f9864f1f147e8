"""What every source does: it is asked, again and again, what came since it was asked before."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import ClassVar

import polars as pl
from msgspec import Struct

from ingest.limits import Limits

Read = Callable[[str], int]
"""How far a part of a source was read, by its name: 0 if it was not."""


class Place(Struct, frozen=True, kw_only=True):
    """Where a source is, and whose its events are: `scheme://host/path?organization=ID&…`."""

    url: str
    """As it was said, without what follows the path: it may be shown."""
    host: str
    path: str
    organization: str
    columns: Mapping[str, str] = {}
    """`columns[transaction_id]=Order`: which column of a table holds a field."""
    options: Mapping[str, str] = {}
    """What else was said, for the one source that knows it."""
    limits: Limits = Limits()


class Pulled(Struct, frozen=True, kw_only=True):
    """Some events of a source, and how far it is read with them."""

    source: str
    """The name that the position is kept under: what is read in one order has one."""
    position: int
    frames: Sequence[pl.DataFrame] = ()
    """`batch.SENT`, in the order of the source."""


class Source:
    """What events are pulled from. Members are one file each, found by the scheme of their URL."""

    scheme: ClassVar[str]

    def __init__(self, place: Place) -> None:
        self.place = place

    def poll(self, read: Read) -> Iterator[Pulled]:
        """Yield what came since, a bounded part at a time, and end when that was all.

        Positions only go up. What was yielded is stored, and its position after it, before the next
        part is asked for; if it cannot be, the iterator is closed, and the next poll begins at the
        positions that `read` tells. A part may come twice: its events are known by their identity.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Let go of what is open. A later poll opens it again."""
