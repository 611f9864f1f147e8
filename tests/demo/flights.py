"""The year of flights, billed again by hand: plain Python decimals, straight from the file.

It imports nothing of the product. The prices are written here a second time, as a person would read
them off the plan.
"""

from collections import defaultdict
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pyarrow.parquet as parquet

BASE = 49_900
MILES = {"EWR": Decimal("0.0123"), "JFK": Decimal("0.0145"), "LGA": Decimal("0.0117")}
TAX = Decimal("0.08875")
ZONE = ZoneInfo("America/New_York")


def cents(dollars: Decimal) -> int:
    """Round to cents, halves away from zero."""
    return int((dollars * 100).to_integral_value(ROUND_HALF_UP))


def graduated(flights: int) -> Decimal:
    """50.00 to begin with; 2.50 for each of the first 100, 1.75 up to 1,000, then 1.10."""
    price = Decimal(50)
    for number in range(1, flights + 1):
        if number <= 100:
            price += Decimal("2.50")
        elif number <= 1000:
            price += Decimal("1.75")
        else:
            price += Decimal("1.10")
    return price


def packaged(aircraft: int) -> Decimal:
    """120.00 for every ten begun, beyond five that are free."""
    beyond = max(aircraft - 5, 0)
    return Decimal(120) * -(-beyond // 10)


def invoices(file: Path) -> dict[tuple[str, str], dict[str, object]]:
    """Return what each airline owes for each month: its lines, tax and total, in cents."""
    counts: dict[tuple[str, str], int] = defaultdict(int)
    miles: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    tails: dict[tuple[str, str], set[str]] = defaultdict(set)
    table = parquet.read_table(
        file, columns=["carrier", "origin", "tailnum", "distance", "time_hour"]
    )
    for flight in table.to_pylist():
        hour = datetime.strptime(flight["time_hour"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        month = hour.astimezone(ZONE).strftime("%Y-%m")
        owner = flight["carrier"], month
        counts[owner] += 1
        miles[owner][flight["origin"]] += flight["distance"]
        if flight["tailnum"] is not None:
            tails[owner].add(flight["tailnum"])
    carriers = {carrier for carrier, _ in counts}
    months = [f"2013-{month:02}" for month in range(1, 13)]
    return {
        (carrier, month): _bill(
            counts[carrier, month], miles[carrier, month], len(tails[carrier, month])
        )
        for carrier in carriers
        for month in months
    }


def _bill(flights: int, miles: dict[str, int], aircraft: int) -> dict[str, object]:
    lines = {("airline", ""): (Decimal(1), BASE)}
    # No flight at all still enters the first tier, whose 50.00 are owed.
    lines["flights", ""] = (Decimal(flights), cents(graduated(flights)))
    for origin, price in MILES.items():
        if miles.get(origin):
            lines["distance", origin] = (Decimal(miles[origin]), cents(miles[origin] * price))
    if aircraft:
        lines["aircraft", ""] = (Decimal(aircraft), cents(packaged(aircraft)))
    fees = sum(amount for _, amount in lines.values())
    tax = int((fees * TAX).to_integral_value(ROUND_HALF_UP))
    return {"lines": lines, "fees": fees, "tax": tax, "total": fees + tax}
