"""What can be asked about taxes."""

from collections import defaultdict
from collections.abc import Sequence

import polars as pl
from msgspec import structs
from msgspec.structs import replace
from sqlalchemy import ColumnElement, Select, or_, select

from billing import entities
from billing.taxes.model import BillingEntity, Level, Tax
from billing.taxes.requests import TaxQuery
from billing.taxes.rules import lines, owners
from billing.taxes.tables import applied_taxes, taxes
from metering.measures.refusals import Missing
from metering.measures.shapes import Page
from sql.work import Work


def find(work: Work, code: str) -> Tax:
    """Return one tax.

    Raises: Missing `tax_not_found`.
    """
    (shown,) = showing(work, [bare(work, code)])
    return shown


def bare(work: Work, code: str) -> Tax:
    """Return one tax without the entities it applies to.

    Raises: Missing `tax_not_found`.
    """
    if (tax := work.rows.find(taxes, Tax, code=code, deleted_at=None)) is None:
        raise Missing("tax", code)
    return tax


def browse(work: Work, query: TaxQuery) -> Page[Tax]:
    """List taxes, newest first."""
    where: list[ColumnElement[bool]] = [taxes.c.deleted_at.is_(None)]
    if query.applied_to_organization is not None:
        where.append(taxes.c.applied_to_organization.is_(query.applied_to_organization))
    if query.search_term:
        like = f"%{query.search_term}%"
        where.append(or_(taxes.c.name.ilike(like), taxes.c.code.ilike(like)))
    page = work.rows.page(taxes, Tax, query, *where)
    page.items = showing(work, page.items)
    return page


def showing(work: Work, found: Sequence[Tax]) -> list[Tax]:
    """Return taxes with the codes of the billing entities they apply to."""
    links = work.rows.rows(
        select(applied_taxes.c.tax_id, applied_taxes.c.owner_id).where(
            applied_taxes.c.level == Level.entity,
            applied_taxes.c.tax_id.in_([tax.id for tax in found]),
        )
    )
    code = {entity.id: entity.code for entity in entities.every(work)} if links else {}
    owners: dict[str, list[str]] = defaultdict(list)
    for tax_id, owner_id in links:
        owners[tax_id].append(code[owner_id])
    return [replace(tax, applied_to_billing_entities_codes=sorted(owners[tax.id])) for tax in found]


def find_entity(work: Work, code: str) -> BillingEntity:
    """Return one billing entity with its taxes.

    Raises: Missing `billing_entity_not_found`.
    """
    (shown,) = _entities(work, [entities.find(work, code)])
    return shown


def browse_entities(work: Work) -> list[BillingEntity]:
    """List all billing entities, newest first."""
    return _entities(work, entities.every(work))


def _entities(work: Work, found: Sequence[entities.Entity]) -> list[BillingEntity]:
    owned = among(work, Level.entity)
    return [
        BillingEntity(**structs.asdict(entity), taxes=owned.get(entity.id, [])) for entity in found
    ]


def applied(work: Work, level: Level, owner_id: str) -> list[Tax]:
    """Return the taxes applied to one owner, in the order they were created."""
    return among(work, level, applied_taxes.c.owner_id == owner_id).get(owner_id, [])


def among(work: Work, level: Level, *where: ColumnElement[bool]) -> dict[str, list[Tax]]:
    """Return the taxes of many owners at once, by owner, in the order they were created.

    `where` speaks of `applied_taxes`; a room says there whose taxes it wants:
    `applied_taxes.c.owner_id.in_(select(...))`.
    """
    links = work.rows.rows(
        select(applied_taxes.c.owner_id, applied_taxes.c.tax_id)
        .where(applied_taxes.c.level == level, *where)
        .order_by(applied_taxes.c.sequence)
    )
    if not links:
        return {}
    mine: Select[tuple[str]] = select(applied_taxes.c.tax_id).where(
        applied_taxes.c.organization_id == work.organization, applied_taxes.c.level == level, *where
    )
    known = work.rows.all(taxes, Tax, taxes.c.id.in_(mine), taxes.c.deleted_at.is_(None))
    place = {tax.id: number for number, tax in enumerate(known)}
    found: dict[str, list[int]] = defaultdict(list)
    for owner_id, tax_id in links:
        if tax_id in place:
            found[owner_id].append(place[tax_id])
    return {owner: [known[number] for number in sorted(mine)] for owner, mine in found.items()}


def assignments(work: Work, owners: Sequence[str]) -> pl.DataFrame:
    """Return what applies to the owners of the given ids, as columns.

    Shape:   level, owner_id, tax_id, tax_code, tax_name, tax_rate, tax_description; ordered as the
             taxes were created.
    """
    joined = applied_taxes.join(
        taxes,
        (applied_taxes.c.organization_id == taxes.c.organization_id)
        & (applied_taxes.c.tax_id == taxes.c.id),
    )
    asked = (
        select(
            applied_taxes.c.level,
            applied_taxes.c.owner_id,
            applied_taxes.c.tax_id,
            taxes.c.code.label("tax_code"),
            taxes.c.name.label("tax_name"),
            taxes.c.rate.label("tax_rate"),
            taxes.c.description.label("tax_description"),
        )
        .select_from(joined)
        .where(taxes.c.deleted_at.is_(None), applied_taxes.c.owner_id.in_(owners))
        .order_by(taxes.c.sequence)
    )
    return work.rows.frame(asked)


def tax(work: Work, fees: pl.DataFrame) -> pl.DataFrame:
    """Return what every tax that applies now comes to on every fee: rules.lines."""
    return lines(fees, assignments(work, owners(fees)))
