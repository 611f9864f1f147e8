"""What is paid for at once: events become fees, each on an invoice of its own or alone."""

import polars as pl
from msgspec import Struct

from billing import fees, invoices, plans, subscriptions
from billing.cycle import queries, rules
from billing.cycle.service.opening import GROUP, described, opened
from billing.cycle.tables import advance_marks
from billing.invoices import Bill
from metering import advance, columns, periods
from metering.measures import ids
from sql.types import INSTANT
from sql.work import Work

MOST = 1_000
"""Events that are billed in one transaction."""

LOCK = "advance"
"""What whoever bills the events of an organization holds."""

OWNER = (
    "subscription_id", "customer_id", "entity_id", "plan_id", "currency", "digits", "timezone",
    "purchase_order_number", "payment_method_type", "payment_method_id", "entity_timezone",
    "customer_sequential_id", "grace_days", "net_payment_term", "zero_is_skipped", "numbering",
    "prefix",
)  # fmt: skip
"""What a fee, its taxes and its invoice take from the subscription and its customer."""

LINE = ["subscription_id", "charge_id", "charges_from"]


class Mark(Struct, frozen=True, kw_only=True):
    """Up to where an organization's events are paid for."""

    id: str
    reached: int


def bill_events(work: Work) -> int:
    """Bill the events that came since the last time, MOST of them, and say how many were seen.

    Where nothing is paid for in advance nothing is read but that. Two that bill at a time wait for
    each other, and the second finds the mark moved; a fee's key says so again.
    """
    ahead = plans.ahead(work)
    if ahead.is_empty():
        return 0
    work.rows.lock(LOCK)
    mark = work.rows.find(advance_marks, Mark)
    since, until = mark.reached if mark else 0, work.warehouse.watermark()
    if until <= since:
        return 0
    fresh = work.warehouse.query(
        "advance/fresh", organization=work.organization, codes=ahead["code"].unique().to_list(),
        since=since, until=until, most=MOST,
    ).rename({"external_subscription_id": "external_id"})  # fmt: skip
    is_all = fresh.height < MOST
    reached = until if is_all else int(fresh["sequence"].max())  # type: ignore[arg-type]
    _bill(work, _owned(work, fresh, ahead), since, reached)
    if mark is None:
        work.rows.add(advance_marks, Mark(id=ids.new(), reached=reached), taken="base")
    else:
        work.rows.change(advance_marks, advance_marks.c.id == mark.id, reached=reached)
    return fresh.height


def _owned(work: Work, fresh: pl.DataFrame, ahead: pl.DataFrame) -> pl.DataFrame:
    """Return which event is to be paid for under which charge, in which usage period.

    An event that came before its subscription or its charge was made is not paid for at once.
    """
    c = subscriptions.subscriptions.c
    named = fresh["external_id"].unique().to_list()
    book = queries.book(work, work.rows.among(c.external_id, named), c.started_at.is_not(None))
    held = rules.owned(fresh, book)
    adopted = rules.adopted(fresh.join(held, on="sequence", how="anti"), book)
    found = pl.concat(
        [
            held.join(ahead, on=["plan_id", "code"]),
            adopted.join(ahead.filter("recurring"), on=["plan_id", "code"]),
        ]
    )
    known = pl.max_horizontal("created_at", "charged_since")
    return rules.usage_periods(found.filter(pl.col("received_at") >= known))


def _bill(work: Work, owned: pl.DataFrame, since: int, reached: int) -> None:
    """Make the fees of events, and the invoices of those that have one."""
    if owned.is_empty():
        return
    made = _fees(work, owned, since, reached)
    on_invoice = made.filter("invoiceable")
    if not on_invoice.is_empty():
        _invoice(work, on_invoice)
    invoices.issue_alone(work, made.filter(~pl.col("invoiceable")))


def _fees(work: Work, owned: pl.DataFrame, since: int, reached: int) -> pl.DataFrame:
    """Return the fees of events, with all that is known of their subscriptions."""
    book = plans.book(work, owned["plan_id"].unique().to_list())
    lines = (
        owned.with_columns(pl.col("at").min().over(LINE).alias("first_at"))
        .unique(LINE, keep="first", maintain_order=True)
        .join(
            book.charges.drop("metric_id", "code"),
            on=["plan_id", "charge_id"], maintain_order="left",
        )
        .with_row_index("line")
        .with_columns(
            organization_id=pl.lit(work.organization),
            external_subscription_id="external_id",
            start="charges_from", stop="charges_stop",
            first_day="charges_first", last_day="charges_last",
            full_days=pl.col("charges_days").cast(pl.Int32), full_seconds="charges_seconds",
        )
        .drop("sequence", "at", "received_at")
    )  # fmt: skip
    lines = described(work, lines, book)
    paid = advance.rate(
        work.warehouse, lines, book.prices, book.metrics, since, reached,
        _paid_for(work, lines),
    )  # fmt: skip
    asked = owned.select(*LINE, "sequence").join(lines.select(*LINE, "line"), on=LINE)
    told = (
        paid.join(asked.select("line", "sequence"), on=["line", "sequence"], how="semi")
        .join(lines, on="line", maintain_order="left")
        .join(book.filters.drop("charge_id"), on="filter_id", how="left", maintain_order="left")
        .with_row_index("period")
        .with_columns(watermark=pl.lit(reached))
    )
    owners = told.select(*OWNER, external_subscription_id="external_id")
    return fees.advance_fees(told).hstack(owners)


def _paid_for(work: Work, lines: pl.DataFrame) -> pl.DataFrame:
    """Return up to which level the buckets and groups of lines are paid for: advance.PAID_FOR."""
    found = queries.paid_levels(work, lines["subscription_id"], lines["charge_id"])
    placed = found.join(lines.select(*LINE, "line"), on=LINE)
    return columns.shaped(placed, advance.PAID_FOR)


def _invoice(work: Work, made: pl.DataFrame) -> None:
    """Give each event an invoice of its own for what it costs under one subscription."""
    invoices.lock(work)
    told = periods.today(made, "timezone", work.now).with_columns(
        billed_on="today",
        reason=pl.lit("in_advance_charge"),
        is_gracious=pl.lit(False),
        alone=pl.format("{}:{}", "subscription_id", "event_sequence"),
    )
    opened_ = opened(work, told)
    owned = told.join(
        opened_.select("invoice_id", *GROUP), on=GROUP, nulls_equal=True, maintain_order="left"
    ).with_columns(taxable_cents="amount_cents")
    billed = owned.unique("invoice_id", keep="first", maintain_order=True).select(
        "invoice_id", "subscription_id", "external_subscription_id", "plan_id", "billed_on",
        "watermark", invoicing_reason="reason", created_at=pl.lit(work.now, INSTANT),
    )  # fmt: skip
    bill = Bill(invoices=opened_.drop("invoice_id"), periods=billed, fees=owned)
    invoices.issue(work, invoices.assemble(work, bill))
