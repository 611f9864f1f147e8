"""What can be done with add-ons."""

from msgspec.structs import replace

from billing import taxes
from billing.addons.model import AddOn
from billing.addons.notices import AddOnCreated, AddOnDeleted, AddOnUpdated
from billing.addons.queries import find, showing
from billing.addons.requests import AddOnInput, AddOnUpdate
from billing.addons.tables import add_ons
from billing.taxes import Level
from metering.measures import ids
from metering.measures.shapes import given
from sql.work import Work


def create(work: Work, add_on: AddOnInput) -> AddOn:
    """Create an add-on.

    Raises: Invalid `code: value_already_exist`; Missing `tax_not_found`.
    """
    fields = given(add_on)
    codes = fields.pop("tax_codes")
    made = AddOn(id=ids.new(), created_at=work.now, **fields)  # type: ignore[arg-type]
    work.rows.add(add_ons, made, taken="code")
    if codes:
        taxes.apply(work, Level.add_on, made.id, add_on.tax_codes or [])
    (shown,) = showing(work, [made])
    work.tell(AddOnCreated(add_on=shown))
    return shown


def update(work: Work, code: str, add_on: AddOnUpdate) -> AddOn:
    """Change an add-on. Invoices that are final keep the price they were made with.

    Raises: Missing `add_on_not_found`, `tax_not_found`; Invalid `code: value_already_exist`.
    """
    before = find(work, code)
    fields = given(add_on)
    is_taxed = "tax_codes" in fields
    fields.pop("tax_codes", None)
    after = replace(before, **fields)
    work.rows.put(add_ons, after, taken="code")
    if is_taxed:
        taxes.apply(work, Level.add_on, after.id, add_on.tax_codes or [])
    (shown,) = showing(work, [after])
    work.tell(AddOnUpdated(add_on=shown), before=before)
    return shown


def delete(work: Work, code: str) -> AddOn:
    """Delete an add-on. Plans that hold it as a fixed charge keep it.

    Raises: Missing `add_on_not_found`.
    """
    add_on = find(work, code)
    work.rows.change(add_ons, add_ons.c.id == add_on.id, deleted_at=work.now)
    work.tell(AddOnDeleted(add_on=add_on))
    return add_on
