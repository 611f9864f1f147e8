"""How credit notes are asked for."""

from typing import Any

from api.commands.census.recipes.customers import customer
from api.commands.census.recipes.plans import plan
from api.commands.census.recipes.subscriptions import subscription
from api.commands.census.world import Recipe, World, said


def billed(world: World) -> Any:
    """The invoice of a customer that has just begun to pay in advance."""
    owner, terms = customer(world), plan(world, pay_in_advance=True)
    debtor = owner["customer"]["external_id"]
    world.do("CustomerService.Create", owner)
    world.do("PlanService.Create", terms)
    asked = subscription(world, external_customer_id=debtor, plan_code=terms["plan"]["code"])
    world.do("SubscriptionService.Create", asked)
    listed = world.do("InvoiceService.List", {"external_customer_id": debtor})["invoices"]
    return world.do("InvoiceService.Get", {"id": listed[0]["id"]})["invoice"]


def items(world: World) -> dict[str, Any]:
    """All of the base fee of a new invoice."""
    invoice = billed(world)
    (fee,) = [fee for fee in invoice["fees"] if fee["item"]["type"] == "subscription"]
    return {
        "invoice_id": invoice["id"],
        "items": [{"fee_id": fee["id"], "amount_cents": fee["amount_cents"]}],
    }


def note(world: World, **more: Any) -> dict[str, Any]:
    """A note that credits all it can."""
    asked = items(world)
    worth = world.do("CreditNoteService.GetEstimate", {"credit_note": asked})
    most = worth["estimated_credit_note"]["max_creditable_amount_cents"]
    pairs = {"metadata": {"ticket": "7"}}
    return {"credit_note": {**asked, "credit_amount_cents": most, **pairs, **more}}


def the_note(world: World) -> str:
    """The id of a new note."""
    return str(world.new("CreditNoteService.Create", "id"))


def creditor(world: World) -> str:
    """The customer that a new note is for."""
    invoice = {"id": world.new("CreditNoteService.Create", "invoice_id")}
    return str(world.do("InvoiceService.Get", invoice)["invoice"]["customer"]["external_id"])


NOTHING = said(id="nothing")


RECIPES = {
    "CreditNoteService.GetEstimate": Recipe(
        lambda w: {"credit_note": items(w)},
        said(credit_note={"invoice_id": "nothing", "items": [{"fee_id": "x", "amount_cents": 1}]}),
        "invoice_not_found",
    ),
    "CreditNoteService.Create": Recipe(
        note, lambda w: note(w, credit_amount_cents=1), "validation_errors"
    ),
    "CreditNoteService.Get": Recipe(
        lambda w: {"id": the_note(w)}, NOTHING, "credit_note_not_found"
    ),
    "CreditNoteService.List": Recipe(
        lambda w: {"search_term": the_note(w), "types": ["credit"]},
        said(external_customer_id="nobody"),
        "customer_not_found",
    ),
    "CreditNoteService.CustomerCreditNotes": Recipe(
        lambda w: {"external_id": creditor(w)},
        said(external_id="nobody"),
        "customer_not_found",
    ),
    "CreditNoteService.InvoiceCreditNotes": Recipe(
        lambda w: {"id": w.new("CreditNoteService.Create", "invoice_id")},
        NOTHING,
        "invoice_not_found",
    ),
    "CreditNoteService.Update": Recipe(
        lambda w: {"id": the_note(w), "credit_note": {"metadata": {"ticket": "8"}}},
        said(id="nothing", credit_note={"metadata": {"ticket": "8"}}),
        "credit_note_not_found",
    ),
    "CreditNoteService.VoidCreditNote": Recipe(
        lambda w: {"id": the_note(w)}, NOTHING, "credit_note_not_found"
    ),
    "CreditNoteService.ReplaceMetadata": Recipe(
        lambda w: {"id": the_note(w), "metadata": {"ticket": "9"}},
        NOTHING,
        "credit_note_not_found",
    ),
    "CreditNoteService.MergeMetadata": Recipe(
        lambda w: {"id": the_note(w), "metadata": {"agent": "Ada"}},
        NOTHING,
        "credit_note_not_found",
    ),
    "CreditNoteService.DeleteMetadata": Recipe(
        lambda w: {"id": the_note(w)}, NOTHING, "credit_note_not_found"
    ),
    "CreditNoteService.DeleteMetadataKey": Recipe(
        lambda w: {"id": the_note(w), "key": "ticket"},
        said(id="nothing", key="ticket"),
        "credit_note_not_found",
    ),
}
