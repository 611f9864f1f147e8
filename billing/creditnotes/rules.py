"""What credit notes come to: pure, in columns, for many notes at once.

All amounts are in minor units. A note is known here by `note`, its place among those made together;
notes of one invoice stand in the order in which they are issued.
"""

import polars as pl

from metering import columns, periods
from metering.columns import AMOUNT

PERCENT = pl.lit("0.01").str.to_decimal(scale=12)
NONE = pl.lit(0, AMOUNT)
DAY = pl.duration(days=1)
FINE = 5
"""Decimals of a minor unit that are kept (money.md 0-2)."""


def unused(ended: pl.DataFrame) -> pl.DataFrame:
    """Add what is left of the base fees that ended subscriptions have paid ahead.

    Shape:   in, one row per subscription with `day`, the local day of the end, is_switch, trial_on,
             subscription_first, _last and _days, the days its fee is for and those of its whole
             period, plan_cents as billed, fee_cents and credited_cents; out, with unused_days.
    Rule:    the days after the end, and the day of a switch, but no day of a trial (B-40, UD3).
    """
    last_used = pl.max_horizontal(
        pl.col("day") - pl.when("is_switch").then(DAY).otherwise(0 * DAY),
        pl.col("subscription_first") - DAY,
        pl.col("trial_on") - DAY,
    )
    days = periods.days(last_used, pl.col("subscription_last")) - 1
    return ended.with_columns(unused_days=days.clip(lower_bound=0))


def given_back(fees: pl.DataFrame) -> pl.DataFrame:
    """Add what unused days of base fees come to: `unused_cents` in all, `precise` to be credited.

    Rule:    plan amount / days of the whole period * unused days, at most the fee; less what was
             credited of the fee before (B-40, UD4).
    Rounds:  down, at 5 decimals.
    """
    size = pl.lit(10**FINE, pl.Int128)
    whole = pl.col("plan_cents").cast(pl.Int128) * pl.col("unused_days") * size
    value = whole // pl.col("subscription_days").cast(pl.Int128)
    most = pl.col("fee_cents").cast(pl.Int128) * size
    value = pl.min_horizontal(value, most)
    left = (value - pl.col("credited_cents").cast(pl.Int128) * size).clip(lower_bound=0)
    step = pl.lit(10 ** (columns.SCALE - FINE), pl.Int128)
    return fees.with_columns(
        unused_cents=columns.number(value * step), precise=columns.number(left * step)
    )


def amounts(items: pl.DataFrame, taxes: pl.DataFrame, left: pl.DataFrame) -> pl.DataFrame:
    """Return what notes come to, from what they take back of which fee.

    Shape:   in, `items` with note, invoice_id, fee_id, precise, amount_cents (the same, rounded),
             fee_cents and coupons_cents of the fee; `taxes` of these fees: fee_id, tax_id and
             tax_rate; `left`, by invoice_id, left_cents, what is not credited of its fees, and
             earlier_cents, by how much the taxes of its earlier notes were rounded; out, one row
             per note: note, invoice_id, items_cents, adjustment, net, taxes, taxes_rate.
    Rule:    adjustment = sum(coupons * a / fee); taxes = sum((a - coupons * a / fee) * rate / 100);
             a note that takes all that is left gives back what earlier ones were rounded by.
    Rounds:  nothing but quotients, at 12 decimals.
    Source:  spec/money.md B-25 to B-27.
    """
    shared = _shared(items)
    per_tax = _per_tax(shared, taxes)
    taxed = per_tax.group_by("note").agg(
        taxes=columns.total(pl.col("tax")), weighed=columns.total(pl.col("weight"))
    )
    notes = (
        shared.group_by("note", maintain_order=True)
        .agg(
            pl.col("invoice_id").first(),
            items_cents=columns.total(pl.col("precise")),
            adjustment=columns.total(pl.col("share")),
            taken=pl.col("amount_cents").sum(),
        )
        .join(taxed, on="note", how="left", maintain_order="left")
        .join(left, on="invoice_id", maintain_order="left")
        .with_columns(
            pl.col("taxes").fill_null(NONE),
            pl.col("weighed").fill_null(NONE),
            net=pl.col("items_cents") - pl.col("adjustment"),
        )
    )
    is_nothing = pl.col("net") == NONE
    rate = pl.col("weighed") / pl.when(is_nothing).then(pl.lit(1, AMOUNT)).otherwise("net")
    return (
        _corrected(notes)
        .with_columns(taxes_rate=pl.when(is_nothing).then(NONE).otherwise(_fine(rate)))
        .select(
            "note", "invoice_id", "items_cents", "adjustment", "net", "taxes", "taxes_rate",
        )
    )  # fmt: skip


def tax_lines(items: pl.DataFrame, taxes: pl.DataFrame) -> pl.DataFrame:
    """Return what each tax comes to on each note: note, tax_id, base_amount_cents, amount_cents.

    Shape:   in, as for amounts.
    Rounds:  both to minor units, halves away from zero (B-26).
    """
    return _per_tax(_shared(items), taxes).select(
        "note",
        "tax_id",
        base_amount_cents=_whole(pl.col("base")),
        amount_cents=_whole(pl.col("tax")),
    )


