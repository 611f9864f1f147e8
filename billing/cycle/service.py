"""What spans rooms: from periods that are due to invoices that are written."""

from collections.abc import Sequence

import polars as pl
from msgspec.structs import replace

from billing import customers, fees, invoices, plans, subscriptions, usage
from billing.cycle import queries, rules
from billing.invoices import Bill
from billing.subscriptions import (
    OnTerminationInvoice,
    Subscription,
    SubscriptionChoice,
    SubscriptionInput,
    SubscriptionStatus,
    SubscriptionUpdate,
    SubscriptionView,
    Termination,
)
from metering import columns, periods
from metering.measures import money
from metering.measures.period import local
from metering.measures.refusals import Checks
from sql.types import INSTANT
from sql.work import Work

GROUP = (
    "customer_id", "currency", "billed_on", "alone", "purchase_order_number",
    "payment_method_type", "payment_method_id",
)  # fmt: skip
"""Periods alike in these are billed on one invoice (BR2)."""


def subscribe(work: Work, subscription: SubscriptionInput) -> SubscriptionView:
    """Subscribe a customer to a plan, and bill what is due in advance.

    The customer is created if there is none of that id. A start in the past is backdated: nothing
    is billed now, and the next run bills as if it had always been there.

    Raises: Missing `plan_not_found`; Invalid `external_id: value_already_exist`, `plan_code:
            plan_change_not_available`, `subscription_at` and `ending_at: invalid_date`.
    """
    made, is_new = subscriptions.create(work, subscription)
    if is_new and made.status is SubscriptionStatus.active:
        bill_start(work, [made])
    return subscriptions.show(work, made)


def update_subscription(
    work: Work, external_id: str, subscription: SubscriptionUpdate, query: SubscriptionChoice
) -> SubscriptionView:
    """Change a subscription's name, dates or way of paying; what is absent stays.

    Raises: Missing `subscription_not_found`; Invalid `ending_at: invalid_date`.
    """
    found = subscriptions.find(work, external_id, query.status)
    after = subscriptions.update(work, found, subscription)
    if after.status is SubscriptionStatus.pending and _has_begun(work, after):
        after = subscriptions.start(work, after)
        bill_start(work, [after])
    return subscriptions.show(work, after)


def bill_start(work: Work, started: Sequence[Subscription]) -> None:
    """Bill what subscriptions that start today owe in advance; backdated ones owe nothing now."""
    mine = subscriptions.subscriptions.c.id.in_([one.id for one in started])
    book = periods.today(queries.book(work, mine), "timezone", work.now)
    today = book.filter(pl.col("started_on") == pl.col("today"))
    bill(work, rules.starting(today.with_columns(day="today")))


def terminate(work: Work, external_id: str, query: Termination) -> SubscriptionView:
    """End a subscription and invoice what was used, or cancel one that has not started.

    Raises: Missing `subscription_not_found`; Invalid `on_termination_invoice` and
            `on_termination_credit_note: invalid_value`.
    """
    if query.status == SubscriptionStatus.pending:
        pending = subscriptions.find(work, external_id, SubscriptionStatus.pending)
        return subscriptions.show(work, subscriptions.cancel(work, pending))
    found = subscriptions.find(work, external_id)
    _check_termination(query, plans.by_ids(work, [found.plan_id])[found.plan_id])
    if query.on_termination_invoice:
        chosen = OnTerminationInvoice(query.on_termination_invoice)
        found = replace(found, on_termination_invoice=chosen)
    end(work, [found])
    return subscriptions.get(work, external_id, SubscriptionChoice(status="terminated"))


def end(work: Work, ending: Sequence[Subscription]) -> None:
    """Terminate active subscriptions now, and bill their last period unless they skip that."""
    ended = [subscriptions.terminate(work, one) for one in ending]
    billed = [one.id for one in ended if one.on_termination_invoice != "skip"]
    if not billed:
        return
    book = queries.book(work, subscriptions.subscriptions.c.id.in_(billed))
    told = periods.today(book, "timezone", work.now).with_columns(day="today")
    done = queries.billed(work, invoices.billing_periods.c.subscription_id.in_(billed))
    known = done.with_columns(is_billed=pl.lit(True))
    told = told.join(
        known, left_on=["subscription_id", "day"], right_on=["subscription_id", "billed_on"],
        how="left", maintain_order="left",
    )  # fmt: skip
    bill(work, rules.terminating(told.with_columns(pl.col("is_billed").fill_null(False))))


