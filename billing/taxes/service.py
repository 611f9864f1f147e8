"""What can be done with taxes."""

from collections.abc import Sequence

from msgspec import UNSET, Struct
from msgspec.structs import asdict, replace

from billing import entities
from billing.entities import BillingEntityInput, BillingEntityUpdate
from billing.taxes.model import BillingEntity, Level, Tax
from billing.taxes.notices import (
    BillingEntityCreated,
    BillingEntityUpdated,
    TaxCreated,
    TaxDeleted,
    TaxUpdated,
)
from billing.taxes.queries import bare, find, find_entity, showing
from billing.taxes.requests import TaxInput, TaxUpdate
from billing.taxes.tables import applied_taxes, taxes
from metering.measures import ids
from metering.measures.forms import Number
from metering.measures.money import plain
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
        rate=Number(plain(tax.rate)),
        description=tax.description,
        applied_to_organization=tax.applied_to_organization,
        created_at=work.now,
    )
    work.rows.add(taxes, made, taken="code")
    if made.applied_to_organization:
        _apply(work, Level.entity, entities.default(work).id, made)
    (shown,) = showing(work, [made])
    work.tell(TaxCreated(tax=shown))
    return shown


def update(work: Work, code: str, tax: TaxUpdate) -> Tax:
    """Change a tax. Invoices that are final keep the rate they were made with.

    Raises: Missing `tax_not_found`; Invalid `code: value_already_exist`.
    """
    before = find(work, code)
    after = replace(before, **given(tax))
    after = replace(after, rate=Number(plain(after.rate)))
    work.rows.put(taxes, after, taken="code")
    if after.applied_to_organization != before.applied_to_organization:
        owner = entities.default(work).id
        if after.applied_to_organization:
            _apply(work, Level.entity, owner, after)
        else:
            _detach(work, after, applied_taxes.c.owner_id == owner)
    (shown,) = showing(work, [after])
    work.tell(TaxUpdated(tax=shown), before=before)
    return shown


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
    found = [bare(work, code) for code in dict.fromkeys(codes)]
    drop(work, level, owner_id)
    for tax in found:
        _apply(work, level, owner_id, tax)
    if level is Level.entity and owner_id == entities.default(work).id:
        chosen = taxes.c.id.in_([tax.id for tax in found])
        work.rows.change(taxes, chosen, applied_to_organization=True)
        work.rows.change(taxes, ~chosen, applied_to_organization=False)
        found = [replace(tax, applied_to_organization=True) for tax in found]
    return found


def drop(work: Work, level: Level, *owner_ids: str) -> None:
    """Take away every tax of the owners, which are no more."""
    work.rows.remove(
        applied_taxes,
        applied_taxes.c.level == level,
        applied_taxes.c.owner_id.in_(owner_ids),
    )


def create_entity(work: Work, billing_entity: BillingEntityInput) -> BillingEntity:
    """Create a further billing entity: another company that issues invoices.

    Raises: Missing `tax_not_found`; Invalid `code: value_already_exist`.
    """
    made = entities.create(work, billing_entity)
    shown = BillingEntity(**asdict(made), taxes=_apply_sent(work, made.id, billing_entity))
    work.tell(BillingEntityCreated(billing_entity=shown))
    return shown


def update_entity(work: Work, code: str, billing_entity: BillingEntityUpdate) -> BillingEntity:
    """Change a billing entity. Invoices that are final keep what they were made with.

    Raises: Missing `billing_entity_not_found`, `tax_not_found`; Invalid.
    """
    before = find_entity(work, code)
    entities.update(work, code, billing_entity)
    _apply_sent(work, before.id, billing_entity)
    shown = find_entity(work, code)
    work.tell(BillingEntityUpdated(billing_entity=shown), before=before)
    return shown


def _apply_sent(
    work: Work, owner_id: str, request: BillingEntityInput | BillingEntityUpdate
) -> list[Tax]:
    if request.tax_codes is UNSET:
        return []
    return apply(work, Level.entity, owner_id, request.tax_codes or [])


def _apply(work: Work, level: Level, owner_id: str, tax: Tax) -> None:
    link = Applied(id=ids.new(), tax_id=tax.id, level=level, owner_id=owner_id)
    work.rows.add(applied_taxes, link)


def _detach(work: Work, tax: Tax, *where: object) -> None:
    work.rows.remove(applied_taxes, applied_taxes.c.tax_id == tax.id, *where)  # type: ignore[arg-type]
