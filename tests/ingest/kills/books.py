"""What the producers' books must agree with: the rows, the usage, and the bill."""

import json
from collections import Counter
from collections.abc import Sequence
from decimal import Decimal as D
from typing import Any

from tests.ingest.kills.arena import ADMIN, Arena
from tests.ingest.kills.producer import SUBSCRIPTIONS, Producer

CODES = {"calls": ("count_agg", None), "traffic": ("sum_agg", "n")}
"""What is metered: how often, and how much."""


def opened(arena: Arena) -> str:
    """Open an organization in January 2026 with all that it bills; return its key."""
    clock = "2026-01-01T00:00:00Z"
    asked = {"name": "Kills", "default_currency": "EUR", "test_clock": clock}
    made = arena.ask("POST", "/v1/organizations", ADMIN, {"organization": asked})
    key = str(made["organization"]["api_key"])
    charges = []
    for code, (kind, field) in CODES.items():
        metric = {"name": code, "code": code, "aggregation_type": kind, "field_name": field}
        asked = {"billable_metric": {k: v for k, v in metric.items() if v}}
        made = arena.ask("POST", "/v1/billable_metrics", key, asked)
        charges.append({
            "billable_metric_id": made["billable_metric"]["id"], "charge_model": "standard",
            "properties": {"amount": "1"},
        })  # fmt: skip
    plan = {
        "name": "Plan", "code": "plan", "interval": "monthly", "amount_cents": 0,
        "amount_currency": "EUR", "pay_in_advance": False, "charges": charges,
    }  # fmt: skip
    arena.ask("POST", "/v1/plans", key, {"plan": plan})
    customer = {"external_id": "c", "name": "C", "currency": "EUR"}
    arena.ask("POST", "/v1/customers", key, {"customer": customer})
    for name in SUBSCRIPTIONS:
        said = {"external_customer_id": "c", "plan_code": "plan", "external_id": name}
        arena.ask("POST", "/v1/subscriptions", key, {"subscription": said})
    return key


def quantities(producers: Sequence[Producer]) -> dict[tuple[str, str], D]:
    """What the producers say was used, of what is billed."""
    found = {(name, code): D(0) for name in SUBSCRIPTIONS for code in CODES}
    for producer in producers:
        for event in producer.sent.values():
            place = event["external_subscription_id"], event["code"]
            if place in found:
                counts = event["code"] == "calls"
                found[place] += 1 if counts else D(event["properties"]["n"])
    return found


def compare_rows(rows: Sequence[tuple[Any, ...]], producers: Sequence[Producer]) -> None:
    """Each event is there once and as it was sent, nothing else is, and no sequence is left out."""
    books = {
        (event["external_subscription_id"], name): event["properties"]
        for producer in producers
        for name, event in producer.sent.items()
    }
    stored = [((subscription, name), json.loads(text)) for _, subscription, name, text in rows]
    counted = Counter(key for key, _ in stored)
    assert not (twice := [key for key, times in counted.items() if times > 1]), f"twice: {twice}"
    assert not (lost := books.keys() - counted.keys()), f"lost: {sorted(lost)[:10]}"
    assert not (strange := counted.keys() - books.keys()), f"nobody sent {sorted(strange)[:10]}"
    assert dict(stored) == books
    assert [sequence for sequence, *_ in rows] == list(range(1, len(rows) + 1))


def compare_usage(arena: Arena, key: str, producers: Sequence[Producer]) -> None:
    """The current usage of each subscription is what was sent for it."""
    expected = quantities(producers)
    found = {}
    for name in SUBSCRIPTIONS:
        asked = f"/v1/customers/c/current_usage?external_subscription_id={name}"
        for charge in arena.ask("GET", asked, key)["customer_usage"]["charges_usage"]:
            found[name, charge["billable_metric"]["code"]] = D(charge["units"])
    assert found == expected


def compare_bill(arena: Arena, key: str, producers: Sequence[Producer]) -> int:
    """January's invoices hold it to the unit and to the cent; returns the cents."""
    moved = {"test_clock": {"to": "2026-02-01T01:00:00Z"}}
    arena.ask("POST", "/v1/test_clock/advance", key, moved)
    found: dict[tuple[str, str], D] = {}
    total = 0
    for listed in arena.ask("GET", "/v1/invoices?per_page=100", key)["invoices"]:
        invoice = arena.ask("GET", f"/v1/invoices/{listed['id']}", key)["invoice"]
        for fee in invoice["fees"]:
            if fee["item"]["type"] == "charge":
                place = fee["external_subscription_id"], fee["item"]["code"]
                found[place] = found.get(place, D(0)) + D(fee["units"])
                total += fee["amount_cents"]
    expected = quantities(producers)
    assert {place: units for place, units in found.items() if units} == {
        place: units for place, units in expected.items() if units
    }
    assert total == sum(units * 100 for units in expected.values())
    return total
