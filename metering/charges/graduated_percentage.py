"""Graduated percentage: each unit is charged the percentage of the tier it falls in."""

from typing import ClassVar

import polars as pl

from metering.charges import tiers
from metering.charges.model import ChargeModel, ChargeProperties, Term
from metering.measures.refusals import Checks


class GraduatedPercentageProperties(ChargeProperties, frozen=True, kw_only=True):
    """A percentage of the units within each range."""

    graduated_percentage_ranges: list[tiers.PercentageRange] = []

    codes: ClassVar = {
        "graduated_percentage_ranges": "invalid_graduated_percentage_ranges",
        "rate": "invalid_rate",
        "flat_amount": "invalid_amount",
    }

    def check(self, checks: Checks) -> None:
        """The ranges are a ladder."""
        tiers.check(checks, "graduated_percentage_ranges", self.graduated_percentage_ranges)


class GraduatedPercentage(ChargeModel[GraduatedPercentageProperties]):
    """Units are money that flowed: 5 % of the first 100, 2 % of what is beyond."""

    kind = "graduated_percentage"
    Properties = GraduatedPercentageProperties
    default = GraduatedPercentageProperties(
        graduated_percentage_ranges=[tiers.PercentageRange(from_value=0, rate="0", flat_amount="0")]
    )
    never_on = frozenset({"latest_agg"})

    @classmethod
    def terms(cls, properties: GraduatedPercentageProperties) -> list[Term]:
        """One step per tier; its rate is the percentage as a fraction."""
        return tiers.terms(properties.graduated_percentage_ranges)

    @classmethod
    def price(cls, lines: pl.LazyFrame) -> pl.LazyFrame:
        """Climb the tiers: each one entered is a step with the units that fall in it."""
        return tiers.climb(lines)

    @classmethod
    def details(cls, steps: pl.LazyFrame) -> pl.LazyFrame:
        """The tiers entered, in order, with their rates in percent."""
        return tiers.details(steps, "graduated_percentage_ranges")
