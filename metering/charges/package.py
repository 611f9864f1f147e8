"""Package: units are sold in packs of one size; a pack that is begun is paid whole."""

from decimal import Decimal
from typing import ClassVar

import polars as pl

from metering.charges.model import (
    ZERO,
    ChargeModel,
    ChargeProperties,
    Term,
    is_price,
    price_of,
    told,
)
from metering.columns import packs, record, shown
from metering.measures.refusals import Checks


class PackageProperties(ChargeProperties, frozen=True, kw_only=True):
    """A price for each pack of units, after some that are free."""

    amount: str = ""
    """Price of one pack, in major units of the currency."""
    package_size: int | None = None
    """Units in a pack."""
    free_units: int | None = None
    """Units that cost nothing, before the first pack."""

    codes: ClassVar = {
        "amount": "invalid_amount",
        "package_size": "invalid_package_size",
        "free_units": "invalid_free_units",
    }

    def check(self, checks: Checks) -> None:
        """The price is a decimal, a pack holds a unit at least, and no fewer than 0 are free."""
        size, free = self.package_size, self.free_units
        checks.that(is_price(self.amount), properties="invalid_amount")
        checks.that(size is not None and size > 0, properties="invalid_package_size")
        checks.that(free is not None and free >= 0, properties="invalid_free_units")


class Package(ChargeModel[PackageProperties]):
    """A thousand messages, ten gigabytes: bought by the pack."""

    kind = "package"
    Properties = PackageProperties
    default = PackageProperties(amount="0", package_size=1, free_units=0)

    @classmethod
    def terms(cls, properties: PackageProperties) -> list[Term]:
        """One step without end, whose rate is the price of a pack."""
        rate, free = price_of(properties.amount), Decimal(properties.free_units or 0)
        size = properties.package_size
        known = told(free_units=free, per_package_size=size, per_package_unit_amount=rate)
        return [Term(1, rate=rate, size=size, free=free, told=known)]

    @classmethod
    def price(cls, lines: pl.LazyFrame) -> pl.LazyFrame:
        """Count the packs.

        Rule:    units = ceil(max(quantity - free, 0) / size), in packs.
        """
        return lines.with_columns(units=packs(_paid(), pl.col("size")))

    @classmethod
    def details(cls, steps: pl.LazyFrame) -> pl.LazyFrame:
        """What was free, what was paid, and the pack."""
        return steps.select(
            "line", amount_details=record(pl.col("told"), paid_units=shown(_paid()))
        )


def _paid() -> pl.Expr:
    return (pl.col("quantity") - pl.col("free")).clip(lower_bound=ZERO)
