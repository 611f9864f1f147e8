"""What can be asked about taxes."""

import polars as pl
from sqlalchemy import or_, select

from billing.taxes.model import Level, Tax
from billing.taxes.requests import TaxQuery
from billing.taxes.tables import applied_taxes, taxes
from metering.measures.refusals import Missing
from metering.measures.shapes import Page
from sql.work import Work


def find(work: Work, code: str) -> Tax:
    """Return one tax.

    Raises: Missing `tax_not_found`.
    """
    if (tax := work.rows.find(taxes, Tax, code=code, deleted_at=None)) is None:
        raise Missing("tax", code)
    return tax


def browse(work: Work, query: TaxQuery) -> Page[Tax]:
    """List taxes, newest first."""
    where = [taxes.c.deleted_at.is_(None)]
    if query.applied_to_organization is not None:
        where.append(taxes.c.applied_to_organization.is_(query.applied_to_organization))
    if query.search_term:
        like = f"%{query.search_term}%"
        where.append(or_(taxes.c.name.ilike(like), taxes.c.code.ilike(like)))
    return work.rows.page(taxes, Tax, query, *where)


def applied(work: Work, level: Level, owner_id: str) -> list[Tax]:
    """Return the taxes applied to one owner, in the order they were created."""
    mine = select(applied_taxes.c.tax_id).where(
        applied_taxes.c.organization_id == work.organization,
        applied_taxes.c.level == level,
        applied_taxes.c.owner_id == owner_id,
    )
    return work.rows.all(taxes, Tax, taxes.c.id.in_(mine), taxes.c.deleted_at.is_(None))


def assignments(work: Work) -> pl.DataFrame:
    """Return every application of a tax as columns.

    Shape:   level, owner_id, tax_id, code, name, description, rate; ordered as taxes were created.
    """
    joined = applied_taxes.join(
        taxes,
        (applied_taxes.c.organization_id == taxes.c.organization_id)
        & (applied_taxes.c.tax_id == taxes.c.id),
    )
    asked = (
        select(
            applied_taxes.c.level, applied_taxes.c.owner_id, applied_taxes.c.tax_id,
            taxes.c.code, taxes.c.name, taxes.c.description, taxes.c.rate,
        )
        .select_from(joined)
        .where(taxes.c.deleted_at.is_(None))
        .order_by(taxes.c.sequence)
    )  # fmt: skip
    return work.rows.frame(asked)
