"""What can be asked about add-ons."""

from collections.abc import Iterable, Sequence

from msgspec.structs import replace
from sqlalchemy import ColumnElement, or_

from billing import taxes
from billing.addons.model import AddOn
from billing.addons.requests import AddOnQuery
from billing.addons.tables import add_ons
from billing.taxes import Level, applied_taxes
from metering.measures.refusals import Missing
from metering.measures.shapes import Page
from sql.work import Work


def find(work: Work, code: str) -> AddOn:
    """Return one add-on.

    Raises: Missing `add_on_not_found`.
    """
    if (found := work.rows.find(add_ons, AddOn, code=code, deleted_at=None)) is None:
        raise Missing("add_on", code)
    (shown,) = showing(work, [found])
    return shown


def among(
    work: Work, ids: Iterable[str] = (), codes: Iterable[str] = (), is_deleted_too: bool = False
) -> list[AddOn]:
    """Return the add-ons of these ids or codes that there are, without their taxes."""
    where = [or_(add_ons.c.id.in_(list(ids)), add_ons.c.code.in_(list(codes)))]
    if not is_deleted_too:
        where.append(add_ons.c.deleted_at.is_(None))
    return work.rows.all(add_ons, AddOn, *where)


def browse(work: Work, query: AddOnQuery) -> Page[AddOn]:
    """List add-ons, newest first."""
    where: list[ColumnElement[bool]] = [add_ons.c.deleted_at.is_(None)]
    if query.search_term:
        like = f"%{query.search_term}%"
        where.append(or_(add_ons.c.name.ilike(like), add_ons.c.code.ilike(like)))
    page = work.rows.page(add_ons, AddOn, query, *where)
    page.items = showing(work, page.items)
    return page


def showing(work: Work, found: Sequence[AddOn]) -> list[AddOn]:
    """Return add-ons with their taxes."""
    mine = applied_taxes.c.owner_id.in_([add_on.id for add_on in found])
    owned = taxes.among(work, Level.add_on, mine)
    return [replace(add_on, taxes=owned.get(add_on.id, [])) for add_on in found]