def bill(work: Work, due: pl.DataFrame) -> pl.DataFrame:
    """Bill periods that are due, all of them at once, and return the invoices written.

    Shape:   in, a book with BOUNDS; out, the invoices.
    Cost:    as many statements to both stores whatever the number of periods.
    """
    if due.is_empty():
        return pl.DataFrame()
    invoices.lock(work)
    book = plans.book(work, due["plan_id"].unique().to_list())
    debtors = queries.debtors(work, due["customer_id"]).drop("currency", "timezone")
    billed = (
        due.drop("plan_in_advance")
        .join(_terms(book), on="plan_id", maintain_order="left")
        .join(debtors, on="customer_id", maintain_order="left")
        .with_row_index("period")
        .with_columns(
            alone=pl.when(~pl.col("consolidate_invoice")).then("subscription_id"),
            digits=_digits(pl.col("currency")),
        )
    )
    made = _invoices(work, billed)
    billed = billed.join(
        made.select("invoice_id", *GROUP), on=GROUP, nulls_equal=True, maintain_order="left"
    )
    return invoices.issue(work, _assembled(work, made, billed, book))


def rebill(work: Work, ids: Sequence[str], *, is_gracious: bool) -> pl.DataFrame:
    """Compute drafts again from the same periods, with what is known now, and write them anew.

    Without grace they become final (I4). Shape: ids of drafts in, the invoices out.
    """
    if not ids:
        return pl.DataFrame()
    invoices.lock(work)
    old = invoices.drafts(work, ids)
    kept = invoices.periods(work, ids)
    mine = subscriptions.subscriptions.c.id.in_(kept["subscription_id"].unique().to_list())
    told = subscriptions.book(work, mine).drop("plan_id")
    book = plans.book(work, kept["plan_id"].unique().to_list())
    debtors = queries.debtors(work, old["customer_id"]).drop("currency", "timezone")
    billed = (
        kept.join(told, on="subscription_id", maintain_order="left")
        .join(_terms(book), on="plan_id", maintain_order="left")
        .join(debtors, on="customer_id", maintain_order="left")
        .with_row_index("period")
        .with_columns(digits=_digits(pl.col("currency")))
    )
    made = old.join(debtors, on="customer_id", maintain_order="left").with_columns(
        is_gracious=pl.lit(is_gracious), digits=_digits(pl.col("currency"))
    )
    bill = _assembled(work, made, billed, book)
    invoices.withdraw(work, list(ids))
    return invoices.issue(work, bill)


def update_plan(work: Work, code: str, plan: plans.PlanUpdate) -> plans.Plan:
    """Change a plan; of one that is subscribed to, only what may change under a subscription.

    New prices hold from the next fee on; drafts are computed with them when they become final.

    Raises: Missing `plan_not_found`, `billable_metrics_not_found`, `add_ons_not_found`,
            `tax_not_found`; Invalid `code: value_already_exist`, `base: <what is not billed yet>`.
    """
    subscribed = subscriptions.is_on(work, plans.bare(work, code).id)
    return plans.change(work, code, plan, subscribed)


def remove_customer(work: Work, external_id: str) -> customers.Customer:
    """Delete a customer: its subscriptions end and are billed, its drafts become final.

    Raises: Missing `customer_not_found`.
    """
    customer = customers.find(work, external_id)
    pending = SubscriptionStatus.pending
    for one in subscriptions.of_customer(work, customer.id, pending):
        subscriptions.cancel(work, one)
    end(work, subscriptions.of_customer(work, customer.id, SubscriptionStatus.active))
    rebill(work, invoices.waiting(work, customer.id), is_gracious=False)
    return customers.delete(work, external_id)


