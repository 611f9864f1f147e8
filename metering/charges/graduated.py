"""Graduated: each unit is priced by the tier it falls in; each tier entered adds its flat price."""

from typing import ClassVar

import polars as pl

from metering.charges import tiers
from metering.charges.model import ChargeModel, ChargeProperties, Term
from metering.measures.refusals import Checks


class GraduatedProperties(ChargeProperties, frozen=True, kw_only=True):
    """A price for the units within each range."""

    graduated_ranges: list[tiers.PriceRange] = []

    codes: ClassVar = {
        "graduated_ranges": "invalid_graduated_ranges",
        "per_unit_amount": "invalid_amount",
        "flat_amount": "invalid_amount",
    }

    def check(self, checks: Checks) -> None:
        """The ranges are a ladder."""
        tiers.check(checks, "graduated_ranges", self.graduated_ranges)


class Graduated(ChargeModel[GraduatedProperties]):
    """The rate changes as more is used, for the units beyond each bound."""

    kind = "graduated"
    Properties = GraduatedProperties
    default = GraduatedProperties(graduated_ranges=list(tiers.FREE))
    prorated_in_arrears = True

    @classmethod
    def terms(cls, properties: GraduatedProperties) -> list[Term]:
        """One step per tier."""
        return tiers.terms(properties.graduated_ranges)

    @classmethod
    def price(cls, lines: pl.LazyFrame) -> pl.LazyFrame:
        """Climb the tiers: each one entered is a step with the units that fall in it."""
        return tiers.climb(lines)

    @classmethod
    def needs_events(cls, properties: GraduatedProperties, is_prorated: bool) -> bool:
        """Units that come and go are in the tier that they came into."""
        return is_prorated

    @classmethod
    def price_events(cls, lines: pl.LazyFrame, events: pl.LazyFrame) -> pl.LazyFrame:
        """Climb and descend the tiers with each move: a step has the unit days in its tier."""
        return tiers.walk(lines, events)

    @classmethod
    def details(cls, steps: pl.LazyFrame) -> pl.LazyFrame:
        """The tiers entered, in order."""
        return tiers.details(steps, "graduated_ranges")
