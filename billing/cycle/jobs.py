"""What the clock makes the conductor do. Every job may run twice; the second time finds nothing."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime

import polars as pl

from billing import customers, invoices, subscriptions
from billing.cycle import queries, rules, service
from billing.subscriptions import Subscription, SubscriptionStatus
from metering import periods
from metering.measures.period import local, starts
from sql.work import Work

Begin = Callable[[], AbstractContextManager[Work]]
"""Opens one unit of work; it is kept if the block ends well."""

CHUNK = 5_000
"""Subscriptions billed in one transaction: memory grows with this, and not with the book."""


def bill(begin: Begin) -> int:
    """Bill every subscription whose period starts today in its local time, then ended trials."""
    with begin() as work:
        book = periods.today(queries.active(work), "timezone", work.now)
        is_ending = pl.col("ending_on") == pl.col("today")
        due = rules.due_on(book.filter(~is_ending.fill_null(False)).with_columns(day="today"))
        ended = book.filter(_is_past_trial(work))
    return _bill_chunks(begin, due) + _bill_trials(begin, ended)


def bill_missed(begin: Begin) -> int:
    """Bill every older period that was never billed, the oldest day first.

    Also those of subscriptions that have ended since; they are settled then, and not looked at
    again.
    """
    with begin() as work:
        book = periods.today(queries.unsettled(work), "timezone", work.now)
        open_days = rules.unbilled(book, queries.billed(work))
    days = open_days.partition_by("day", maintain_order=True)
    written = sum(_bill_chunks(begin, rules.due_on(day)) for day in days)
    ended = book.filter(pl.col("status") == "terminated")
    if ended.height:
        with begin() as work:
            subscriptions.settle(work, ended["subscription_id"].to_list())
    return written


def bill_events(begin: Begin) -> int:
    """Bill what events are to be paid for at once, all that came until now."""
    seen = 0
    while True:
        with begin() as work:
            more = service.bill_events(work)
        seen += more
        if more < service.MOST:
            return seen


def bill_usage(begin: Begin) -> int:
    """Invoice the usage that has passed a threshold: of those for whom events came since."""
    with begin() as work:
        due = service.due_round(work)
    if due is None:
        return 0
    written = 0
    for start in range(0, len(due.subscription_ids), CHUNK):
        with begin() as work:
            written += service.bill_usage(work, due.subscription_ids[start : start + CHUNK])
    with begin() as work:
        service.end_round(work, due)
    return written


def finalize_due(begin: Begin) -> int:
    """Make the drafts final whose grace period is over."""
    with begin() as work:
        ids = invoices.due_drafts(work)
    done = 0
    for start in range(0, len(ids), CHUNK):
        with begin() as work:
            still = invoices.still_drafts(work, ids[start : start + CHUNK])
            done += service.rebill(work, still, is_gracious=False).height
    return done


def end_subscriptions(begin: Begin) -> int:
    """Terminate the subscriptions whose last day has come, and bill their last period."""
    with begin() as work:
        ending = _dated(work, "ending_at", SubscriptionStatus.active)
        service.end(work, ending)
    return len(ending)


def start_pending(begin: Begin) -> int:
    """Start the subscriptions whose first day has come, and bill what is due in advance."""
    with begin() as work:
        pending = _dated(work, "subscription_at", SubscriptionStatus.pending)
        started = [subscriptions.start(work, one) for one in pending if not one.previous_id]
        if started:
            service.bill_start(work, started)
            service.wish(work, [one.id for one in started])
    return len(started)


def next_due(work: Work, job: str, after: datetime) -> datetime | None:
    """Return the first instant after `after` at which a job has something to do."""
    if job == "billing":
        return rules.next_due(queries.active(work), after)
    if job == "finalize":
        return invoices.next_finalization(work, after)
    if job == "terminate_ended":
        return _next_dated(work, "ending_at", SubscriptionStatus.active, after)
    if job == "activate_pending":
        return _next_dated(work, "subscription_at", SubscriptionStatus.pending, after)
    return None


def _bill_chunks(begin: Begin, due: pl.DataFrame) -> int:
    """Bill in bounded transactions that never part a customer's subscriptions."""
    written = 0
    for chunk in _chunks(due.sort("customer_id", maintain_order=True)):
        with begin() as work:
            invoices.lock(work)
            due = service.switch(work, _still_due(work, chunk))
            written += service.bill(work, due).height
    return written


def _is_past_trial(work: Work) -> pl.Expr:
    return pl.col("trial_ended_at").is_null() & (pl.col("trial_end") <= work.now)


def _bill_trials(begin: Begin, ended: pl.DataFrame) -> int:
    """Bill what is left of the period in which a trial ended, where it is paid in advance (TR3)."""
    written = 0
    for chunk in _chunks(ended.sort("customer_id", maintain_order=True)):
        with begin() as work:
            invoices.lock(work)
            still = queries.active(work, chunk["subscription_id"].to_list())
            still = still.filter(_is_past_trial(work))
            subscriptions.end_trials(work, still)
            written += service.bill(work, rules.past_trial(_without_fee(work, still))).height
    return written


def _without_fee(work: Work, book: pl.DataFrame) -> pl.DataFrame:
    """Leave out the subscriptions that have a base fee for the day on which their trial ends."""
    fees = queries.with_fee(work, book["subscription_id"].to_list())
    is_in = pl.col("trial_on").is_between("subscription_first", "subscription_last")
    billed = book.join(fees, on="subscription_id").filter(is_in)
    return book.join(billed, on="subscription_id", how="anti", maintain_order="left")


def _chunks(due: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """A customer is in the chunk that its first subscription falls into."""
    numbered = due.with_row_index("_chunk").with_columns(
        pl.col("_chunk").first().over("customer_id").floordiv(CHUNK)
    )
    for chunk in numbered.partition_by("_chunk", maintain_order=True):
        yield chunk.drop("_chunk")


def _still_due(work: Work, chunk: pl.DataFrame) -> pl.DataFrame:
    """Leave out what another run has billed, or what has ended, since the book was read."""
    ids = chunk["subscription_id"].to_list()
    c = invoices.billing_periods.c
    done = queries.billed(work, work.rows.among(c.subscription_id, ids))
    return chunk.join(
        queries.lives(work, ids),
        on=["subscription_id", "status"],
        how="semi",
        maintain_order="left",
    ).join(done, on=["subscription_id", "billed_on"], how="anti", maintain_order="left")


def _dated(work: Work, column: str, status: SubscriptionStatus) -> list[Subscription]:
    """Return the subscriptions whose local day of `column` has come."""
    return [
        one
        for one, zone in _waiting(work, column, status)
        if local(getattr(one, column), zone) <= local(work.now, zone)
    ]


def _next_dated(
    work: Work, column: str, status: SubscriptionStatus, after: datetime
) -> datetime | None:
    begins = [
        starts(local(getattr(one, column), zone), zone)
        for one, zone in _waiting(work, column, status)
    ]
    return min((instant for instant in begins if instant > after), default=None)


def _waiting(work: Work, column: str, status: SubscriptionStatus) -> list[tuple[Subscription, str]]:
    """Return the subscriptions that have such a day, and their zones."""
    table = subscriptions.subscriptions
    found = work.rows.all(
        table, Subscription, table.c.status == status, table.c[column].is_not(None)
    )
    owners = customers.by_ids(work, {one.customer_id for one in found})
    return [(one, owners[one.customer_id].applicable_timezone) for one in found]
