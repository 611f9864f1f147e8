"""Volume: all units are priced by the one tier that the whole quantity falls in."""

from typing import ClassVar

import polars as pl
from msgspec.structs import replace

from metering.charges import tiers
from metering.charges.model import ChargeModel, ChargeProperties, Term, told
from metering.columns import record, shown
from metering.measures.refusals import Checks


class VolumeProperties(ChargeProperties, frozen=True, kw_only=True):
    """A price for all units, by how many they are."""

    volume_ranges: list[tiers.PriceRange] = []

    codes: ClassVar = {
        "volume_ranges": "invalid_volume_ranges",
        "per_unit_amount": "invalid_amount",
        "flat_amount": "invalid_amount",
    }

    def check(self, checks: Checks) -> None:
        """The ranges are a ladder."""
        tiers.check(checks, "volume_ranges", self.volume_ranges)


class Volume(ChargeModel[VolumeProperties]):
    """The rate changes as more is used, for every unit, the first included."""

    kind = "volume"
    Properties = VolumeProperties
    default = VolumeProperties(volume_ranges=list(tiers.FREE))
    in_advance = False
    prorated_in_arrears = True

    @classmethod
    def terms(cls, properties: VolumeProperties) -> list[Term]:
        """One step per tier."""
        return [
            replace(term, told=told(flat_unit_amount=term.flat, per_unit_amount=term.rate))
            for term in tiers.terms(properties.volume_ranges)
        ]

    @classmethod
    def price(cls, lines: pl.LazyFrame) -> pl.LazyFrame:
        """Price all units in one tier.

        Shape:   in, one row per (line, tier); out, exactly one row per line.
        Rule:    the tier where over < full <= upto; no usage: the first. A fraction over a bound
                 is in the next tier. Its price is paid for the quantity, prorated or not.
        Source:  Lago, app/services/charge_models/volume_service.rb, matching_range.
        """
        above = (pl.col("full") > pl.col("over")) | (pl.col("step") == 1)
        below = pl.col("upto").is_null() | (pl.col("full") <= pl.col("upto"))
        return lines.filter(above & below).with_columns(units=pl.col("quantity"))

    @classmethod
    def details(cls, steps: pl.LazyFrame) -> pl.LazyFrame:
        """The one tier."""
        units = shown(pl.col("amount") - pl.col("flat"))
        return steps.select(
            "line", amount_details=record(pl.col("told"), per_unit_total_amount=units)
        )
