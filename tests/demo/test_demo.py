"""`invora demo` on both warehouses: every quantity and every invoice equals the recomputation."""

import re
import subprocess
import sys
from copy import deepcopy
from decimal import Decimal
from functools import cache
from pathlib import Path

import pytest

from api.commands.client import Client
from api.commands.demo.command import WAREHOUSES
from api.commands.serving import served
from tests.demo import flights
from tests.engines import scratch

FILE = Path(__file__).parents[2] / "api/commands/demo/flights2013.parquet"
RUN = "from api.main import main; main()"


@cache
def by_hand():
    """What the file alone says."""
    return flights.invoices(FILE)


@cache
def by_demo(warehouse):
    """What the demo printed, and the invoices it left behind, read over REST."""
    folder = scratch() / f"demo-{warehouse}"
    command = [sys.executable, "-c", RUN, "demo", "--warehouse", warehouse, "--data", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    (key,) = re.findall(r"Bearer (\S+?)'", done.stdout)
    with served(folder, warehouse_url=WAREHOUSES[warehouse].format(folder)) as url:
        client = Client(url, key)
        listed = client.get("/invoices", per_page=1000)["invoices"]
        invoices = [client.get(f"/invoices/{one['id']}")["invoice"] for one in listed]
        revenue = client.get("/analytics/gross_revenue")["gross_revenues"]
    return done.stdout, {_owner(one): _said(one) for one in invoices}, revenue


def _owner(invoice):
    (period,) = invoice["billing_periods"]
    return invoice["customer"]["external_id"], period["subscription_from_datetime"][:7]


def _said(invoice):
    lines = {}
    for fee in invoice["fees"]:
        origin = ((fee["item"]["filters"] or {}).get("origin") or [""])[0]
        lines[fee["item"]["code"], origin] = (Decimal(fee["units"]), fee["amount_cents"])
    return {
        "lines": lines,
        "fees": invoice["fees_amount_cents"],
        "tax": invoice["taxes_amount_cents"],
        "total": invoice["total_amount_cents"],
    }


@pytest.mark.parametrize("warehouse", sorted(WAREHOUSES))
def test_every_invoice_of_the_demo_is_what_the_file_says(warehouse):
    """192 invoices, line by line, to the cent; and the revenue of the facts is their sum."""
    printed, invoices, revenue = by_demo(warehouse)

    assert len(invoices) == 192
    assert invoices == by_hand()
    assert sum(row["amount_cents"] for row in revenue) == sum(
        i["total"] for i in by_hand().values()
    )
    assert "336,776 events" in printed
    assert "192 invoices" in printed


def test_one_cent_more_on_one_fee_would_be_seen():
    """The comparison above is one that can fail."""
    _, invoices, _ = by_demo("duckdb")
    wrong = deepcopy(invoices)
    units, amount = wrong["UA", "2013-07"]["lines"]["distance", "EWR"]
    wrong["UA", "2013-07"]["lines"]["distance", "EWR"] = (units, amount + 1)

    assert invoices == by_hand() != wrong
