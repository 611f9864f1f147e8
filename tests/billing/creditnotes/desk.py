"""What is asked of credit notes in these tests, in few words."""

import polars as pl

from billing import creditnotes, cycle, invoices
from billing.creditnotes import CreditNoteEstimateInput, CreditNoteInput, CreditNoteQuery
from billing.subscriptions import Termination
from tests.billing.cycle.world import said


def ends(world, external_id="s1", mode=None, bill="generate"):
    with world.begin() as work:
        asked = Termination(on_termination_credit_note=mode, on_termination_invoice=bill)
        cycle.terminate(work, external_id, asked)


def notes(world, **query):
    """All notes, the oldest first."""
    with world.begin() as work:
        return creditnotes.browse(work, CreditNoteQuery(**query)).items[::-1]


def pays(world, invoice, cents):
    """What a payment leaves on an invoice; nothing records one yet."""
    with world.begin() as work:
        c = invoices.invoices.c
        whole = {"payment_status": "succeeded"} if cents == invoice.total_amount_cents else {}
        work.rows.change(
            invoices.invoices, c.id == invoice.id, total_paid_amount_cents=cents, **whole
        )


def asks(world, invoice, *items, **parts):
    """Make a note: `items` are amounts of the invoice's fees in their order, None for none."""
    with world.begin() as work:
        named = {f"{name}_amount_cents": cents for name, cents in parts.items()}
        asked = {"invoice_id": invoice.id, "items": taken(invoice, items), **named}
        return creditnotes.create(work, said(CreditNoteInput, **asked))


def estimates(world, invoice, *items):
    with world.begin() as work:
        asked = {"invoice_id": invoice.id, "items": taken(invoice, items)}
        return creditnotes.estimate(work, said(CreditNoteEstimateInput, **asked))


def taken(invoice, items):
    return [
        {"fee_id": fee.id, "amount_cents": cents}
        for fee, cents in zip(invoice.fees, items, strict=False)
        if cents is not None
    ]


def give_back(world, ids):
    """Issue the notes of subscriptions that end now, and nothing else."""
    with world.begin() as work:
        frame = pl.DataFrame(
            {
                "subscription_id": ids,
                "day": [world.now.date()] * len(ids),
                "is_switch": [False] * len(ids),
                "trial_on": pl.Series([None] * len(ids), dtype=pl.Date),
                "mode": ["credit"] * len(ids),
            }
        )
        creditnotes.give_back(work, frame)
