"""The current period of one subscription, priced: what current and projected usage begin with."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import chain

import msgspec
import polars as pl
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import select

from billing import fees, plans, taxes
from billing.usage import rules
from billing.usage.queries.folding import Row
from billing.usage.queries.priced import priced
from billing.usage.queries.window import Window, framed
from billing.usage.requests import UsageQuery, chosen, groups, presented
from metering.charges import MODELS
from metering.columns import AMOUNT, total
from metering.filters import ALL_EVENTS, Only, Price
from metering.measures import money
from metering.measures.refusals import Conflict, Missing
from sql.work import Work

FREE = "standard"
"""The model of prices that count and cost nothing."""


class Choice(Struct, frozen=True, kw_only=True):
    """What of a plan's usage is asked for."""

    charges: Mapping[str, Sequence[str]] = {}
    """The columns of charges, and the values that each must have."""
    only: Only = ALL_EVENTS
    presented: Sequence[str] | None = None
    """By which properties units may be broken down; None: by all."""
    is_full: bool = False
    is_together: bool = False
    """Whether pricing groups are counted and priced together."""


EVERYTHING = Choice()


def choice(query: UsageQuery) -> Choice:
    """Return what a query asks for."""
    return Choice(
        charges=chosen(query), only=groups(query), presented=presented(query),
        is_full=query.full_usage, is_together=query.skip_grouping,
    )  # fmt: skip


Breakdowns = Mapping[tuple[str, str | None], Sequence[tuple[str, Decimal]]]
"""By price and group: a JSON object of what is presented, and the units."""


class Slices(Struct, frozen=True, kw_only=True, eq=False):
    """A priced window: a row for each bucket and group of its charges, with `amount_cents`."""

    frame: pl.DataFrame
    breakdowns: Breakdowns
    book: plans.Tariff
    """What it was priced by."""

    def rows(self) -> list[Row]:
        """Return the rows with what they present as `breakdowns`."""
        found = self.frame.rows(named=True)
        for row in found:
            row["breakdowns"] = self.breakdowns.get((row["price_id"], row["grouped_by"]), ())
        return found


def slices(work: Work, window: Window, wanted: Choice = EVERYTHING) -> Slices:
    """Price a window, or what is wanted of it.

    Raises: Missing `charge_not_found`; Conflict `full_usage_not_allowed`.
    """
    book = _kept(plans.tariff(work, [window.plan_id]), wanted)
    until = work.warehouse.watermark()
    period = framed(window)
    counted = rules.settled(priced(work, period, book, until, wanted.only))
    found = _paid(work, counted, window, wanted)
    shown = _presented(book.prices, wanted.presented)
    if not shown:
        return Slices(frame=found, breakdowns={}, book=book)
    kept = book.charges.filter(pl.col("charge_id").is_in(list(shown)))
    split = replace(book.keeping(kept), prices=_split(book.prices, shown))
    parts = priced(work, period, split, until, wanted.only)
    keys = {price.id: (price.groups, shown.get(price.charge_id, [])) for price in book.prices}
    return Slices(frame=found, breakdowns=_broken_down(parts, keys), book=book)


def _paid(work: Work, counted: pl.DataFrame, window: Window, wanted: Choice) -> pl.DataFrame:
    """Let what is paid for at once come to what was billed of it in this period (PA6).

    Chosen groups have no fees of their own: there it is the price of what was used.
    """
    is_ahead = pl.col("pay_in_advance")
    if wanted.only or wanted.is_full or not counted["pay_in_advance"].any():
        return counted
    same = ["charge_id", "filter_id", *([] if wanted.is_together else ["grouped_by"])]
    c = fees.fees.c
    asked = select(
        c.charge_id, c.charge_filter_id.label("filter_id"), c.grouped_by,
        c.precise_amount.label("paid"), c.amount_cents.label("paid_cents"),
    ).where(
        c.subscription_id == window.subscription_id, c.pay_in_advance, c.charge_id.is_not(None),
        c.from_date == window.start,
    )  # fmt: skip
    billed = work.rows.frame(asked).group_by(same).agg(
        paid=total(pl.col("paid")), paid_cents=pl.col("paid_cents").sum()
    )  # fmt: skip
    told = counted.join(billed, on=same, how="left", nulls_equal=True, maintain_order="left")
    nothing = pl.lit(0, AMOUNT)
    return told.with_columns(
        amount=pl.when(is_ahead).then(pl.col("paid").fill_null(nothing)).otherwise("amount"),
        amount_cents=pl.when(is_ahead)
        .then(pl.col("paid_cents").fill_null(0))
        .otherwise("amount_cents"),
    ).drop("paid", "paid_cents")


