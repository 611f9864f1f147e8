"""How add-ons are asked for."""

from typing import Any

from api.commands.census.world import Recipe, World, said

CREATE = "AddOnService.Create"


def add_on(world: World, **more: Any) -> dict[str, Any]:
    """A setup fee of 50.00."""
    made = {"name": "Setup", "code": world.word("setup"), "amount_cents": 5_000}
    return {"add_on": {**made, "amount_currency": "EUR", **more}}


RECIPES = {
    CREATE: Recipe(add_on, lambda w: add_on(w, tax_codes=["nothing"]), "tax_not_found"),
    "AddOnService.Get": Recipe(
        lambda w: {"code": w.the(CREATE, "code")}, said(code="nothing"), "add_on_not_found"
    ),
    "AddOnService.List": Recipe(
        lambda w: {"search_term": w.the(CREATE, "code")},
        said(cursor="nowhere"),
        "validation_errors",
    ),
    "AddOnService.Update": Recipe(
        lambda w: {"code": w.the(CREATE, "code"), "add_on": {"amount_cents": 6_000}},
        said(code="nothing", add_on={"amount_cents": 6_000}),
        "add_on_not_found",
    ),
    "AddOnService.Delete": Recipe(
        lambda w: {"code": w.new(CREATE, "code")}, said(code="nothing"), "add_on_not_found"
    ),
}
