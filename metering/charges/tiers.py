"""Tiers: the ladder that graduated, volume and graduated-percentage charges climb.

A plan may write its ranges inclusively (0-10, 11-20, 21-) or adjacently (0-10, 10-20, 20-). Both
say the same: a tier is what lies over the end of the one before it, up to and with its own end.
"""

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

import polars as pl
from msgspec import Struct

from metering.charges.model import ZERO, Term, is_price, is_rate, price_of, rate_of, told
from metering.columns import QUANTITY, number, quotient, record, shown, total
from metering.measures.refusals import Checks


class PriceRange(Struct, frozen=True, kw_only=True):
    """Units from `from_value` to `to_value`, with a price for each and one for the range."""

    from_value: int
    to_value: int | None = None
    """The last unit of the range; null: without end."""
    per_unit_amount: str = ""
    flat_amount: str = ""


class PercentageRange(Struct, frozen=True, kw_only=True):
    """Units from `from_value` to `to_value`, a percentage of them, and a price for the range."""

    from_value: int
    to_value: int | None = None
    """The last unit of the range; null: without end."""
    rate: str = ""
    """Percent: "5" is 5 %."""
    flat_amount: str = ""


Range = PriceRange | PercentageRange
"""What a ladder is made of."""

FREE = (PriceRange(from_value=0, to_value=None, per_unit_amount="0", flat_amount="0"),)
"""One range without end that costs nothing."""


def check(checks: Checks, name: str, ranges: Sequence[Range]) -> None:
    """Note ranges that are no ladder as `missing_<name>` or `invalid_<name>`, and wrong prices.

    Rule:    the first begins at 0, each next one where the one before ends or one above, each ends
             above its beginning, and the last is without end.
    """
    if not ranges:
        checks.add("properties", f"missing_{name}")
        return
    for step in ranges:
        checks.that(is_price(step.flat_amount), properties="invalid_amount")
        if isinstance(step, PercentageRange):
            checks.that(is_rate(step.rate), properties="invalid_rate")
        else:
            checks.that(is_price(step.per_unit_amount), properties="invalid_amount")
    climbs = all(
        low.to_value is not None and high.from_value - low.to_value in (0, 1)
        for low, high in pairwise(ranges)
    )
    rises = all(step.to_value is None or step.to_value > step.from_value for step in ranges)
    ends = ranges[0].from_value == 0 and ranges[-1].to_value is None
    checks.that(climbs and rises and ends, properties=f"invalid_{name}")


def terms(ranges: Sequence[Range]) -> list[Term]:
    """Return one term per range; a tier starts where the one before it ends."""
    starts = [ZERO, *(Decimal(step.to_value or 0) for step in ranges[:-1])]
    return [
        Term(
            step=number,
            over=over,
            upto=None if step.to_value is None else Decimal(step.to_value),
            rate=_rate(step),
            flat=price_of(step.flat_amount),
            told=_told(step),
        )
        for number, (over, step) in enumerate(zip(starts, ranges, strict=True), start=1)
    ]


def _rate(step: Range) -> Decimal:
    if isinstance(step, PercentageRange):
        return rate_of(step.rate)
    return price_of(step.per_unit_amount)


def _told(step: Range) -> str:
    shown: dict[str, Decimal | int | None] = {
        "from_value": step.from_value,
        "to_value": step.to_value,
        "flat_unit_amount": price_of(step.flat_amount),
    }
    if isinstance(step, PercentageRange):
        return told(**shown, rate=price_of(step.rate))
    return told(**shown, per_unit_amount=_rate(step))


def climb(lines: pl.LazyFrame) -> pl.LazyFrame:
    """Keep the tiers that a quantity enters, with the units that fall in each.

    Shape:   in, one row per (line, tier); out, one row per tier that was entered.
    Rule:    units = clip(quantity - over, 0, upto - over). The first tier is always entered: its
             flat price is owed on no usage at all.
    Source:  Lago, spec/services/charge_models/graduated_service_spec.rb, "when aggregation is 0".
    """
    entered = (pl.col("quantity") > pl.col("over")) | (pl.col("step") == 1)
    within = pl.min_horizontal("quantity", pl.col("upto").fill_null(pl.col("quantity")))
    return lines.filter(entered).with_columns(units=within - pl.col("over"))


def walk(lines: pl.LazyFrame, moves: pl.LazyFrame) -> pl.LazyFrame:
    """Climb and descend the tiers with each move of the total, counting the days of each unit.

    Shape:   in, one row per (line, tier), and EVENTS; out, one row per tier that was entered.
    Rule:    in(x) = clip(x, over, upto) - over; units = the sum over the moves, in their order, of
             days * (in(total + value) - in(total)): unit days, of which a period has full_days. A
             tier is entered if the highest total was over it, and the first always: its flat price
             is owed whole. If the last total is below 0, nothing is owed at all.
    Source:  spec/billing.md CM9; Lago, app/services/charge_models/prorated_graduated_service.rb.
    """
    value = pl.col("value")
    after = number(value.to_physical().cum_sum().over("line"))
    ordered = moves.sort("line", "order").select("line", "days", after=after, value=value)
    ends = ordered.group_by("line", maintain_order=True).agg(
        end=pl.col("after").last(), highest=pl.col("after").max()
    )  # fmt: skip
    bounds = lines.select("line", "step", "over", "upto")
    before = pl.col("after") - pl.col("value")
    gained = _within(pl.col("after")) - _within(before)
    days = (
        ordered.join(bounds, on="line")
        .group_by("line", "step")
        .agg(units=total(gained * pl.col("days").cast(QUANTITY)))
    )
    is_entered = (pl.col("highest") > pl.col("over")) | (pl.col("step") == 1)
    is_owed = pl.col("end").fill_null(ZERO) >= ZERO
    return (
        lines.join(ends, on="line", how="left", maintain_order="left")
        .filter(is_entered)
        .join(days, on=["line", "step"], how="left", maintain_order="left")
        .with_columns(
            units=pl.when(is_owed).then(pl.col("units").fill_null(ZERO)).otherwise(ZERO),
            flat=pl.when(is_owed).then("flat").otherwise(ZERO),
            parts="full_days",
        )
    )


def _within(units: pl.Expr) -> pl.Expr:
    """How many of the first so many units are in the tier."""
    low = pl.max_horizontal(units, "over")
    return pl.min_horizontal(low, pl.col("upto").fill_null(low)) - pl.col("over")


def details(steps: pl.LazyFrame, root: str) -> pl.LazyFrame:
    """Tell the tiers entered, in order: `{root: [{from_value, to_value, …}, …]}`."""
    amount = quotient(pl.col("amount"), pl.col("parts"))
    tier = record(
        pl.col("told"),
        units=shown(quotient(pl.col("units"), pl.col("parts"))),
        per_unit_total_amount=shown(amount - pl.col("flat")),
        total_with_flat_amount=shown(amount),
    )
    tiers = steps.select("line", tier=tier).group_by("line").agg("tier")
    ranges = pl.concat_str(pl.lit("["), pl.col("tier").list.join(","), pl.lit("]"))
    return tiers.select("line", amount_details=record(**{root: ranges}))
