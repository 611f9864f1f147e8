"""The facts about taxes."""

from datetime import datetime
from enum import StrEnum

from msgspec import UNSET, Struct, UnsetType

from billing.entities import Entity
from metering.measures.forms import Number


class Level(StrEnum):
    """What a tax can be applied to, the most specific first.

    A fee takes all taxes of the first level that has any, and none of the others (TX1).
    """

    charge = "charge"
    fixed_charge = "fixed_charge"
    commitment = "commitment"
    add_on = "add_on"
    plan = "plan"
    customer = "customer"
    entity = "entity"


class Tax(Struct, frozen=True, kw_only=True):
    """A rate, in percent, that is added to what it applies to."""

    id: str
    name: str
    code: str
    rate: Number
    """Percent: 20 is 20 %."""
    description: str | None
    applied_to_organization: bool
    """Whether it applies, through the default billing entity, wherever nothing closer does."""
    add_ons_count: int = 0
    customers_count: int = 0
    plans_count: int = 0
    charges_count: int = 0
    commitments_count: int = 0
    created_at: datetime
    applied_to_billing_entities_codes: list[str] | UnsetType = UNSET
    """The entities it applies to, sorted; left out where a tax is shown inside something else."""


class BillingEntity(Entity, frozen=True, kw_only=True):
    """A billing entity as it is shown: with the taxes that apply where nothing closer does."""

    taxes: list[Tax] = []
