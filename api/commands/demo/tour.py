"""The tour of the demo: a year of flights in, a year of invoices and revenue out, over REST."""

import io
import time
from collections.abc import Sequence
from typing import Any

import polars as pl
import pyarrow as pa
from msgspec import Struct
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from api.commands.client import Client
from api.commands.demo import airlines

SHOWN = "UA"
"""The airline whose invoices are shown."""

ARROW = "application/vnd.apache.arrow.stream"
SENT_AT_ONCE = 20_000


class Tour(Struct, kw_only=True):
    """What the demo has done, for its last words."""

    organization: str
    key: str
    events: int = 0
    ingest_seconds: float = 0
    invoices: int = 0
    billing_seconds: float = 0


def open_book(admin: Client, url: str) -> tuple[Client, Tour]:
    """Create an organization with a clock, and in it the metrics, the plan and the airlines."""
    made = admin.post(
        "/organizations",
        {
            "organization": {
                "name": "Flights 2013",
                "test_clock": airlines.START.isoformat(),
                "default_currency": "USD",
            }
        },
    )["organization"]
    client = Client(url, made["api_key"])
    client.post("/taxes", {"tax": airlines.TAX})
    metrics = {}
    for metric in airlines.METRICS:
        answer = client.post("/billable_metrics", {"billable_metric": metric})["billable_metric"]
        metrics[answer["code"]] = answer["id"]
    client.post("/plans", {"plan": airlines.plan(metrics)})
    for carrier in airlines.carriers():
        client.post(
            "/customers",
            {
                "customer": {
                    "external_id": carrier,
                    "name": f"Airline {carrier}",
                    "currency": "USD",
                    "timezone": airlines.ZONE,
                }
            },
        )
        client.post(
            "/subscriptions",
            {
                "subscription": {
                    "external_customer_id": carrier,
                    "external_id": carrier,
                    "plan_code": "airline",
                    "subscription_at": airlines.START.isoformat(),
                }
            },
        )
    return client, Tour(organization=made["id"], key=made["api_key"])


def fly(client: Client, tour: Tour, console: Console) -> None:
    """Send each month's flights, then let the clock pass its end, which bills it."""
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
    )  # fmt: skip
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("months of 2013", total=12)
        for end, flights in airlines.months():
            started = time.perf_counter()
            for batch in flights.iter_slices(SENT_AT_ONCE):
                answer = client.send("/events/bulk", ARROW, stream(batch))
                tour.events += answer["accepted"]
            tour.ingest_seconds += time.perf_counter() - started
            started = time.perf_counter()
            to = end.replace(hour=end.hour + 1)
            client.post("/test_clock/advance", {"test_clock": {"to": to.isoformat()}})
            tour.billing_seconds += time.perf_counter() - started
            progress.advance(bar)
    tour.invoices = client.get("/invoices", per_page=1)["meta"]["total_count"]


def stream(events: pl.DataFrame) -> bytes:
    """Write events as an Arrow IPC stream."""
    table = events.to_arrow()
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def tell(client: Client, tour: Tour, console: Console) -> None:
    """Print the invoices of one airline, and what the facts say of the year."""
    invoices = client.get(f"/customers/{SHOWN}/invoices", per_page=100)["invoices"][::-1]
    console.print(_invoices(invoices))
    console.print(_lines(client.get(f"/invoices/{invoices[-1]['id']}")["invoice"]))
    revenue = client.get("/analytics/gross_revenue")["gross_revenues"]
    usage = client.get("/analytics/invoiced_usage")["invoiced_usages"]
    console.print(_revenue(revenue, usage))
    miles = client.get("/analytics/invoiced_usage", by_filter="true")["invoiced_usages"]
    console.print(_airports(miles))
    console.print(
        f"{tour.events:,} events in {tour.ingest_seconds:.1f} s "
        f"({tour.events / tour.ingest_seconds:,.0f}/s over HTTP); {tour.invoices} invoices, "
        f"12 bill runs with their reports' facts in {tour.billing_seconds:.1f} s"
    )


def _invoices(invoices: Sequence[dict[str, Any]]) -> Table:
    table = Table(title=f"Invoices of {SHOWN}")
    for name in ("number", "issued", "fees", "tax", "total"):
        table.add_column(name, justify="left" if name in ("number", "issued") else "right")
    for invoice in invoices:
        table.add_row(
            invoice["number"],
            invoice["issuing_date"],
            _money(invoice["fees_amount_cents"]),
            _money(invoice["taxes_amount_cents"]),
            _money(invoice["total_amount_cents"]),
        )
    return table


def _lines(invoice: dict[str, Any]) -> Table:
    table = Table(title=f"Lines of {invoice['number']}")
    for name in ("item", "filter", "units", "events", "amount"):
        table.add_column(name, justify="left" if name in ("item", "filter") else "right")
    for fee in invoice["fees"]:
        named = ", ".join(
            f"{key} {'/'.join(v)}" for key, v in (fee["item"]["filters"] or {}).items()
        )
        table.add_row(
            fee["item"]["name"],
            named,
            fee["units"],
            str(fee["events_count"] or ""),
            _money(fee["amount_cents"]),
        )
    return table


def _revenue(revenue: Sequence[dict[str, Any]], usage: Sequence[dict[str, Any]]) -> Table:
    table = Table(title="Revenue by month of issue, from the facts")
    codes = sorted({row["code"] for row in usage})
    for name in ("month", *codes, "gross revenue", "invoices"):
        table.add_column(name, justify="left" if name == "month" else "right")
    used = {(row["month"], row["code"]): row["amount_cents"] for row in usage}
    for row in revenue:
        table.add_row(
            row["month"][:7],
            *(_money(used.get((row["month"], code), 0)) for code in codes),
            _money(row["amount_cents"]),
            str(row["invoices_count"]),
        )
    return table


def _airports(usage: Sequence[dict[str, Any]]) -> Table:
    table = Table(title="Revenue from miles flown, by airport, from the facts")
    airports = sorted(airlines.MILES)
    for name in ("month", *airports):
        table.add_column(name, justify="left" if name == "month" else "right")
    months: dict[str, dict[str, int]] = {}
    for row in usage:
        if row["filters"]:
            (airport,) = row["filters"]["origin"]
            months.setdefault(row["month"][:7], {})[airport] = row["amount_cents"]
    for month, amounts in sorted(months.items()):
        table.add_row(month, *(_money(amounts.get(airport, 0)) for airport in airports))
    return table


def _money(cents: int) -> str:
    return f"{cents // 100:,}.{cents % 100:02d}"
