"""Current usage is what the invoice will say: random plans and random use, in random zones."""

import json
import random
from datetime import timedelta
from decimal import Decimal as D

from billing import cycle, taxes
from billing.taxes import TaxInput
from metering.measures import period
from tests.billing.cycle.world import on
from tests.billing.usage.shop import CLOUDS, charge, metric, now, sell

SEED = 20261122
PLANS = 5
ZONES = ("UTC", "Asia/Tokyo", "America/New_York", "Asia/Kolkata")
SECOND = timedelta(seconds=1)

RANGES = [
    {"from_value": 0, "to_value": 10, "per_unit_amount": "0.333", "flat_amount": "1"},
    {"from_value": 11, "to_value": None, "per_unit_amount": "0.0715", "flat_amount": "0.5"},
]
RATES = [
    {"from_value": 0, "to_value": 10, "rate": "7.5", "flat_amount": "0"},
    {"from_value": 11, "to_value": None, "rate": "1.25", "flat_amount": "3"},
]
PRICES = {
    "standard": {"amount": "0.0175"},
    "graduated": {"graduated_ranges": RANGES},
    "volume": {"volume_ranges": RANGES},
    "package": {"amount": "2.5", "package_size": 3, "free_units": 2},
    "percentage": {"rate": "2.9", "fixed_amount": "0.25"},
    "graduated_percentage": {"graduated_percentage_ranges": RATES},
}
KINDS = {
    "calls": ("count_agg", None), "traffic": ("sum_agg", "size"), "peak": ("max_agg", "size"),
    "users": ("unique_count_agg", "user"),
}  # fmt: skip
"""The metrics: how events become a quantity, and of which property."""


def some_charges(dice, metrics):
    """Any price of any metric, with a filter and groups as it comes."""
    for metric_id in metrics.values():
        model = dice.choice(list(PRICES))
        terms = dict(PRICES[model])
        if dice.random() < 0.5:
            terms["pricing_group_keys"] = ["team"]
        values = {"cloud": dice.sample(CLOUDS["cloud"], dice.randint(1, 2))}
        filters = [(values, PRICES[model])] if dice.random() < 0.6 else []
        yield charge(metric_id, model, filters, **terms)


def some_events(dice, first, last):
    """Events within a window, and some before and after it, on the second of its edges too."""
    moments = [first, first - SECOND, last, last + SECOND]
    whole = int((last - first).total_seconds())
    moments += [first + timedelta(seconds=dice.randint(0, whole)) for _ in range(36)]
    for at in moments:
        said = {
            "size": str(dice.randint(-2, 900) / 100),
            "user": dice.choice("abcde"),
            "cloud": dice.choice([*CLOUDS["cloud"], "ibm"]),
            "team": dice.choice(["red", "blue", ""]),
        }
        yield dice.choice(list(KINDS)), at, json.dumps(said)


def test_on_its_last_second_usage_is_the_invoice_of_the_period(world):
    """Five plans, four charges each, forty events each: every bucket, the sum and the taxes."""
    dice = random.Random(SEED)
    with world.begin() as work:
        vat = TaxInput(name="VAT", code="vat", rate=D("7.7"), applied_to_organization=True)
        taxes.create(work, vat)
    metrics = {
        code: metric(world, code, kind, field, CLOUDS) for code, (kind, field) in KINDS.items()
    }
    for number in range(PLANS):
        zone, name = dice.choice(ZONES), f"p{number}"
        world.now = on("2026-01-01") + timedelta(days=40 * number, hours=dice.randint(0, 23))
        sell(
            world, *some_charges(dice, metrics), zone=zone, customer=name, subscription=name,
            code=name, amount_cents=0,
        )  # fmt: skip
        last = month_end(world.now, zone)
        world.sends(*[(name, *event) for event in some_events(dice, world.now, last)])
        world.now = last
        found = now(world, name, name)
        world.now = last + SECOND
        cycle.bill(world.begin)

        (invoice,) = world.invoices(name)
        fees = [fee for fee in invoice.fees if fee.item.type == "charge"]
        assert leaves(found) == billed(fees), name
        assert found.amount_cents == invoice.fees_amount_cents, name
        assert found.taxes_amount_cents == invoice.taxes_amount_cents, name
        assert found.total_amount_cents == invoice.total_amount_cents, name


def month_end(at, zone):
    """The last second of a local month."""
    month = period.containing(period.local(at, zone), period.Interval.monthly)
    return period.starts(month.last + timedelta(days=1), zone) - SECOND


def leaves(found):
    """Every bucket and group of usage that came to something."""
    told = {}
    for one in found.charges_usage:
        for group in one.grouped_usage or [one]:
            by = getattr(group, "grouped_by", {})
            for leaf in group.filters or [group]:
                key = one.charge.id, text(getattr(leaf, "values", None)), text(by)
                said = leaf.units, leaf.events_count, leaf.amount_cents
                if any(said):
                    told[key] = said
    return told


def billed(fees):
    """Every bucket and group of an invoice."""
    return {
        (fee.charge_id, text(fee.item.filters), text(fee.item.grouped_by)):
            (fee.units, fee.events_count, fee.amount_cents)
        for fee in fees
    }  # fmt: skip


def text(said):
    """An object as text; an invoice shows a missing group as an empty one."""
    return json.dumps({key: value or "" for key, value in (said or {}).items()}, sort_keys=True)
