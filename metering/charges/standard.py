"""Standard: every unit costs the same."""

from typing import ClassVar

import polars as pl

from metering.charges.model import ChargeModel, ChargeProperties, Term, is_price, price_of
from metering.measures.refusals import Checks


class StandardProperties(ChargeProperties, frozen=True, kw_only=True):
    """One price for each unit."""

    amount: str = ""
    """Price of one unit, in major units of the currency."""

    codes: ClassVar = {"amount": "invalid_amount"}

    def check(self, checks: Checks) -> None:
        """The price is a decimal that is not negative."""
        checks.that(is_price(self.amount), properties="invalid_amount")


class Standard(ChargeModel[StandardProperties]):
    """One rate for every unit; no usage costs nothing."""

    kind = "standard"
    Properties = StandardProperties
    default = StandardProperties(amount="0")
    prorated_in_advance = True
    prorated_in_arrears = True

    @classmethod
    def terms(cls, properties: StandardProperties) -> list[Term]:
        """One step without end."""
        return [Term(1, rate=price_of(properties.amount))]

    @classmethod
    def price(cls, lines: pl.LazyFrame) -> pl.LazyFrame:
        """All units in one step. Shape: one row in, one row out per line, also on no usage."""
        return lines.with_columns(units=pl.col("quantity"))
