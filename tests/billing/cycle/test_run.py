"""A run as a whole: what it sends, what it writes down, and what it leaves alone."""

from datetime import date
from decimal import Decimal as D

import polars as pl
import pytest
from msgspec.structs import replace
from sqlalchemy import event, func, select

from billing import (
    customers,
    cycle,
    fees,
    invoices,
    plans,
    subscriptions,
)
from billing.cycle import jobs
from metering import columns, metrics, rating
from metering.metrics import BillableMetricInput
from metering.quantities import LINES
from sql.ledger import METADATA
from tests.billing.cycle.world import JANUARY, World, catalogue, on, plan_of, said, subscribe


def statements(world, do):
    """Count what is sent to both stores while `do` runs."""
    sent = []

    def to_ledger(connection, cursor, text, *rest):
        sent.append(text)

    ask = world.warehouse.query

    def to_warehouse(name, /, **more):
        sent.append(name)
        return ask(name, **more)

    event.listen(world.ledger.engine, "before_cursor_execute", to_ledger)
    world.warehouse.query = to_warehouse
    try:
        do()
    finally:
        event.remove(world.ledger.engine, "before_cursor_execute", to_ledger)
        del world.warehouse.query
    return len(sent)


def fill(world, customers_count):
    """Put customers with one subscription each into the book, in bulk, like the first."""
    with world.begin() as work:
        table, owners = subscriptions.subscriptions, customers.customers
        model = work.rows.frame(select(owners).where(owners.c.external_id == "c1"))
        signed = work.rows.frame(select(table).where(table.c.external_id == "s1"))
        numbers = pl.int_range(2, customers_count + 1, eager=True)
        made = columns.ids(len(numbers))
        named = pl.select(pl.format("c{}", numbers)).to_series()
        many = pl.concat([model.drop("sequence")] * len(numbers)).with_columns(
            id=made, external_id=named, slug=named, sequential_id=numbers
        )
        work.rows.load(owners, many)
        subscribed = pl.concat([signed.drop("sequence")] * len(numbers)).with_columns(
            id=columns.ids(len(numbers)),
            external_id=pl.select(pl.format("s{}", numbers)).to_series(),
            customer_id=made,
        )  # fmt: skip
        work.rows.load(table, subscribed)


@pytest.mark.parametrize("events", [0, 1])
def test_a_run_sends_as_many_statements_for_ten_as_for_a_thousand(world, events):
    """One chunk of 10 and one of 1,000 subscriptions, none of them or each with an event."""
    counts = []
    for size in (10, 1000):
        fresh = World(world.ledger, world.warehouse)
        catalogue(fresh)
        subscribe(fresh)
        fill(fresh, size)
        sold = [f"s{number}" for number in range(1, size + 1)]
        fresh.sends(*[(name, "calls", on("2026-01-20"), "{}") for name in sold[: size * events]])
        fresh.now = on("2026-02-01T00:05:00")
        counts.append(statements(fresh, lambda run=fresh: cycle.bill(run.begin)))
        with fresh.begin() as work:
            assert work.rows.count(invoices.invoices) == size
        fresh.writer.close()

    assert counts[0] == counts[1]


@pytest.mark.parametrize(("most", "chunks"), [(1, 7), (3, 3), (100, 1)])
def test_a_book_is_billed_in_bounded_chunks_that_part_no_customer(world, monkeypatch, most, chunks):
    """Seven customers, the first with two subscriptions: as many invoices, in 7, 3 or 1 steps."""
    monkeypatch.setattr(jobs, "CHUNK", most)
    catalogue(world)
    subscribe(world)
    fill(world, 7)
    subscribe(world, "s1b")
    world.now = on("2026-02-01T00:05:00")
    begun = []

    def begin():
        begun.append(world.now)
        return world.begin()

    assert cycle.bill(begin) == 7
    assert len(begun) == 1 + chunks
    (invoice,) = world.invoices()
    assert len(invoice.billing_periods) == 2


def test_a_line_says_where_it_comes_from(world):
    """Three events of 1.5, 2.5 and 4: their count, sum, digest, prices, statement and watermark."""
    catalogue(world)
    with world.begin() as work:
        metrics.create(
            work,
            said(
                BillableMetricInput, name="Gigabytes", code="gb", aggregation_type="sum_agg",
                field_name="gb",
            ),
        )  # fmt: skip
        gigabytes = metrics.find(work, "gb")
        plans.create(work, plan_of(gigabytes.id, code="storage"))
    subscribe(world, plan_code="storage")
    world.uses(
        "s1", *[("gb", on("2026-01-20"), f'{{"gb":"{size}"}}') for size in ("1.5", "2.5", "4")]
    )
    world.now = on("2026-02-01T00:05:00")
    cycle.bill(world.begin)

    ids_of = [one.id for one in world.invoices()]
    with world.begin() as work:
        _, line = fees.of_invoices(work, ids_of)
        book = plans.book(work)
    (price,) = book.keeping(book.charges.filter(metric_code="gb")).prices
    assert line.price_id == price.id
    assert (line.events_read, line.events_sum, line.units) == (3, D("8.0"), D("8.0"))
    assert line.watermark == 3
    assert len(line.statement) == 16
    assert int(line.events_digest) > 0


def test_rating_with_other_prices_writes_nothing(world):
    """What if a call cost ten times as much? An answer, and not one row more in either store."""
    catalogue(world)
    subscribe(world)
    world.uses("s1", *[("calls", on("2026-01-20"), "{}")] * 10)
    before = rows(world)
    with world.begin() as work:
        book = plans.book(work)
        (price,) = book.prices
        dearer = replace(price, properties=replace(price.properties, amount="0.15"))
        lines = pl.DataFrame(
            {
                "line": [0], "external_subscription_id": ["s1"],
                "organization_id": [world.organization],
                "metric_id": book.charges["metric_id"], "charge_id": [price.charge_id],
                "start": [JANUARY], "stop": [on("2026-02-01")],
                "timezone": ["UTC"], "first_day": [date(2026, 1, 1)],
                "last_day": [date(2026, 1, 31)], "full_days": [31], "full_seconds": [31 * 86_400],
                "digits": [2], "prorated": [False],
            },
            schema=LINES,
        )  # fmt: skip
        until = world.warehouse.watermark()
        (asked,) = rating.rate(world.warehouse, lines, [price], book.metrics, until)["amount"]
        (what_if,) = rating.rate(world.warehouse, lines, [dearer], book.metrics, until)["amount"]

    assert (asked, what_if) == (D("0.15"), D("1.5"))
    assert rows(world) == before


def rows(world):
    """How many rows every table of the ledger has, and how far the warehouse has come."""
    with world.begin() as work:
        counted = {
            name: work.rows.execute(select(func.count()).select_from(table)).scalar_one()
            for name, table in METADATA.tables.items()
        }
    return counted, world.warehouse.watermark()
