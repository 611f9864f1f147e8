"""How organizations and their keys are asked for."""

from typing import Any

from api.commands.census.doors import Ask
from api.commands.census.world import START, Recipe, World, powerless, said

KEY = "OrganizationService.CreateApiKey"


def sandbox(world: World) -> dict[str, Any]:
    """An organization with a clock."""
    made = {"name": f"Census by {world.door.name}", "default_currency": "EUR"}
    return {"organization": {**made, "test_clock": START}}


def key(world: World) -> dict[str, Any]:
    """A key that may read."""
    return {"api_key": {"name": world.word("key"), "permissions": {"*": ["read"]}}}


RECIPES = {
    "OrganizationService.Create": Recipe(
        sandbox, lambda w: Ask(said=sandbox(w), key="not the operator's"), "unauthorized"
    ),
    "OrganizationService.List": Recipe(
        said(per_page=10), said(cursor="nowhere"), "validation_errors"
    ),
    "OrganizationService.Get": Recipe(
        said(), powerless(said()), "read_action_not_allowed_for_organization"
    ),
    KEY: Recipe(key, powerless(key), "write_action_not_allowed_for_api_key"),
    "OrganizationService.GetApiKey": Recipe(
        lambda w: {"id": w.the(KEY, "id")}, said(id="nothing"), "api_key_not_found"
    ),
    "OrganizationService.ListApiKeys": Recipe(
        said(revoked=False), said(cursor="nowhere"), "validation_errors"
    ),
    "OrganizationService.RotateApiKey": Recipe(
        lambda w: {"id": w.new(KEY, "id")}, said(id="nothing"), "api_key_not_found"
    ),
    "OrganizationService.RevokeApiKey": Recipe(
        lambda w: {"id": w.new(KEY, "id")}, said(id="nothing"), "api_key_not_found"
    ),
}