def finalize(work: Work, id: str) -> invoices.InvoiceView:
    """Make a draft final: computed once more, numbered, and told.

    Raises: Missing `invoice_not_found`, also for an invoice that is no draft.
    """
    invoices.draft(work, id)
    rebill(work, [id], is_gracious=False)
    return invoices.find(work, id)


def refresh(work: Work, id: str) -> invoices.InvoiceView:
    """Compute a draft again with what is known now; an invoice that is no draft stays as it is.

    Raises: Missing `invoice_not_found`.
    """
    if invoices.find(work, id).status is invoices.InvoiceStatus.draft:
        rebill(work, [id], is_gracious=True)
    return invoices.find(work, id)


def finalize_all(work: Work) -> list[invoices.InvoiceView]:
    """Make every draft final, and return them."""
    ids = invoices.waiting(work)
    rebill(work, ids, is_gracious=False)
    return invoices.some(work, ids)


def _check_termination(query: Termination, plan: plans.Terms) -> None:
    """Refuse options that are unknown, and the credit notes that are not written yet.

    In arrears nothing was paid ahead, so that every choice of a credit note comes to none.
    """
    notes = ("skip",) if plan.pay_in_advance else ("credit", "refund", "offset", "skip")
    checks = Checks()
    checks.that(
        query.on_termination_invoice in (None, "generate", "skip"),
        on_termination_invoice="invalid_value",
    )
    checks.that(
        query.on_termination_credit_note in (None, *notes),
        on_termination_credit_note="invalid_value",
    )
    checks.done()


def _has_begun(work: Work, subscription: Subscription) -> bool:
    zone = customers.find_by_id(work, subscription.customer_id).applicable_timezone
    return local(subscription.subscription_at, zone) <= local(work.now, zone)


def _terms(book: plans.Book) -> pl.DataFrame:
    """What a base fee takes from its plan."""
    return book.plans.select(
        "plan_id", "plan_code", "plan_name", "plan_display_name", "plan_amount_cents", "currency",
        plan_in_advance="pay_in_advance",
    )  # fmt: skip


def _invoices(work: Work, periods: pl.DataFrame) -> pl.DataFrame:
    """Open one invoice per group of periods."""
    groups = periods.group_by(GROUP, maintain_order=True).agg(
        pl.col(
            "customer_sequential_id", "timezone", "entity_id", "entity_timezone", "digits",
            "grace_days", "net_payment_term", "zero_is_skipped", "numbering", "prefix",
        ).first()
    )  # fmt: skip
    now = pl.lit(work.now, INSTANT)
    ids = columns.ids(groups.height)
    return groups.with_columns(
        id=ids,
        invoice_id=ids,
        invoice_type=pl.lit("subscription"),
        is_gracious=pl.lit(True),
        billed_at=now,
        created_at=now,
    )


def _assembled(work: Work, made: pl.DataFrame, periods: pl.DataFrame, book: plans.Book) -> Bill:
    """Price the periods and take them through the steps of an invoice."""
    until = work.warehouse.watermark()
    priced = usage.priced(work, periods, book, until).with_columns(watermark=pl.lit(until))
    owners = periods.select(
        "period", "invoice_id", "customer_id", "entity_id", "plan_id", "subscription_id",
        "currency", "digits", external_subscription_id="external_id",
    )  # fmt: skip
    both = pl.concat([fees.subscription_fees(periods), fees.charge_fees(priced)])
    owned = both.sort("period", maintain_order=True).join(
        owners, on="period", maintain_order="left"
    )
    return invoices.assemble(
        work,
        Bill(
            invoices=made.drop("invoice_id", strict=False),
            periods=periods.with_columns(
                invoicing_reason="reason",
                external_subscription_id="external_id",
                created_at=pl.lit(work.now, INSTANT),
            ),
            fees=owned.with_columns(taxable_cents="amount_cents"),
        ),
    )


def _digits(currency: pl.Expr) -> pl.Expr:
    known = {name: money.digits(name) for name in sorted(money.CURRENCIES)}
    return currency.replace_strict(known, return_dtype=pl.Int32)
