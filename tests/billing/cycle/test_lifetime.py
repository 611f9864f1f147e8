"""How far a lifetime of usage has come towards its thresholds."""

from billing import usage
from billing.usage import requests as usage_requests
from tests.billing.cycle.test_progressive import sells, told, uses
from tests.billing.cycle.world import subscribe


def test_a_lifetime_shows_how_far_it_has_come(world):
    """200 and every 100; elsewhere 50.00, here 280.00: 330.00 in all."""
    sells(world, 20000, again=10000)
    subscribe(world)
    with world.begin() as work:
        elsewhere = usage_requests.LifetimeUsageInput(external_historical_usage_amount_cents=5000)
        usage.update_lifetime(work, "s1", elsewhere)
    uses(world, "2026-01-10", 280)
    assert told(world, "2026-01-10") == [10000, 20000]
    with world.begin() as work:
        life = usage.lifetime(work, "s1")
    assert [
        (each.amount_cents, str(each.completion_ratio), each.reached_at is not None)
        for each in life.usage_thresholds
    ] == [(20000, "1.0", True), (30000, "1.0", True), (40000, "0.3", False)]


def test_what_was_used_elsewhere_counts_as_billed(world):
    """450.00 elsewhere, 200 and 500: 60.00 here pass 500 alone, and only once."""
    sells(world, 20000, 50000)
    subscribe(world)
    with world.begin() as work:
        elsewhere = usage_requests.LifetimeUsageInput(external_historical_usage_amount_cents=45000)
        usage.update_lifetime(work, "s1", elsewhere)
    uses(world, "2026-01-10", 60)
    assert told(world, "2026-01-10") == [50000]
    uses(world, "2026-01-11", 60)
    assert told(world, "2026-01-11") == []
