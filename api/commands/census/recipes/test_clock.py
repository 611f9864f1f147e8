"""How the clock of a sandbox is asked for, and moved."""

from datetime import timedelta
from typing import Any

from api.commands.census.doors import Ask
from api.commands.census.world import Recipe, World, said

LONG_AGO = "2020-01-01T00:00:00Z"


def live(world: World) -> Ask:
    """Asked by an organization that has no clock."""
    made = world.do("OrganizationService.Create", {"organization": {"name": "Census, live"}})
    return Ask(key=made["organization"]["api_key"])


def later(world: World) -> dict[str, Any]:
    """An hour on."""
    return {"test_clock": {"now": (world.now() + timedelta(hours=1)).isoformat()}}


def a_month_on(world: World) -> dict[str, Any]:
    """Past the end of the month in which something was used."""
    world.made("EventService.Create")
    return {"test_clock": {"to": (world.now() + timedelta(days=32)).isoformat()}}


RECIPES = {
    "TestClockService.Get": Recipe(said(), live, "test_clock_not_found"),
    "TestClockService.Set": Recipe(later, said(test_clock={"now": LONG_AGO}), "validation_errors"),
    "TestClockService.Advance": Recipe(
        a_month_on, said(test_clock={"to": LONG_AGO}), "validation_errors"
    ),
    "TestClockService.Run": Recipe(said(job="billing"), said(job="nothing"), "validation_errors"),
}
