"""How taxes are asked for."""

from typing import Any

from api.commands.census.world import Recipe, World, said

CREATE = "TaxService.Create"


def tax(world: World, **more: Any) -> dict[str, Any]:
    """A tax of 20 %."""
    return {"tax": {"name": "VAT", "code": world.word("vat"), "rate": "20", **more}}


RECIPES = {
    CREATE: Recipe(tax, lambda w: tax(w, code=w.the(CREATE, "code")), "validation_errors"),
    "TaxService.Get": Recipe(
        lambda w: {"code": w.the(CREATE, "code")}, said(code="nothing"), "tax_not_found"
    ),
    "TaxService.List": Recipe(
        lambda w: {"search_term": w.the(CREATE, "code")},
        said(cursor="nowhere"),
        "validation_errors",
    ),
    "TaxService.Update": Recipe(
        lambda w: {"code": w.the(CREATE, "code"), "tax": {"name": "Sales tax"}},
        said(code="nothing", tax={"name": "Sales tax"}),
        "tax_not_found",
    ),
    "TaxService.Delete": Recipe(
        lambda w: {"code": w.new(CREATE, "code")}, said(code="nothing"), "tax_not_found"
    ),
}
