"""From periods that are due to invoices that are written."""

from collections.abc import Sequence
from typing import Any

import polars as pl

from billing import creditnotes, fees, invoices, plans, subscriptions, usage
from billing.cycle import queries
from billing.cycle.service.excess import issue
from billing.cycle.service.opening import GROUP, described, digits, opened, terms
from billing.cycle.service.regroup import regroup
from billing.cycle.service.renewals import renewals
from billing.invoices import Bill
from sql.types import INSTANT
from sql.work import Work

AT_ONCE = ("in_advance_charge",)
"""Why a period is billed on an invoice that knows no grace (I3)."""


def bill(work: Work, due: pl.DataFrame) -> pl.DataFrame:
    """Bill periods that are due, all of them at once, and return the invoices written.

    Shape:   in, a book with BOUNDS and, if not all are billed, `only`, the ids of the fixed charges
             that are; out, the invoices.
    Cost:    as many statements to both stores whatever the number of periods.
    """
    if due.is_empty():
        return pl.DataFrame()
    invoices.lock(work)
    book = plans.book(work, due["plan_id"].unique().to_list())
    billed = (
        described(work, _with_only(due), book)
        .with_row_index("period")
        .with_columns(
            alone=pl.when(~pl.col("consolidate_invoice")).then("subscription_id"),
            is_gracious=~pl.col("reason").is_in(AT_ONCE),
        )
    )
    made = opened(work, billed)
    billed = billed.join(
        made.select("invoice_id", *GROUP), on=GROUP, nulls_equal=True, maintain_order="left"
    )
    issued = issue(work, _assembled(work, made, billed, book))
    until = work.warehouse.watermark()
    alone = renewals(work, billed, book, until, is_invoiced=False)
    invoices.issue_alone(work, alone.join(_owners(billed), on="period", maintain_order="left"))
    regroup(work, billed)
    return issued


def rebill(work: Work, ids: Sequence[str], *, is_gracious: bool) -> pl.DataFrame:
    """Compute drafts again from the same periods, with what is known now, and write them anew.

    Without grace they become final (I4), first those that credit notes wait for: the others may
    spend what these then credit. Shape: ids of drafts in, the invoices out.
    """
    if not ids:
        return pl.DataFrame()
    invoices.lock(work)
    sources = creditnotes.awaited(work, ids)
    rest = [id for id in ids if id not in sources]
    written = [_rebilled(work, some, is_gracious) for some in (sources, rest) if some]
    return pl.concat(written, how="diagonal_relaxed")


def _rebilled(work: Work, ids: Sequence[str], is_gracious: bool) -> pl.DataFrame:
    old = invoices.drafts(work, ids)
    kept = invoices.periods(work, ids)
    mine = subscriptions.subscriptions.c.id.in_(kept["subscription_id"].unique().to_list())
    told = queries.book(work, mine).drop("plan_id", "plan_in_advance")
    book = plans.book(work, kept["plan_id"].unique().to_list())
    debtors = queries.debtors(work, old["customer_id"]).drop("currency", "timezone")
    billed = (
        _with_only(kept)
        .join(told, on="subscription_id", maintain_order="left")
        .join(terms(book), on="plan_id", maintain_order="left")
        .join(debtors, on="customer_id", maintain_order="left")
        .with_row_index("period")
        .with_columns(digits=digits(pl.col("currency")))
    )
    made = old.join(debtors, on="customer_id", maintain_order="left").with_columns(
        is_gracious=pl.lit(is_gracious), digits=digits(pl.col("currency"))
    )
    bill = _assembled(work, made, billed, book)
    invoices.withdraw(work, list(ids))
    issued = issue(work, bill)
    creditnotes.finalize(work, ids)
    return issued


def _assembled(work: Work, made: pl.DataFrame, periods: pl.DataFrame, book: plans.Book) -> Bill:
    """Price the periods and take them through the steps of an invoice."""
    until = work.warehouse.watermark()
    in_arrears = book.keeping(book.charges.filter(~pl.col("pay_in_advance")))
    priced = usage.priced(work, periods, in_arrears, until).with_columns(watermark=pl.lit(until))
    both = pl.concat(
        [
            fees.subscription_fees(periods),
            fees.charge_fees(priced),
            renewals(work, periods, book, until, is_invoiced=True),
            fees.fixed_fees(
                periods, book.fixed, book.terms, book.units, _ahead(work, made, periods, book)
            ),
        ]
    )
    committed = fees.commitment_fees(periods, _paid(work, made, periods, both))
    owned = (
        pl.concat([both, committed])
        .sort("period", maintain_order=True)
        .join(_owners(periods), on="period", maintain_order="left")
    )
    return invoices.assemble(
        work,
        Bill(
            invoices=made.drop("invoice_id", strict=False),
            periods=periods.with_columns(
                invoicing_reason="reason",
                watermark=pl.lit(until),
                external_subscription_id="external_id",
                created_at=pl.lit(work.now, INSTANT),
            ),
            fees=owned.with_columns(taxable_cents="amount_cents"),
        ),
    )


def _owners(periods: pl.DataFrame) -> pl.DataFrame:
    """Return what fees are told of the period that they belong to."""
    return periods.select(
        "period", "invoice_id", "customer_id", "entity_id", "plan_id", "commitment_id",
        "subscription_id", "currency", "digits", external_subscription_id="external_id",
    )  # fmt: skip


def _with_only(periods: pl.DataFrame) -> pl.DataFrame:
    """Bill all fixed charges of a period, unless it says which."""
    if "only" in periods.columns:
        return periods
    return periods.with_columns(only=pl.lit(None, pl.List(pl.String)))


def _ahead(work: Work, made: pl.DataFrame, periods: pl.DataFrame, book: plans.Book) -> pl.DataFrame:
    """Return what subscriptions and those before them were billed of fixed charges in advance."""
    due = periods.filter(pl.col("fixed_ahead_first").is_not_null())
    if not book.fixed["pay_in_advance"].any():
        due = due.clear()
    ids = pl.concat([due["subscription_id"], due["previous_id"]]).drop_nulls().unique()
    since: Any = due["fixed_ahead_from"].min() or work.now
    return queries.ahead_fees(work, ids.to_list(), since, but=made["id"].to_list())


def _paid(
    work: Work, made: pl.DataFrame, periods: pl.DataFrame, both: pl.DataFrame
) -> pl.DataFrame:
    """Return what the time that each commitment is for has been billed, earlier and now (MC2).

    Shape:   period, paid_cents, has_fee. A fee belongs to the time in which it begins.
    """
    committed = periods.filter(
        pl.col("commitment_cents").is_not_null() & pl.col("commitment_from").is_not_null()
    ).select("period", "subscription_id", "commitment_from", "commitment_to")
    names = ["subscription_id", "fee_type", "amount_cents", "from_date"]
    known = both.join(periods.select("period", "subscription_id"), on="period").select(names)
    if committed.height:
        ids = committed["subscription_id"].unique().to_list()
        since: Any = committed["commitment_from"].min()
        earlier = queries.fees_of(work, ids, since, but=made["id"].to_list())
        known = pl.concat([earlier.select(names), known])
    begins = pl.col("from_date").is_between("commitment_from", "commitment_to")
    return (
        committed.join(known, on="subscription_id")
        .filter(begins)
        .group_by("period")
        .agg(
            paid_cents=pl.col("amount_cents").sum(),
            has_fee=(pl.col("fee_type") == "subscription").any(),
        )
    )