def rounded(notes: pl.DataFrame) -> pl.DataFrame:
    """Add the settled amounts of notes.

    Shape:   in, as amounts returns them; out, with the columns of a credit note of these names and
             `surplus`, by how much the rounded total is above the sum of what it is made of.
    Rounds:  what is kept precise to 5 decimals, all else to minor units, halves away from zero.
    Source:  spec/money.md B-28, B-29.
    """
    total = _whole(pl.col("net") + pl.col("taxes"))
    return notes.with_columns(
        taxes_amount_cents=_whole(pl.col("taxes")),
        precise_taxes_amount_cents=_fine(pl.col("taxes")),
        sub_total_excluding_taxes_amount_cents=_whole(pl.col("net")),
        precise_total_amount_cents=_fine(pl.col("net") + pl.col("taxes")),
        coupons_adjustment_amount_cents=_whole(pl.col("adjustment")),
        precise_coupons_adjustment_amount_cents=_fine(pl.col("adjustment")),
        rounded_total=total,
    ).with_columns(
        surplus=pl.col("rounded_total")
        - pl.col("taxes_amount_cents")
        - pl.col("sub_total_excluding_taxes_amount_cents")
    )


def divided(notes: pl.DataFrame) -> pl.DataFrame:
    """Add how much of automatic notes is credited, paid back and taken off what is due.

    Shape:   in, rounded notes with mode and what their fees and invoices say: fee_cents,
             coupons_cents, fee_taxes_cents, fee_taxes_rate, unused_cents, and the invoice's
             sub_total_including_taxes_amount_cents, total_amount_cents, total_paid_amount_cents,
             offset_amount_cents and refunded_amount_cents; out, with total_amount_cents of the
             note, credit_cents, refund_cents and offset_cents.
    Rule:    refund = min(paid share of the fee - used part with taxes, total), not below zero nor
             above what was paid and not paid back; the rest is credited or, as far as it is due,
             taken off what is due.
    Rounds:  the refund once, to minor units, halves away from zero.
    Source:  spec/money.md B-40.5.
    """
    fee, one = pl.col("fee_cents").cast(AMOUNT), pl.lit(1, AMOUNT)
    some = pl.when(pl.col("fee_cents") > 0).then(fee).otherwise(one)
    gross = fee - pl.col("coupons_cents") + pl.col("fee_taxes_cents").cast(AMOUNT)
    billed = pl.col("sub_total_including_taxes_amount_cents")
    whole = pl.when(billed > 0).then(billed.cast(AMOUNT)).otherwise(one)
    share = gross * pl.col("total_paid_amount_cents").cast(AMOUNT) / whole
    used = fee - pl.col("unused_cents")
    used -= pl.col("coupons_cents") * used / some
    used += used * (pl.col("fee_taxes_rate") * PERCENT)
    total = pl.col("rounded_total") - pl.col("surplus")
    back = pl.min_horizontal(
        _whole(share - used),
        total,
        pl.col("total_paid_amount_cents") - pl.col("refunded_amount_cents"),
    ).clip(lower_bound=0)
    due = pl.col("total_amount_cents") - (
        pl.col("total_paid_amount_cents") + pl.col("offset_amount_cents")
    )
    refund = pl.when(pl.col("mode").is_in(["refund", "offset"])).then(back).otherwise(0)
    rest = total - refund
    # What several notes take off one invoice is taken one after another.
    wanted = pl.when(pl.col("mode") == "offset").then(rest).otherwise(0)
    before = wanted.cum_sum().over("invoice_id") - wanted
    offset = pl.min_horizontal(wanted, (due - before).clip(lower_bound=0))
    return notes.with_columns(
        note_cents=total, refund_cents=refund, offset_cents=offset, credit_cents=rest - offset
    )


def _shared(items: pl.DataFrame) -> pl.DataFrame:
    """Add to each item its share of the coupons of its fee."""
    some = pl.when(pl.col("fee_cents") > 0).then("fee_cents").otherwise(1).cast(AMOUNT)
    return items.with_columns(share=pl.col("coupons_cents") * pl.col("precise") / some)


def _per_tax(shared: pl.DataFrame, taxes: pl.DataFrame) -> pl.DataFrame:
    """One row per note and tax: what it is taken of, what it comes to, and its part of the rate."""
    net = pl.col("precise") - pl.col("share")
    lines = shared.join(taxes, on="fee_id", maintain_order="left_right").with_columns(
        net=net, tax=net * (pl.col("tax_rate") * PERCENT), weight=net * pl.col("tax_rate")
    )
    return lines.group_by("note", "tax_id", maintain_order=True).agg(
        base=columns.total(pl.col("net")),
        tax=columns.total(pl.col("tax")),
        weight=columns.total(pl.col("weight")),
    )


def _corrected(notes: pl.DataFrame) -> pl.DataFrame:
    """Correct the taxes of the notes that take what is left of their invoice (B-27)."""
    gap = _whole(pl.col("taxes")).cast(AMOUNT) - _fine(pl.col("taxes"))
    upto = pl.col("taken").cum_sum().over("invoice_id")
    earlier = notes.with_columns(gap=gap, is_last=upto == pl.col("left_cents")).with_columns(
        gap=pl.when("is_last").then(NONE).otherwise("gap")
    )
    before = pl.col("gap").cum_sum().over("invoice_id") - pl.col("gap") + pl.col("earlier_cents")
    return earlier.with_columns(
        taxes=pl.when("is_last").then(pl.col("taxes") - before).otherwise("taxes")
    )


def _fine(amount: pl.Expr) -> pl.Expr:
    return amount.round(FINE, mode="half_away_from_zero")


def _whole(amount: pl.Expr) -> pl.Expr:
    """Round to minor units what was added up of quotients of 12 decimals: halves stay halves."""
    return columns.settle(amount.round(10, mode="half_away_from_zero"), 0)
