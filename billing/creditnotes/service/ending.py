"""The notes that are made because subscriptions end, or change to another plan."""

from collections.abc import Sequence

import polars as pl

from billing.creditnotes import queries, rules
from billing.creditnotes.service import writing
from billing.creditnotes.tables import credit_note_items, credit_note_taxes, credit_notes
from metering import columns
from sql.work import Work


def give_back(work: Work, ended: pl.DataFrame) -> None:
    """Give back what subscriptions that just ended have paid for days to come (B-40).

    A note on an invoice that is a draft waits for it.

    Shape:   in, one row per subscription: subscription_id, `day`, the local day of its end,
             is_switch, whether another plan follows at once, trial_on, and `mode`: `credit`,
             `refund`, `offset`, or `skip`, which gives back nothing.
    """
    asked = ended.filter(pl.col("mode") != "skip")
    if asked.is_empty():
        return
    paid = _paid(work, asked)
    if paid.is_empty():
        return
    days = rules.unused(paid)
    notes, items, taxes = _priced(work, days)
    written = writing.write(work, notes, items, taxes)
    if written.height:
        final = written.filter(status="finalized")
        work.tell_all("credit_note.created", "credit_note", final["id"])


def finalize(work: Work, invoice_ids: Sequence[str]) -> None:
    """Compute the notes anew that wait for invoices which were written anew, final or not.

    They keep their ids, their places and what days they are for.
    """
    waiting = queries.drafts(work, invoice_ids)
    if waiting.is_empty():
        return
    ids = waiting["id"].to_list()
    for table in (credit_note_items, credit_note_taxes):
        work.rows.remove(table, work.rows.among(table.c.credit_note_id, ids))
    fees = queries.base_fees(work, waiting["subscription_id"].to_list())
    billed = waiting.join(
        fees, on=["subscription_id", "invoice_id"], how="inner", maintain_order="left"
    ).unique("id", keep="last", maintain_order=True)
    held = writing.held(work, billed["invoice_id"].unique().to_list())
    notes, items, taxes = _priced(
        work, billed.join(held, on="invoice_id", maintain_order="left"), drop_last=True
    )
    gone = waiting.join(notes, on="id", how="anti")
    work.rows.remove(credit_notes, work.rows.among(credit_notes.c.id, gone["id"].to_list()))
    if notes.is_empty():
        return
    again = writing.settled(work, notes)
    names = [c.name for c in credit_notes.c if c.name in again.columns and c.name not in KEPT]
    work.rows.patch(credit_notes, again.select("id", *names))
    writing.parts(work, again, items, taxes)
    final = again.filter(status="finalized")
    writing.take_effect(work, final)
    work.tell_all("credit_note.created", "credit_note", final["id"])


KEPT = ("sequence", "organization_id", "id", "invoice_id", "sequential_id", "created_at")
"""What a note that waits keeps when it is computed again."""


def _paid(work: Work, asked: pl.DataFrame) -> pl.DataFrame:
    """Return the base fee that each ended subscription has for the time of its end, held."""
    ids, since = asked["subscription_id"].to_list(), asked["day"].min()
    known = queries.base_fees(work, ids, since)  # type: ignore[arg-type]
    if known.is_empty():
        return known
    held = writing.held(work, known["invoice_id"].unique().to_list())
    fees = queries.base_fees(work, ids, since)  # type: ignore[arg-type]
    mine = (
        asked.join(fees, on="subscription_id", maintain_order="left_right")
        .filter(pl.col("day").is_between("subscription_first", "subscription_last"))
        .unique("subscription_id", keep="last", maintain_order=True)
    )
    return mine.join(held, on="invoice_id", maintain_order="left")


def _priced(
    work: Work, days: pl.DataFrame, *, drop_last: bool = False
) -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Return what notes come to, with their items and the taxes of their fees."""
    base = rules.given_back(days).filter(pl.col("precise") > 0)
    base = base.with_row_index("note").with_columns(reason=pl.lit("order_cancellation"))
    items = base.select(
        "note", "invoice_id", "fee_id", "precise", "fee_cents", "coupons_cents",
        amount_cents=columns.settle(pl.col("precise"), 0),
    )  # fmt: skip
    taxes = queries.fee_taxes(work, base["fee_id"].to_list())
    left = writing.left(work, base)
    worth = rules.rounded(rules.amounts(items, taxes, left.drop("last")))
    joined = worth.join(base.drop("invoice_id"), on="note", maintain_order="left")
    if not drop_last:
        joined = joined.join(
            left.select("invoice_id", "last"), on="invoice_id", maintain_order="left"
        )
    notes = rules.divided(joined).filter(pl.col("note_cents") > 0)
    return notes, items.join(notes, on="note", how="semi"), taxes
