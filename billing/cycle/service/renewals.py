"""Renewals: what recurs and is paid in advance is paid again when a period begins."""

import polars as pl

from billing import fees, plans, usage
from billing.cycle import rules
from sql.work import Work


def renewals(
    work: Work, periods: pl.DataFrame, book: plans.Book, until: int, *, is_invoiced: bool
) -> pl.DataFrame:
    """Return the fees of what is carried into the periods that follow on those that are billed.

    Only a periodic bill renews, and only what goes on: neither an end nor a change of plan (PA5).

    Shape:   in, billed periods; out, fees.FEES: of charges whose fees go on an invoice, or of those
             whose fees stand alone.
    """
    recurring = [id for id, metric in book.metrics.items() if metric.recurring]
    charges = book.charges.filter(
        pl.col("metric_id").is_in(recurring), pay_in_advance=True, invoiceable=is_invoiced
    )
    if charges.is_empty():
        return pl.DataFrame(schema=fees.FEES)
    ends = pl.col("terminated_at")
    due = periods.filter(
        pl.col("charges_from").is_not_null(),
        ends.is_null() | (ends > pl.col("charges_stop")),
        reason="subscription_periodic",
    )
    begins = rules.usage_periods(due.with_columns(at="charges_stop"))
    bounds = begins.select("period", "charges_from", "charges_to")
    carried = usage.priced(work, due, book.keeping(charges), until)
    new = carried.drop("charges_from", "charges_to").join(bounds, on="period")
    return fees.renewal_fees(new.with_columns(watermark=pl.lit(until)))
