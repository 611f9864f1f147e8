"""What can be done with credits: paid in, spent, given back and voided, always by an entry.

Whoever changes a balance holds its row to the end of the work, and the entry's unique key is the
guard: the same cause changes the same credit for the same reason once.
"""

from collections.abc import Sequence

import polars as pl

from billing.credits.model import CreditReason
from billing.credits.queries import held, to_give_back
from billing.credits.tables import available_credits, credit_entries
from metering import columns
from metering.measures.refusals import Conflict
from sql.types import INSTANT
from sql.work import Work


def pay_in(work: Work, paid: pl.DataFrame) -> None:
    """Credit customers.

    Shape:   in, id, customer_id, currency, amount_cents, which is above zero, code, name,
             description and created_at.
    """
    now = pl.lit(work.now, INSTANT)
    work.rows.load(
        available_credits, paid.with_columns(balance_cents="amount_cents", updated_at=now)
    )
    _write(work, CreditReason.paid_in, paid.select("amount_cents", credit_id="id", cause_id="id"))


def spend(work: Work, spent: pl.DataFrame) -> None:
    """Take from credits what invoices spend of them.

    Shape:   in, credit_id, invoice_id and amount_cents, which is above zero; no pair of them twice.
    Raises:  AssertionError if more is spent than is left.
    """
    if spent.is_empty():
        return
    _enter(
        work, CreditReason.spent,
        spent.select("credit_id", cause_id="invoice_id", amount_cents=-pl.col("amount_cents")),
    )  # fmt: skip


def give_back(work: Work, invoice_ids: Sequence[str]) -> pl.DataFrame:
    """Give back what invoices spent, which no longer hold; what was voided since stays voided.

    Shape:   out, credit_id, cause_id, the invoice, and amount_cents.
    """
    back = to_give_back(work, invoice_ids)
    _enter(work, CreditReason.given_back, back)
    return back


def void(work: Work, id: str) -> None:
    """Take away what is left of a credit, for good.

    Raises: Conflict `no_voidable_amount`.
    """
    left = held(work, [id]).filter(pl.col("balance_cents") > 0)
    if left.is_empty():
        raise Conflict("no_voidable_amount", "Nothing is left that could be voided.")
    _enter(
        work, CreditReason.voided,
        left.select(credit_id="id", cause_id="id", amount_cents=-pl.col("balance_cents")),
    )  # fmt: skip
    work.rows.change(available_credits, available_credits.c.id == id, voided_at=work.now)


def _enter(work: Work, reason: CreditReason, entries: pl.DataFrame) -> None:
    """Write entries, and the balances they lead to: the only way a balance ever changes."""
    if entries.is_empty():
        return
    changes = entries.group_by("credit_id").agg(change=pl.col("amount_cents").sum())
    left = held(work, changes["credit_id"].to_list())
    after = left.join(changes, left_on="id", right_on="credit_id").select(
        "id",
        balance_cents=pl.col("balance_cents") + pl.col("change"),
        updated_at=pl.lit(work.now),
    )
    assert after.height == changes.height, reason
    assert (after["balance_cents"] >= 0).all(), reason
    work.rows.patch(available_credits, after)
    _write(work, reason, entries)


def _write(work: Work, reason: CreditReason, entries: pl.DataFrame) -> None:
    stamped = entries.with_columns(
        id=columns.ids(entries.height),
        reason=pl.lit(str(reason)),
        created_at=pl.lit(work.now, INSTANT),
    )
    work.rows.load(credit_entries, stamped)
