"""One unit of work: who asks, at what instant, in which transaction, and what will be told."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

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

    def tell(self, notice: Notice, before: Any = None) -> None:
        """Queue a notice. It is stored with the work's rows, or not at all."""
        self.told.append(Told(notice=notice, before=before))
