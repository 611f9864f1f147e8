"""One unit of work: who asks, at what instant, in which transaction, and what will be told."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

import polars as pl
from msgspec import Struct, field

if TYPE_CHECKING:
    from sql.ledger import Rows
    from sql.warehouse import Warehouse


class Notice(Struct, frozen=True, kw_only=True):
    """Something that happened and that a webhook may carry.

    The word *event* is kept for usage events. A room's notices are classes in its notices.py:

        class TaxUpdated(Notice, frozen=True, kw_only=True):
            type = "tax.updated"
            tax: Tax

    The one field's name is the payload's key (`object_type`); its value is the fact told of.
    """

    type: ClassVar[str]
    """The published name, `webhook_type`."""

    is_sent: ClassVar[bool] = True
    """Whether a webhook carries it; else it is for the activity log alone."""

    @property
    def subject(self) -> tuple[str, Any]:
        """The payload's key and the fact."""
        (name,) = self.__struct_fields__
        return name, getattr(self, name)


class Told(Struct, frozen=True, kw_only=True):
    """A notice, and the fact as it was before."""

    notice: Notice
    before: Any = None


class Crowd(Struct, frozen=True, kw_only=True):
    """The same thing told of many facts at once, by their ids."""

    topic: str
    """`notice`, for webhooks; `fact`, for the warehouse."""
    name: str
    """The notice's published name, or the fact's noun."""
    object_type: str
    ids: pl.Series


class Principal(Struct, frozen=True, kw_only=True):
    """Who asks: an API key, a customer with a token, the operator of the server, or a job."""

    kind: str
    """`api_key`, `customer`, `admin` or `job`."""
    id: str = ""
    """Of the key; for a customer, its internal id."""


class Work(Struct, kw_only=True):
    """What a verb may touch. Built at the edge, never inside a room.

    Every row read or written belongs to `organization`. `now` is read once, in whole seconds, so
    one piece of work happens at one instant. The edge commits; a verb that raises leaves nothing
    behind, and tells nothing.
    """

    organization: str
    now: datetime
    rows: Rows
    warehouse: Warehouse
    principal: Principal = Principal(kind="job")
    secret: bytes = b""
    """The server's own key, for tokens it signs."""
    told: list[Told] = field(default_factory=list)
    crowds: list[Crowd] = field(default_factory=list)

    def tell(self, notice: Notice, before: Any = None) -> None:
        """Queue a notice. It is stored with the work's rows, or not at all."""
        self.told.append(Told(notice=notice, before=before))

    def tell_all(self, name: str, object_type: str, ids: pl.Series) -> None:
        """Queue a notice of many facts: `tell_all("invoice.created", "invoice", ids)`."""
        if len(ids):
            self.crowds.append(Crowd(topic="notice", name=name, object_type=object_type, ids=ids))

    def copy(self, object_type: str, ids: pl.Series) -> None:
        """Queue facts to be copied into the warehouse, as they are when the outbox is drained."""
        if len(ids):
            crowd = Crowd(topic="fact", name=object_type, object_type=object_type, ids=ids)
            self.crowds.append(crowd)


class Shift(Struct, frozen=True, kw_only=True):
    """Several units of work, one after another: for a verb that cannot do with one transaction.

    A verb whose first parameter is a Shift is given this in place of a Work. What it says of now
    is read before the first of them begins; each unit has an instant of its own.
    """

    organization: str
    now: datetime
    warehouse: Warehouse
    principal: Principal
    begin: Callable[..., AbstractContextManager[Work]]
    """Begin one unit of work, the caller's or, given one, another principal's.

    It is kept, and what it tells is told, if the block ends well.
    """
    look: Callable[[], AbstractContextManager[Work]]
    """Begin one unit of work that only reads."""
    alone: Callable[[str], AbstractContextManager[bool]]
    """Hold a name within the organization, across units of work; False if somebody else has it."""
    is_sandbox: bool = False
    """Whether the organization lives by a clock of its own."""
