"""What can be asked about credits."""

from collections.abc import Sequence

import polars as pl
from sqlalchemy import ColumnElement, false, or_, select

from billing.credits.model import AvailableCredit, CreditEntry, CreditReason, CreditStatus
from billing.credits.tables import available_credits, credit_entries
from sql.work import Work


def available(work: Work, customer_ids: Sequence[str]) -> pl.DataFrame:
    """Return what customers have to their credit, the oldest first, and hold it to the end of work.

    Shape:   id, customer_id, currency, balance_cents, code, name, description.
    """
    c = available_credits.c
    return work.rows.frame(
        select(c.id, c.customer_id, c.currency, c.balance_cents, c.code, c.name, c.description)
        .where(work.rows.among(c.customer_id, customer_ids), c.balance_cents > 0)
        .order_by(c.created_at, c.sequence)
        .with_for_update()
    )


def held(work: Work, ids: Sequence[str]) -> pl.DataFrame:
    """Return what is left of credits, and hold them to the end of the work.

    Shape:   id, balance_cents.
    """
    c = available_credits.c
    return work.rows.frame(
        select(c.id, c.balance_cents)
        .where(work.rows.among(c.id, ids))
        .order_by(c.created_at, c.sequence)
        .with_for_update()
    )


def by_ids(work: Work, ids: Sequence[str]) -> dict[str, AvailableCredit]:
    """Return credits by their ids."""
    mine = work.rows.among(available_credits.c.id, ids)
    return {one.id: one for one in work.rows.all(available_credits, AvailableCredit, mine)}


def having(
    work: Work, id: ColumnElement[str], statuses: Sequence[str]
) -> ColumnElement[bool]:  # fmt: skip
    """Say that an id is one of a credit in one of these states."""
    c = available_credits.c
    state = {
        CreditStatus.available: c.balance_cents > 0,
        CreditStatus.consumed: (c.balance_cents == 0) & c.voided_at.is_(None),
        CreditStatus.voided: c.voided_at.is_not(None),
    }
    wanted = [state[CreditStatus(one)] for one in statuses if one in set(CreditStatus)]
    mine = select(c.id).where(c.organization_id == work.organization, or_(false(), *wanted))
    return id.in_(mine)


def spent_on(work: Work, invoice_ids: Sequence[str]) -> dict[str, list[CreditEntry]]:
    """Return what invoices spent of which credit, by invoice, in the order it was spent."""
    c = credit_entries.c
    found: dict[str, list[CreditEntry]] = {}
    spent = work.rows.all(
        credit_entries, CreditEntry,
        work.rows.among(c.cause_id, invoice_ids), c.reason == CreditReason.spent,
    )  # fmt: skip
    for entry in spent:
        found.setdefault(entry.cause_id, []).append(entry)
    return found


def to_give_back(work: Work, invoice_ids: Sequence[str]) -> pl.DataFrame:
    """Return what invoices spent of credits that are not voided, as columns.

    Shape:   credit_id, cause_id, amount_cents, which is above zero.
    """
    entry, credit = credit_entries.c, available_credits.c
    joined = credit_entries.join(
        available_credits,
        (entry.organization_id == credit.organization_id) & (entry.credit_id == credit.id),
    )
    return work.rows.frame(
        select(entry.credit_id, entry.cause_id, (-entry.amount_cents).label("amount_cents"))
        .select_from(joined)
        .where(
            work.rows.among(entry.cause_id, invoice_ids),
            entry.reason == CreditReason.spent,
            credit.voided_at.is_(None),
        )
        .order_by(entry.sequence)
    )
