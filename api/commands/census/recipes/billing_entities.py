"""How billing entities are asked for."""

from typing import Any

from api.commands.census.world import Recipe, World, powerless, said

CREATE = "BillingEntityService.Create"


def entity(world: World, **more: Any) -> dict[str, Any]:
    """An entity beside the default one."""
    return {"billing_entity": {"name": "Second", "code": world.word("entity"), **more}}


RECIPES = {
    CREATE: Recipe(entity, lambda w: entity(w, code=w.the(CREATE, "code")), "validation_errors"),
    "BillingEntityService.Get": Recipe(
        lambda w: {"code": w.the(CREATE, "code")},
        said(code="nothing"),
        "billing_entity_not_found",
    ),
    "BillingEntityService.List": Recipe(
        said(), powerless(said()), "read_action_not_allowed_for_billing_entity"
    ),
    "BillingEntityService.Update": Recipe(
        lambda w: {"code": w.the(CREATE, "code"), "billing_entity": {"city": "Lyon"}},
        said(code="nothing", billing_entity={"city": "Lyon"}),
        "billing_entity_not_found",
    ),
}