def _broken_down(
    parts: pl.DataFrame, keys: Mapping[str, tuple[Sequence[str], Sequence[str]]]
) -> Breakdowns:
    """Part the groups that were split by what is presented into their group and the rest."""
    found: dict[tuple[str, str | None], list[tuple[str, Decimal]]] = {}
    used = parts.filter(pl.col("events_read") > 0)
    for price_id, text, units in used.select("price_id", "grouped_by", "units").rows():
        groups, shown = keys[price_id]
        said = msgspec.json.decode(text, type=dict[str, str | None])
        group = _json({key: said[key] for key in groups}) if groups else None
        by = _json({key: said[key] for key in shown})
        found.setdefault((price_id, group), []).append((by, units))
    return found


def _json(said: dict[str, str | None]) -> str:
    return msgspec.json.encode(said).decode()


def _kept(book: plans.Tariff, wanted: Choice) -> plans.Tariff:
    """Keep the charges that are wanted, their prices splitting by no more than is wanted.

    Raises: Missing `charge_not_found`; Conflict `full_usage_not_allowed`.
    """
    charges = book.charges
    for column, values in wanted.charges.items():
        for value in values:
            charges = charges.filter(pl.col(column) == value)
    if charges.is_empty() and wanted.charges:
        raise Missing("charge", ", ".join(chain.from_iterable(wanted.charges.values())))
    is_chosen = bool(wanted.charges or wanted.only)
    if wanted.is_full and (not is_chosen or charges["prorated"].any()):
        raise Conflict("full_usage_not_allowed", "Choose charges or groups that are not prorated.")
    kept = book.keeping(charges) if wanted.charges else book
    if not (wanted.only or wanted.is_together):
        return kept
    return replace(kept, prices=[_grouped(price, wanted) for price in kept.prices])


def _grouped(price: Price, wanted: Choice) -> Price:
    """Return a price that splits its bucket by what is neither chosen nor taken together."""
    keys = [] if wanted.is_together else [key for key in price.groups if key not in wanted.only]
    if keys == price.groups:
        return price
    terms = replace(price.properties, pricing_group_keys=keys or None, grouped_by=keys or None)
    return replace(price, properties=terms)


def _presented(prices: Sequence[Price], wanted: Sequence[str] | None) -> dict[str, list[str]]:
    """Return by which properties each charge's units are broken down, if by any."""
    found = {
        price.charge_id: [
            key.value
            for key in price.properties.presentation_group_keys or ()
            if wanted is None or key.value in wanted
        ]
        for price in prices
        if not price.values
    }
    return {charge_id: keys for charge_id, keys in found.items() if keys}


def _split(prices: Sequence[Price], shown: Mapping[str, list[str]]) -> list[Price]:
    """Return prices of nothing that split their buckets by what is presented, too."""
    free = MODELS[FREE].default
    return [
        replace(
            price,
            kind=FREE,
            properties=replace(
                free,
                pricing_group_keys=list(dict.fromkeys([*price.groups, *shown[price.charge_id]])),
            ),
        )
        for price in prices
        if price.charge_id in shown
    ]


def taxed(work: Work, found: pl.DataFrame) -> int:
    """Return the rounded sum of all taxes, as an invoice of this usage would have it."""
    fees = found.with_row_index("id").with_columns(
        pl.col("id").cast(pl.String), fee_type=pl.lit("charge"), taxable_cents="amount_cents"
    )
    exact = taxes.tax(work, fees)["exact"].sum()
    return money.whole(Decimal(exact)) if exact else 0
