"""The bill run, by its verbs, on both pairs of engines; and everything twice."""

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal as D

import msgspec
import polars as pl
import pytest
from msgspec.structs import replace
from sqlalchemy import event, func, select

from billing import (
    customers,
    cycle,
    entities,
    fees,
    invoices,
    plans,
    subscriptions,
    taxes,
    usage,
)
from billing.customers import CustomerInput
from billing.invoices import InvoiceQuery
from billing.plans import PlanInput
from billing.subscriptions import SubscriptionInput, Termination
from billing.taxes import TaxInput
from ingest import batch
from ingest.group import Group
from ingest.writer import Writer
from metering import columns, metrics, rating
from metering.measures import ids
from metering.metrics import BillableMetricInput
from metering.quantities import LINES
from sql.ledger import METADATA, Ledger
from sql.warehouse import open_warehouse
from sql.work import Work
from tests.engines import new_ledger_url, new_warehouse_url

JANUARY = datetime(2026, 1, 1, tzinfo=UTC)


def on(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


class World:
    """One organization at one instant, on one pair of engines."""

    def __init__(self, ledger, warehouse):
        self.ledger, self.warehouse, self.now = ledger, warehouse, JANUARY
        self.writer = Writer(warehouse)
        self.organization = ids.new()
        with self.begin() as work:
            entities.open_default(work, "Invora", "EUR")

    @contextmanager
    def begin(self):
        with self.ledger.transaction(self.organization) as rows:
            yield Work(
                organization=self.organization, now=self.now, rows=rows, warehouse=self.warehouse
            )

    def uses(self, subscription, *events):
        return self.sends(*[(subscription, *event) for event in events])

    def sends(self, *events):
        rows = [
            (subscription, ids.new(), code, int(at.timestamp() * 1_000_000), True, properties, None)
            for subscription, code, at, properties in events
        ]
        group = Group(
            organization=self.organization, received_at=self.now, rows=batch.of(rows), is_whole=True
        )
        return self.writer.put(group).result()

    def invoices(self, customer="c1"):
        with self.begin() as work:
            page = invoices.of_customer(work, customer, InvoiceQuery())
            return [invoices.find(work, one.id) for one in page.items][::-1]


@pytest.fixture(params=[("sqlite", "duckdb"), ("postgresql", "chdb")], ids="-".join)
def world(request):
    ledger_kind, warehouse_kind = request.param
    ledger = Ledger(new_ledger_url(ledger_kind))
    warehouse = open_warehouse(new_warehouse_url(warehouse_kind))
    made = World(ledger, warehouse)
    yield made
    made.writer.close()
    warehouse.close()
    ledger.close()


def catalogue(world, **plan):
    """A metric of calls at 0.015 each beyond a flat month of 31.00, and 20 % of tax."""
    with world.begin() as work:
        taxes.create(
            work, TaxInput(name="VAT", code="vat", rate=D(20), applied_to_organization=True)
        )
        calls = metrics.create(
            work,
            said(BillableMetricInput, name="Calls", code="calls", aggregation_type="count_agg"),
        )
        plans.create(work, plan_of(calls.id, **plan))
        customers.upsert(work, CustomerInput(external_id="c1", currency="EUR"))


def said(kind, **fields):
    """Read a request as the doors do."""
    return msgspec.convert(fields, kind)


def plan_of(metric_id, **more):
    charge = {
        "billable_metric_id": metric_id, "charge_model": "standard",
        "properties": {"amount": "0.015"},
    }  # fmt: skip
    basic = {
        "name": "Basic", "code": "basic", "interval": "monthly", "amount_cents": 3100,
        "amount_currency": "EUR", "pay_in_advance": False, "charges": [charge],
    }  # fmt: skip
    return said(PlanInput, **{**basic, **more})


def subscribe(world, external_id="s1", **more):
    with world.begin() as work:
        asked = {"external_customer_id": "c1", "plan_code": "basic", "external_id": external_id}
        return cycle.subscribe(work, said(SubscriptionInput, **{**asked, **more}))


def test_one_event_becomes_one_invoice(world):
    """From January 11, one call: 31.00 x 21/31 + 0.015 = 21.00 + 0.02, 20 % on both."""
    catalogue(world)
    world.now = on("2026-01-11T08:00:00")
    subscribe(world)
    world.uses("s1", ("calls", on("2026-01-20T00:00:00"), "{}"))
    world.now = on("2026-02-01T00:05:00")

    assert cycle.bill(world.begin) == 1

    (invoice,) = world.invoices()
    base, calls = invoice.fees
    assert (base.amount_cents, base.item.code, base.item.type) == (2100, "basic", "subscription")
    assert (calls.amount_cents, calls.precise_amount, calls.units) == (2, D("0.015"), D("1.0"))
    assert (calls.events_count, calls.precise_unit_amount) == (1, D("0.015"))
    assert (invoice.fees_amount_cents, invoice.taxes_amount_cents) == (2102, 420)
    assert (invoice.total_amount_cents, invoice.taxes_rate) == (2522, D("20.0"))
    assert (invoice.status, invoice.number) == ("finalized", f"{prefix(world)}-001-001")
    (period,) = invoice.billing_periods
    assert period.charges_from_datetime == on("2026-01-11T08:00:00")
    assert period.charges_to_datetime == on("2026-01-31T23:59:59")
    assert invoice.issuing_date.isoformat() == "2026-02-01"


def prefix(world):
    with world.begin() as work:
        return entities.default(work).document_number_prefix


def test_a_run_may_run_twice_and_bills_each_period_once(world):
    """Two runs of February 1, one of March 1: two invoices."""
    catalogue(world)
    subscribe(world)
    world.now = on("2026-02-01T00:05:00")
    assert [cycle.bill(world.begin), cycle.bill(world.begin)] == [1, 0]
    world.now = on("2026-03-01T23:59:00")
    assert [cycle.bill(world.begin), cycle.bill(world.begin)] == [1, 0]

    assert [one.number[-3:] for one in world.invoices()] == ["001", "002"]


def test_what_was_missed_is_caught_up_in_order(world):
    """No run until April 15: that day's run finds nothing, the job of the missed bills three."""
    catalogue(world)
    subscribe(world)
    world.now = on("2026-04-15T12:00:00")

    assert cycle.bill(world.begin) == 0
    assert [cycle.bill_missed(world.begin), cycle.bill_missed(world.begin)] == [3, 0]

    firsts = [one.billing_periods[0].subscription_from_datetime for one in world.invoices()]
    assert firsts == [on("2026-01-01"), on("2026-02-01"), on("2026-03-01")]


def test_a_plan_in_advance_is_billed_at_the_start_and_then_with_the_usage_before(world):
    """From January 17: 15 days of 31 at once; in February the whole month and January's calls."""
    catalogue(world, pay_in_advance=True)
    world.now = on("2026-01-17T12:00:00")
    subscribe(world)
    (first,) = world.invoices()
    assert [fee.amount_cents for fee in first.fees] == [1500]
    assert first.billing_periods[0].charges_from_datetime is None

    world.uses("s1", *[("calls", on("2026-01-31T23:59:59"), "{}")] * 100)
    world.now = on("2026-02-01T01:00:00")
    cycle.bill(world.begin)

    second = world.invoices()[1]
    assert [fee.amount_cents for fee in second.fees] == [3100, 150]
    assert second.billing_periods[0].subscription_to_datetime == on("2026-02-28T23:59:59")


def test_a_backdated_subscription_is_billed_as_if_it_had_always_been_there(world):
    """Started on January 1 but told on January 20: nothing now, the whole month at its end."""
    catalogue(world, pay_in_advance=True)
    world.now = on("2026-01-20T12:00:00")
    subscribe(world, subscription_at=JANUARY)
    assert world.invoices() == []

    world.uses("s1", ("calls", on("2026-01-02T00:00:00"), "{}"))
    world.now = on("2026-02-01T00:00:00")
    cycle.bill(world.begin)
    assert [fee.amount_cents for fee in world.invoices()[0].fees] == [3100, 2]


def test_the_end_of_a_subscription_bills_its_days_and_usage(world):
    """Ended on January 10 at noon: 10 days of 31, the call before noon and not the one after."""
    catalogue(world)
    subscribe(world)
    world.now = on("2026-01-10T12:00:00")
    early, late = on("2026-01-10T11:59:59"), on("2026-01-10T12:00:01")
    world.uses("s1", ("calls", early, "{}"), ("calls", late, "{}"))

    with world.begin() as work:
        ended = cycle.terminate(work, "s1", Termination())
        assert ended.status == "terminated"

    (invoice,) = world.invoices()
    assert [(fee.amount_cents, fee.units) for fee in invoice.fees] == [(1000, 1), (2, 1)]
    world.now = on("2026-02-01T00:00:00")
    assert cycle.bill(world.begin) == 0


def test_a_draft_takes_late_events_until_it_is_final(world):
    """Three days of grace: 100 calls seen at first, 150 when it is finalized on February 4."""
    catalogue(world)
    with world.begin() as work:
        customers.set_grace_period(work, "c1", customers.GracePeriodInput(invoice_grace_period=3))
    subscribe(world)
    world.uses("s1", *[("calls", on("2026-01-15"), "{}")] * 100)
    world.now = on("2026-02-01T00:10:00")
    cycle.bill(world.begin)
    (draft,) = world.invoices()
    assert (draft.status, draft.number[-5:], draft.sequential_id) == ("draft", "DRAFT", None)
    assert (draft.fees_amount_cents, draft.issuing_date.isoformat()) == (3250, "2026-02-04")

    world.uses("s1", *[("calls", on("2026-01-31"), "{}")] * 50)
    assert cycle.finalize_due(world.begin) == 0
    world.now = on("2026-02-04T00:00:00")
    with world.begin() as work:
        assert cycle.next_due(work, "finalize", on("2026-02-03")) == on("2026-02-04")
    assert [cycle.finalize_due(world.begin), cycle.finalize_due(world.begin)] == [1, 0]

    (final,) = world.invoices()
    assert (final.id, final.status, final.sequential_id) == (draft.id, "finalized", 1)
    assert (final.fees_amount_cents, final.issuing_date.isoformat()) == (3325, "2026-02-04")


def test_current_usage_and_the_invoice_of_the_period_agree(world):
    """250 calls: 3.75 and 20 % of tax, now and on February's invoice."""
    catalogue(world)
    subscribe(world)
    world.uses("s1", *[("calls", on("2026-01-15"), "{}")] * 250)
    world.now = on("2026-01-20T00:00:00")
    with world.begin() as work:
        now = usage.current(work, "c1", usage.UsageQuery(external_subscription_id="s1"))
    assert (now.amount_cents, now.taxes_amount_cents, now.total_amount_cents) == (375, 75, 450)
    (calls,) = now.charges_usage
    assert (calls.units, calls.events_count, calls.filters) == (D("250.0"), 250, [])

    world.now = on("2026-02-01T00:00:00")
    cycle.bill(world.begin)
    assert world.invoices()[0].fees[1].amount_cents == now.amount_cents


def test_subscriptions_of_one_customer_share_an_invoice_unless_one_stands_alone(world):
    """Three subscriptions, one of them not consolidated: two invoices, numbered 1 and 2."""
    catalogue(world)
    subscribe(world, "s1")
    subscribe(world, "s2")
    subscribe(world, "s3", consolidate_invoice=False)
    world.now = on("2026-02-01T00:00:00")
    cycle.bill(world.begin)

    assert sorted(len(one.billing_periods) for one in world.invoices()) == [1, 2]
    assert sorted(one.sequential_id for one in world.invoices()) == [1, 2]


def test_pending_subscriptions_start_and_dated_ones_end(world):
    """From February 10, until February 20: the days between are billed on the day of the end."""
    catalogue(world)
    begins, ends = on("2026-02-10T09:00:00"), on("2026-02-20T15:00:00")
    made = subscribe(world, subscription_at=begins, ending_at=ends)
    assert made.status == "pending"
    with world.begin() as work:
        assert cycle.next_due(work, "activate_pending", world.now) == on("2026-02-10")
    world.now = begins + timedelta(minutes=3)
    assert [cycle.start_pending(world.begin), cycle.start_pending(world.begin)] == [1, 0]
    world.now = ends
    assert [cycle.end_subscriptions(world.begin), cycle.end_subscriptions(world.begin)] == [1, 0]

    (invoice,) = world.invoices()
    assert invoice.fees[0].amount_cents == round(3100 * 11 / 28)
    with world.begin() as work:
        found = subscriptions.find(work, "s1", "terminated")
        assert (found.started_at, found.terminated_at) == (begins, ends)


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
