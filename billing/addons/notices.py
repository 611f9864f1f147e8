"""What the activity log is told about add-ons. No webhook carries them."""

from billing.addons.model import AddOn
from sql.work import Notice


class AddOnCreated(Notice, frozen=True, kw_only=True):
    """An add-on was created."""

    type = "add_on.created"
    is_sent = False
    add_on: AddOn


class AddOnUpdated(Notice, frozen=True, kw_only=True):
    """An add-on was changed."""

    type = "add_on.updated"
    is_sent = False
    add_on: AddOn


class AddOnDeleted(Notice, frozen=True, kw_only=True):
    """An add-on was deleted; invoices that name it keep it."""

    type = "add_on.deleted"
    is_sent = False
    add_on: AddOn
