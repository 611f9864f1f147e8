"""Periods and their prices: one call of `rate` for all of them."""

import polars as pl

from billing import plans
from billing.usage import rules
from metering import rating
from metering.filters import ALL_EVENTS, Only
from sql.work import Work


def priced(
    work: Work, periods: pl.DataFrame, book: plans.Tariff, until: int, only: Only = ALL_EVENTS
) -> pl.DataFrame:
    """Price the usage of all billed periods: one call of `rate` for the whole chunk.

    Shape:   in, periods as rules.lines takes them, with digits; out, one row per line, bucket and
             group as metering.rating.rate returns them, with the period's and charge's columns.
    """
    asked = rules.lines(
        periods.with_columns(organization_id=pl.lit(work.organization)), book.charges
    )
    found = rating.rate(work.warehouse, asked, book.prices, book.metrics, until, only)
    named = book.filters.drop("charge_id")
    return found.join(asked, on="line", how="left", maintain_order="left").join(
        named, on="filter_id", how="left", maintain_order="left"
    )
