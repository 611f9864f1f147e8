"""What can be asked about billing entities."""

from billing.entities.model import Entity
from billing.entities.tables import entities
from sql.work import Work


def default(work: Work) -> Entity:
    """Return the entity that issues what names no other."""
    found = work.rows.find(entities, Entity, is_default=True)
    assert found is not None, "an organization is created with its default entity"
    return found
