"""What can be done with billing entities."""

from billing.entities.model import Entity
from billing.entities.tables import entities
from metering.measures import ids
from sql.work import Work


def open_default(work: Work, name: str, currency: str) -> Entity:
    """Create the default entity of a new organization."""
    entity = Entity(
        id=ids.new(),
        code="default",
        name=name,
        default_currency=currency,
        timezone="UTC",
        document_numbering="per_customer",
        document_number_prefix="INV-0001",
        net_payment_term=0,
        invoice_grace_period=0,
        is_default=True,
        created_at=work.now,
        updated_at=work.now,
    )
    work.rows.add(entities, entity, taken="code")
    return entity
