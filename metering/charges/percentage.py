"""Percentage: a share of the units, and a fixed amount for each event."""

from decimal import Decimal
from typing import ClassVar

import polars as pl

from metering.charges import transactions
from metering.charges.model import (
    ZERO,
    ChargeModel,
    ChargeProperties,
    Term,
    is_price,
    is_rate,
    price_of,
    rate_of,
)
from metering.columns import QUANTITY, record, shown, total
from metering.measures.refusals import Checks


class PercentageProperties(ChargeProperties, frozen=True, kw_only=True):
    """A percentage of the units and a fixed amount per event, after what is free."""

    rate: str = ""
    """Percent: "1.5" is 1.5 %."""
    fixed_amount: str | None = None
    """Price of each event, in major units of the currency."""
    free_units_per_events: int | None = None
    """How many events are free, from the first."""
    free_units_per_total_aggregation: str | None = None
    """How many units are free, from the first."""
    per_transaction_min_amount: str | None = None
    """The least that one event costs."""
    per_transaction_max_amount: str | None = None
    """The most that one event costs."""

    codes: ClassVar = {
        "rate": "invalid_rate",
        "fixed_amount": "invalid_fixed_amount",
        "free_units_per_events": "invalid_free_units_per_events",
        "free_units_per_total_aggregation": "invalid_free_units_per_total_aggregation",
        "per_transaction_min_amount": "invalid_amount",
        "per_transaction_max_amount": "invalid_amount",
    }

    def check(self, checks: Checks) -> None:
        """The rate and every amount given are decimals, and the least is not above the most."""
        checks.that(is_rate(self.rate), properties="invalid_rate")
        amounts = set(self.codes) - {"rate", "free_units_per_events"}
        for name in sorted(amounts):
            given = getattr(self, name)
            checks.that(given is None or is_price(given), properties=self.codes[name])
        events = self.free_units_per_events
        checks.that(events is None or events > 0, properties="invalid_free_units_per_events")
        least, most = self.per_transaction_min_amount, self.per_transaction_max_amount
        if is_price(least) and is_price(most):
            checks.that(
                Decimal(least or 0) <= Decimal(most or 0),
                properties="per_transaction_max_lower_than_per_transaction_min",
            )


class Percentage(ChargeModel[PercentageProperties]):
    """A share of the money that flowed, as a payment provider takes it."""

    kind = "percentage"
    Properties = PercentageProperties
    default = PercentageProperties(rate="0")
    never_on = frozenset({"latest_agg"})

    @classmethod
    def needs_events(cls, properties: PercentageProperties, is_prorated: bool) -> bool:
        """What is free, and a least or a most per event, need the single events in their order."""
        return (
            properties.free_units_per_events is not None
            or _amount(properties.free_units_per_total_aggregation) > 0
            or _is_bounded(properties)
        )

    @classmethod
    def terms(cls, properties: PercentageProperties) -> list[Term]:
        """First the share of the units, then the fixed amount of the events.

        Where an event has a least or a most, there follow the least and the most, for the events
        that cost too little or too much, and their share and their fixed amount, taken back.
        """
        rate, fixed = rate_of(properties.rate), _amount(properties.fixed_amount)
        least, most = properties.per_transaction_min_amount, properties.per_transaction_max_amount
        rates = [rate, fixed]
        if _is_bounded(properties):
            rates += [_amount(least), _amount(most), rate, fixed]
        return [
            Term(
                step,
                rate=each,
                free=_amount(properties.free_units_per_total_aggregation),
                free_events=properties.free_units_per_events,
                least=None if least is None else price_of(least),
                most=None if most is None else price_of(most),
            )
            for step, each in enumerate(rates, start=1)
        ]

    @classmethod
    def price(cls, lines: pl.LazyFrame) -> pl.LazyFrame:
        """Take the share of the units, and the fixed amount of each event.

        Rule:    amount = quantity * rate % + events * fixed_amount; nothing for no units.
        """
        events = pl.when(pl.col("quantity") > ZERO).then("events").otherwise(0).cast(QUANTITY)
        return lines.with_columns(
            units=pl.when(pl.col("step") == 1).then("quantity").otherwise(events),
            free_of_charge=pl.lit(ZERO, QUANTITY),
            events_free_of_charge=pl.lit(0, pl.Int64),
        )

    @classmethod
    def price_events(cls, lines: pl.LazyFrame, events: pl.LazyFrame) -> pl.LazyFrame:
        """Take the share and the fixed amount of what is not free, event by event.

        Shape:   in, one row per (line, step), and EVENTS; out, the same rows with `units`.
        """
        return transactions.steps(lines, events)

    @classmethod
    def details(cls, steps: pl.LazyFrame) -> pl.LazyFrame:
        """The share, the fixed amounts, what was free, and what a least or a most changed."""
        share = steps.filter(pl.col("step") == 1)
        fixed = steps.filter(pl.col("step") == 2).select("line", "units", "rate", "amount")
        changed = steps.group_by("line").agg(
            adjustment=total(pl.col("amount").filter(pl.col("step") > 2))
        )
        told = record(
            units=shown(pl.col("quantity")),
            free_units=shown(pl.col("free_of_charge")),
            free_events=pl.col("events_free_of_charge"),
            paid_units=shown(pl.col("units")),
            rate=shown(pl.col("rate") * 100),
            per_unit_total_amount=shown(pl.col("amount")),
            paid_events=pl.col("units_fixed").cast(pl.Int64),
            fixed_fee_unit_amount=shown(pl.col("rate_fixed")),
            fixed_fee_total_amount=shown(pl.col("amount_fixed")),
            min_max_adjustment_total_amount=shown(pl.col("adjustment")),
        )
        both = share.join(fixed, on="line", suffix="_fixed").join(changed, on="line")
        return both.select("line", amount_details=told)


def _amount(text: str | None) -> Decimal:
    return ZERO if text is None else price_of(text)


def _is_bounded(properties: PercentageProperties) -> bool:
    bounds = (properties.per_transaction_min_amount, properties.per_transaction_max_amount)
    return any(bound is not None for bound in bounds)
