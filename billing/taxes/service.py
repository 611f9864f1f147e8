"""What can be done with taxes."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from billing import entities
from billing.taxes.model import Level, Tax
from billing.taxes.notices import TaxCreated, TaxDeleted, TaxUpdated
from billing.taxes.queries import find
from billing.taxes.requests import TaxInput, TaxUpdate
from billing.taxes.tables import applied_taxes, taxes
from metering.measures import ids
from metering.measures.money import plain
from metering.measures.refusals import Invalid
from metering.measures.shapes import given
from sql.work import Work


class Applied(Struct, frozen=True, kw_only=True):
    """That a tax applies to one owner."""

    id: str
    tax_id: str
    level: Level
    owner_id: str


def create(work: Work, tax: TaxInput) -> Tax:
    """Create a tax.

    Raises: Invalid `code: value_already_exist`.
    """
    made = Tax(
        id=ids.new(),
        name=tax.name,
        code=tax.code,
        rate=plain(tax.rate),
        description=tax.description,
        applied_to_organization=tax.applied_to_organization,
        created_at=work.now,
    )
    work.rows.add(taxes, made, taken="code")
    if made.applied_to_organization:
        _apply(work, Level.entity, entities.default(work).id, made)
    work.tell(TaxCreated(tax=made))
    return made


def update(work: Work, code: str, tax: TaxUpdate) -> Tax:
    """Change a tax. Invoices that are final keep the rate they were made with.

    Raises: Missing `tax_not_found`; Invalid `code: value_already_exist`.
    """
    before = find(work, code)
    after = replace(before, **given(tax))
    if after.code != code and work.rows.find(taxes, Tax, code=after.code, deleted_at=None):
        raise Invalid(code="value_already_exist")
    work.rows.put(taxes, after)
    if after.applied_to_organization != before.applied_to_organization:
        owner = entities.default(work).id
        if after.applied_to_organization:
            _apply(work, Level.entity, owner, after)
        else:
            _detach(work, after, applied_taxes.c.owner_id == owner)
    work.tell(TaxUpdated(tax=after), before=before)
    return after


def delete(work: Work, code: str) -> Tax:
    """Delete a tax and detach it everywhere. Invoices that are final keep it.

    Raises: Missing `tax_not_found`.
    """
    tax = find(work, code)
    work.rows.change(taxes, taxes.c.id == tax.id, deleted_at=work.now)
    _detach(work, tax)
    work.tell(TaxDeleted(tax=tax))
    return tax


def apply(work: Work, level: Level, owner_id: str, codes: Sequence[str]) -> list[Tax]:
    """Make `codes` the taxes of one owner, in place of those it had.

    Raises: Missing `tax_not_found`, before anything is changed.
    """
    found = [find(work, code) for code in dict.fromkeys(codes)]
    work.rows.remove(
        applied_taxes, applied_taxes.c.level == level, applied_taxes.c.owner_id == owner_id
    )
    for tax in found:
        _apply(work, level, owner_id, tax)
    return found


def _apply(work: Work, level: Level, owner_id: str, tax: Tax) -> None:
    link = Applied(id=ids.new(), tax_id=tax.id, level=level, owner_id=owner_id)
    work.rows.add(applied_taxes, link)


def _detach(work: Work, tax: Tax, *where: object) -> None:
    work.rows.remove(applied_taxes, applied_taxes.c.tax_id == tax.id, *where)  # type: ignore[arg-type]
