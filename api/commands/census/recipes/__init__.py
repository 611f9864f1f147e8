"""Recipes: how each operation is asked for. A file per service, as in api/services.

Each file holds one table, RECIPES, from the name of an operation to its Recipe. A new row of a
service needs a new row here; a new service, a new file.
"""

import sys
from functools import cache

from api.commands.census.world import Recipe
from metering.measures.family import discover


@cache
def every() -> dict[str, Recipe]:
    """Return all recipes, by the keys of their operations."""
    here = sys.modules[__name__]
    discover(here)
    found: dict[str, Recipe] = {}
    for name, module in sorted(sys.modules.items()):
        if name.startswith(f"{__name__}."):
            found |= module.RECIPES
    return found
