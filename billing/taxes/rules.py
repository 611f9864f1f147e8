"""Which taxes a fee takes, and what each comes to: in columns, for all fees at once."""

import polars as pl

from billing.taxes.model import Level
from metering.columns import AMOUNT

PERCENT = pl.lit("0.01").str.to_decimal(scale=12)

LEVELS = {
    "charge": (Level.charge, Level.plan, Level.customer, Level.entity),
    "fixed_charge": (Level.fixed_charge, Level.plan, Level.customer, Level.entity),
    "commitment": (Level.commitment, Level.plan, Level.customer, Level.entity),
    "subscription": (Level.plan, Level.customer, Level.entity),
    "add_on": (Level.add_on, Level.customer, Level.entity),
}
"""Where a fee of each type looks for its taxes, the closest first (TX1)."""


def owners(fees: pl.DataFrame) -> list[str]:
    """List what the taxes of these fees can be applied to."""
    named = [fees[f"{level}_id"] for level in Level if f"{level}_id" in fees.columns]
    return pl.concat(named).drop_nulls().unique().to_list()


def lines(fees: pl.DataFrame, assignments: pl.DataFrame) -> pl.DataFrame:
    """Return what every tax comes to on every fee.

    Shape:   in, one row per fee with id, fee_type, taxable_cents and the ids of what taxes can be
             applied to (charge_id, commitment_id, plan_id, customer_id …); out, one row per fee and
             tax: fee_id, tax_id, tax_code, tax_name, tax_rate, tax_description, taxable_cents,
             exact.
    Units:   taxable_cents and exact in minor units; tax_rate in percent.
    Rule:    a fee takes all taxes of the first level that has any; exact = taxable * rate / 100.
    Rounds:  nothing; `exact` is exact while a rate has no more than 10 decimals.
    Source:  spec/billing.md TX1, TX4.
    """
    types = fees["fee_type"].unique().to_list()
    looked = pl.concat(
        fees.filter(fee_type=fee_type).select(
            pl.col("taxable_cents").cast(AMOUNT),
            fee_id="id",
            rank=pl.lit(rank),
            level=pl.lit(str(level)),
            owner_id=f"{level}_id",
        )
        for fee_type in sorted(types) or LEVELS
        for rank, level in enumerate(LEVELS[fee_type])
        if f"{level}_id" in fees.columns
    )
    found = looked.join(assignments, on=["level", "owner_id"], maintain_order="left_right")
    closest = found.filter(pl.col("rank") == pl.col("rank").min().over("fee_id"))
    return closest.with_columns(exact=pl.col("taxable_cents") * (pl.col("tax_rate") * PERCENT))
