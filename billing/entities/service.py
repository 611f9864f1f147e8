"""What can be done with billing entities.

The verbs that the API names are one storey up, in taxes: an entity is shown with its taxes, and
`tax_codes` of a request are applied there.
"""

from msgspec.structs import replace

from billing.entities.model import Entity
from billing.entities.queries import default, find
from billing.entities.requests import (
    BillingEntityInput,
    BillingEntityUpdate,
    check_einvoicing,
    values,
)
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
        document_number_prefix="INV",
        is_default=True,
        created_at=work.now,
        updated_at=work.now,
    )
    work.rows.add(entities, entity, taken="code")
    return entity


def create(work: Work, billing_entity: BillingEntityInput) -> Entity:
    """Create a further entity. It speaks the default entity's currency unless told otherwise.

    Raises: Invalid `code: value_already_exist`, `einvoicing: country_not_supported`.
    """
    id = ids.new()
    said = {
        "default_currency": default(work).default_currency,
        "document_number_prefix": prefix(billing_entity.name, id),
        **values(billing_entity),
    }
    entity = Entity(id=id, created_at=work.now, updated_at=work.now, **said)  # type: ignore[arg-type]
    check_einvoicing(entity.einvoicing, entity.country)
    work.rows.add(entities, entity, taken="code")
    return entity


def update(work: Work, code: str, billing_entity: BillingEntityUpdate) -> Entity:
    """Change an entity. Invoices that are final keep what they were made with.

    Raises: Missing `billing_entity_not_found`; Invalid `einvoicing: country_not_supported`.
    """
    entity = replace(find(work, code), updated_at=work.now, **values(billing_entity))
    check_einvoicing(entity.einvoicing, entity.country)
    work.rows.put(entities, entity)
    return entity


def prefix(name: str, id: str) -> str:
    """Return the prefix of an entity that names none: no two entities number alike.

    >>> prefix("Acme Europe", "0199-abcd")
    'ACM-ABCD'
    """
    letters = "".join(letter for letter in name if letter.isalnum())
    return f"{letters[:3]}-{id[-4:]}".upper()
