"""What can be asked about billing entities."""

from collections.abc import Iterable

from billing.entities.model import Entity
from billing.entities.tables import entities
from metering.measures.refusals import Missing
from sql.work import Work


def default(work: Work) -> Entity:
    """Return the entity that issues what names no other."""
    found = work.rows.find(entities, Entity, is_default=True)
    assert found is not None, "an organization is created with its default entity"
    return found


def find(work: Work, code: str) -> Entity:
    """Return one entity.

    Raises: Missing `billing_entity_not_found`.
    """
    if (found := work.rows.find(entities, Entity, code=code)) is None:
        raise Missing("billing_entity", code)
    return found


def every(work: Work) -> list[Entity]:
    """Return all entities, newest first."""
    return work.rows.all(entities, Entity, order=[entities.c.sequence.desc()])


def by_ids(work: Work, ids: Iterable[str]) -> dict[str, Entity]:
    """Return entities by their ids."""
    found = work.rows.all(entities, Entity, entities.c.id.in_(list(ids)))
    return {entity.id: entity for entity in found}
