"""How the logs are asked for."""

from typing import Any

from api.commands.census.world import Recipe, World, said


def activity(world: World) -> dict[str, Any]:
    """The latest thing that changed."""
    world.made("CustomerService.Create")
    (found,) = world.do("LogService.ListActivityLogs", {"per_page": 1})["activity_logs"]
    return {"activity_id": found["activity_id"]}


def request(world: World) -> dict[str, Any]:
    """The latest request that was no mere question."""
    world.made("CustomerService.Create")
    (found,) = world.do("LogService.ListApiLogs", {"per_page": 1})["api_logs"]
    return {"request_id": found["request_id"]}


RECIPES = {
    "LogService.ListActivityLogs": Recipe(
        lambda w: {"resource_ids": [w.the("CustomerService.Create", "id")]},
        said(cursor="nowhere"),
        "validation_errors",
    ),
    "LogService.GetActivityLog": Recipe(
        activity, said(activity_id="nothing"), "activity_log_not_found"
    ),
    "LogService.ListApiLogs": Recipe(
        said(http_statuses=["succeeded"], per_page=5),
        said(cursor="nowhere"),
        "validation_errors",
    ),
    "LogService.GetApiLog": Recipe(request, said(request_id="nothing"), "api_log_not_found"),
}
