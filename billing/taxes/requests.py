"""What may be asked of taxes."""

from decimal import Decimal

from msgspec import Struct

from metering.measures.money import fits
from metering.measures.refusals import Checks
from metering.measures.shapes import UNSET, Maybe, PageQuery


class TaxInput(Struct, kw_only=True):
    """A new tax."""

    name: str
    code: str
    rate: Decimal
    """Percent: 20 is 20 %."""
    description: str | None = None
    applied_to_organization: bool = False

    def __post_init__(self) -> None:
        checks = Checks()
        checks.that(self.name.strip(), name="value_is_mandatory")
        checks.that(self.code.strip(), code="value_is_mandatory")
        checks.that(fits(self.rate), rate="value_is_invalid")
        checks.done()


class TaxUpdate(Struct, kw_only=True):
    """Changes of a tax; what is absent stays."""

    name: Maybe[str] = UNSET
    code: Maybe[str] = UNSET
    rate: Maybe[Decimal] = UNSET
    description: Maybe[str] = UNSET
    applied_to_organization: Maybe[bool] = UNSET

    def __post_init__(self) -> None:
        checks = Checks()
        checks.that(self.name is UNSET or (self.name or "").strip(), name="value_is_mandatory")
        checks.that(self.code is UNSET or (self.code or "").strip(), code="value_is_mandatory")
        checks.that(self.rate is not None, rate="value_is_mandatory")
        if isinstance(self.rate, Decimal):
            checks.that(fits(self.rate), rate="value_is_invalid")
        if self.applied_to_organization is None:
            self.applied_to_organization = UNSET
        checks.done()


class TaxQuery(PageQuery, kw_only=True):
    """Which taxes."""

    applied_to_organization: bool | None = None
    search_term: str | None = None
