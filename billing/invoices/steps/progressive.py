"""Progressive credit: what the period's usage was billed already is not billed again."""

import polars as pl

from billing.invoices.queries import progressive, progressive_fees
from billing.invoices.steps.bill import ZERO, Bill, replace
from metering import columns
from metering.columns import AMOUNT
from sql.work import Work

ORDER = 20

REASONS = ("subscription_periodic", "subscription_terminating", "progressive_billing")
"""Why usage in arrears is billed."""

PERIOD = ["subscription_id", "charges_first"]
"""What progressive invoices and the invoice that closes their period have in common."""

SLICE = ["period", "charge_id", "charge_filter_id", "grouped_by"]


def apply(work: Work, bill: Bill) -> Bill:
    """Take off usage fees what progressive invoices of their period have billed.

    Rule:    credit = what they billed, before taxes, less what other invoices took off for it,
             but no more than the usage fees of the period; what is above that is to be given back.
             It first covers the same charge, bucket and group as was billed, then all that is left
             of the period's fees in proportion.
    Rounds:  what is taken off a fee, to 5 decimals of a minor unit, halves away from zero.
    Source:  spec/billing.md PB3, PB4, TX 2.
    """
    bill = replace(
        bill,
        invoices=bill.invoices.with_columns(
            progressive_billing_credit_amount_cents=pl.lit(0, pl.Int64)
        ),
    )
    asked = _asked(bill)
    if asked.is_empty():
        return bill
    owed = progressive(work, asked, but=bill.invoices["id"].to_list())
    billed = asked.join(owed, on=PERIOD, maintain_order="left").filter(pl.col("billed_cents") > 0)
    if billed.is_empty():
        return bill
    mine = _mine(bill)
    sums = mine.group_by("period").agg(usage_cents=pl.col("amount_cents").sum())
    credited = (
        billed.join(sums, on="period", how="left", maintain_order="left")
        .with_columns(pl.col("usage_cents").fill_null(0))
        .with_columns(amount_cents=pl.min_horizontal("billed_cents", "usage_cents"))
        .with_columns(excess_cents=pl.col("billed_cents") - pl.col("amount_cents"))
    )
    return _credited(bill, credited, _shares(work, mine, credited))


def _asked(bill: Bill) -> pl.DataFrame:
    """The periods whose usage in arrears is billed."""
    names = ["period", "invoice_id", "invoicing_reason", *PERIOD]
    if not set(names) <= set(bill.periods.columns):
        return pl.DataFrame()
    return bill.periods.select(names).filter(
        pl.col("invoicing_reason").is_in(REASONS) & pl.col("charges_first").is_not_null()
    )


def _mine(bill: Bill) -> pl.DataFrame:
    """The fees of usage in arrears."""
    usage = bill.fees.filter((pl.col("fee_type") == "charge") & ~pl.col("pay_in_advance"))
    return usage.select("id", *SLICE, "amount_cents")


def _shares(work: Work, mine: pl.DataFrame, credited: pl.DataFrame) -> pl.DataFrame:
    """Return what is taken off which fee: id, off."""
    known = credited.select(
        "period", "progressive_invoice_id", "billed_cents", credit="amount_cents"
    )
    ids = credited["progressive_invoice_id"].unique().to_list()
    before = progressive_fees(work, ids).drop("id")
    whole = columns.total(pl.col("was_cents").cast(AMOUNT)).over("period")
    same = (
        known.join(before, on="progressive_invoice_id")
        .with_columns(was=_part("was_cents", "billed_cents", whole))
        .group_by(SLICE)
        .agg(was=columns.total(pl.col("was")))
    )
    fee = pl.col("amount_cents").cast(AMOUNT)
    rows = (
        mine.join(known, on="period", maintain_order="left")
        .join(same, on=SLICE, how="left", nulls_equal=True, maintain_order="left")
        # Of fees that are alike, which a true-up and its parent are, the first is covered.
        .with_columns(is_first=pl.int_range(pl.len()).over(SLICE) == 0)
        .with_columns(
            off=pl.when("is_first").then(pl.min_horizontal(pl.col("was").fill_null(ZERO), fee))
            .otherwise(ZERO)
        )
        .with_columns(open=fee - pl.col("off"))
    )  # fmt: skip
    rest = pl.col("credit").cast(AMOUNT) - columns.total(pl.col("off")).over("period")
    room = columns.total(pl.col("open")).over("period")
    off = pl.col("off") + _part("open", pl.max_horizontal(rest, ZERO), room)
    return rows.select("id", off=off.round(5, mode="half_away_from_zero"))


def _part(amount: str, of: str | pl.Expr, whole: pl.Expr) -> pl.Expr:
    """Return amount * of / whole; the part is taken first, so that nothing is too large to say."""
    divisor = pl.when(whole > ZERO).then(whole).otherwise(pl.lit(1, AMOUNT))
    share = (pl.col(of) if isinstance(of, str) else of).cast(AMOUNT) / divisor
    return pl.col(amount).cast(AMOUNT) * share


def _credited(bill: Bill, credited: pl.DataFrame, shares: pl.DataFrame) -> Bill:
    """Take the shares off the fees, and their sums off the invoices."""
    off = pl.col("off").fill_null(ZERO)
    fees = bill.fees.join(shares, on="id", how="left", maintain_order="left").with_columns(
        taxable_cents=pl.col("taxable_cents").cast(AMOUNT) - off,
        precise_coupons_amount_cents=pl.col("precise_coupons_amount_cents") + off,
    )
    sums = credited.group_by(id="invoice_id").agg(taken=pl.col("amount_cents").sum())
    invoices = bill.invoices.join(sums, on="id", how="left", maintain_order="left").with_columns(
        progressive_billing_credit_amount_cents=pl.col("taken").fill_null(0)
    )
    return replace(
        bill,
        fees=fees.drop("off"),
        invoices=invoices.drop("taken"),
        progressive=credited.select(
            "invoice_id", "progressive_invoice_id", "amount_cents", "excess_cents", *PERIOD
        ),
    )
