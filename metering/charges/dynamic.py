"""Dynamic: each event brings its own price."""

import polars as pl

from metering.charges.model import ZERO, ChargeModel, ChargeProperties, Term
from metering.columns import QUANTITY, major


class DynamicProperties(ChargeProperties, frozen=True, kw_only=True):
    """Nothing beside the groups: the price is `precise_total_amount_cents` of the events."""


class Dynamic(ChargeModel[DynamicProperties]):
    """The sum of what the events say they cost."""

    kind = "dynamic"
    Properties = DynamicProperties
    default = DynamicProperties()
    only_on = "sum_agg"

    @classmethod
    def terms(cls, properties: DynamicProperties) -> list[Term]:
        """One step, whose units are minor units of the currency."""
        return [Term(1)]

    @classmethod
    def price(cls, lines: pl.LazyFrame) -> pl.LazyFrame:
        """Add up what the events say; they say it in minor units.

        Rule:    amount = cents / 10^digits; nothing for no units.
        """
        is_used = pl.col("quantity") > ZERO
        minor = major(pl.lit(1), pl.col("digits"))
        return lines.with_columns(
            units=pl.when(is_used).then("cents").otherwise(ZERO).cast(QUANTITY), rate=minor
        )
