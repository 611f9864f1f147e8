"""Credit notes that somebody makes by hand, and what they would come to."""

from collections.abc import Sequence
from decimal import Decimal

import msgspec
import polars as pl

from billing import fees, invoices
from billing.creditnotes import queries, rules
from billing.creditnotes.model import (
    CreditNoteReason,
    CreditNoteView,
    EstimatedCreditNote,
    EstimatedItem,
    EstimatedTax,
)
from billing.creditnotes.notices import CreditNoteCreated
from billing.creditnotes.requests import (
    CreditNoteEstimateInput,
    CreditNoteInput,
    CreditNoteItemInput,
)
from billing.creditnotes.service import writing
from billing.fees import Fee
from billing.invoices import InvoiceView
from metering.columns import AMOUNT
from metering.measures.forms import Number
from metering.measures.money import plain, whole
from metering.measures.refusals import Checks, Conflict, Missing
from sql.work import Work


class Priced(msgspec.Struct, frozen=True):
    """What the items of one note come to: as frames of one note, and the amounts by name."""

    notes: pl.DataFrame
    items: pl.DataFrame
    taxes: pl.DataFrame
    fees: Sequence[Fee]
    worth: dict[str, object]

    def cents(self, name: str) -> int:
        """Return an amount in whole minor units."""
        found = self.worth[name]
        assert isinstance(found, int), name
        return found

    def exact(self, name: str) -> Decimal:
        """Return a precise amount."""
        found = self.worth[name]
        assert isinstance(found, Decimal), name
        return plain(found)


def create(work: Work, credit_note: CreditNoteInput) -> CreditNoteView:
    """Take back some of what a final invoice bills.

    The parts that are credited, paid back and taken off what is due add up to what the items come
    to, less their share of the coupons and with their taxes; a cent more or less is put right.

    Raises: Missing `invoice_not_found`, `fee_not_found`; Conflict `invalid_type_or_status`; Invalid
            `items: must_be_an_array`, `reason: value_is_invalid`, `amount_cents: invalid_value` or
            `higher_than_remaining_fee_amount`, `refund_amount_cents:
            cannot_refund_unpaid_invoice`, `credit_amount_cents`, `refund_amount_cents`,
            `offset_amount_cents` and `base: higher_than_remaining_invoice_amount`, `base:
            does_not_match_item_amounts` or `total_amount_must_be_positive`.
    """
    invoice, priced = _priced(work, credit_note.invoice_id, credit_note.items or [])
    asked = {name: getattr(credit_note, f"{name}_amount_cents") or 0 for name in queries.PARTS}
    _check(work, invoice, priced, asked)
    made = _evened(asked, priced)
    _check_limits(work, invoice, priced, made)
    notes = priced.notes.with_columns(
        note_cents=pl.lit(sum(made.values())),
        **{f"{name}_cents": pl.lit(cents) for name, cents in made.items()},
        reason=pl.lit(str(credit_note.reason or CreditNoteReason.other)),
        description=pl.lit(credit_note.description, pl.String),
        metadata=pl.lit(_pairs(credit_note), pl.String),
    )
    written = writing.write(work, notes, priced.items, priced.taxes)
    shown = queries.find(work, written["id"].item())
    work.tell(CreditNoteCreated(credit_note=shown))
    return shown


def estimate(work: Work, credit_note: CreditNoteEstimateInput) -> EstimatedCreditNote:
    """Return what a credit note of these items would come to, and at most be.

    Raises: Missing `invoice_not_found`, `fee_not_found`; Conflict `invalid_type_or_status`; Invalid
            `items: must_be_an_array`, `amount_cents: invalid_value` or
            `higher_than_remaining_fee_amount`.
    """
    items = credit_note.items or []
    invoice, priced = _priced(work, credit_note.invoice_id, items)
    total, surplus = priced.cents("rounded_total"), priced.cents("surplus")
    most = total - max(surplus, 0)
    kinds = [name for name in EstimatedTax.__struct_fields__ if name in priced.taxes.columns]
    named = priced.taxes.unique("tax_id", keep="first", maintain_order=True).select(kinds)
    lines = rules.tax_lines(priced.items, priced.taxes.select("fee_id", "tax_id", "tax_rate"))
    lines = lines.join(named, on="tax_id", maintain_order="left")
    refundable, due = invoice.refundable_amount_cents, invoice.total_due_amount_cents
    assert isinstance(refundable, int)
    return EstimatedCreditNote(
        invoice_id=invoice.id,
        invoice_number=invoice.number,
        currency=invoice.currency,
        taxes_amount_cents=priced.cents("taxes_amount_cents") + min(surplus, 0),
        precise_taxes_amount_cents=priced.exact("precise_taxes_amount_cents"),
        sub_total_excluding_taxes_amount_cents=priced.cents(
            "sub_total_excluding_taxes_amount_cents"
        ),
        max_creditable_amount_cents=most,
        max_refundable_amount_cents=min(most, refundable),
        max_offsettable_amount_cents=max(min(due, most), 0),
        coupons_adjustment_amount_cents=priced.cents("coupons_adjustment_amount_cents"),
        precise_coupons_adjustment_amount_cents=priced.exact(
            "precise_coupons_adjustment_amount_cents"
        ),
        taxes_rate=Number(priced.exact("taxes_rate")),
        items=[EstimatedItem(fee_id=one.fee_id, amount_cents=one.amount_cents) for one in items],
        applied_taxes=[
            EstimatedTax(
                **{
                    name: line[name]
                    for name in lines.columns
                    if name in kinds and name != "tax_rate"
                },
                tax_rate=Number(plain(line["tax_rate"])),
                base_amount_cents=line["base_amount_cents"],
                amount_cents=line["amount_cents"],
                amount_currency=invoice.currency,
            )
            for line in lines.rows(named=True)
        ],
    )


def _priced(
    work: Work, invoice_id: str, asked: Sequence[CreditNoteItemInput]
) -> tuple[InvoiceView, Priced]:
    """Hold an invoice, and return what a note of these items on it comes to."""
    held = writing.held(work, [invoice_id])
    invoice = invoices.find(work, invoice_id)
    if invoice.status != "finalized" or invoice.invoice_type == "credit":
        raise Conflict("invalid_type_or_status", "Only a final invoice can be credited.")
    billed = fees.of_invoices(work, [invoice_id])
    known = {fee.id: fee for fee in billed}
    for one in asked:
        if one.fee_id not in known:
            raise Missing("fee", one.fee_id)
    _check_items(asked, known)
    items = _items(invoice_id, asked, known)
    taxes = queries.fee_taxes(work, list(known))
    left = writing.left(work, held)
    notes = rules.rounded(rules.amounts(items, taxes, left.drop("last")))
    notes = notes.join(left.select("invoice_id", "last"), on="invoice_id").join(
        held, on="invoice_id"
    )
    nothing: dict[str, object] = {**dict.fromkeys(SUMS, 0), **EXACT}
    worth = notes.row(0, named=True) if notes.height else nothing
    return invoice, Priced(notes, items, taxes, billed, worth)


SUMS = (
    "rounded_total", "surplus", "taxes_amount_cents", "sub_total_excluding_taxes_amount_cents",
    "coupons_adjustment_amount_cents",
)  # fmt: skip
EXACT = dict.fromkeys(
    ("precise_taxes_amount_cents", "precise_coupons_adjustment_amount_cents", "taxes_rate"),
    Decimal(0),
)
"""What a note of no items comes to."""


def _items(
    invoice_id: str, asked: Sequence[CreditNoteItemInput], known: dict[str, Fee]
) -> pl.DataFrame:
    whose = [known[one.fee_id] for one in asked]
    return pl.DataFrame(
        {
            "note": [0] * len(asked),
            "invoice_id": [invoice_id] * len(asked),
            "fee_id": [one.fee_id for one in asked],
            "precise": [Decimal(one.amount_cents) for one in asked],
            "amount_cents": [one.amount_cents for one in asked],
            "fee_cents": [fee.amount_cents for fee in whose],
            "coupons_cents": [fee.precise_coupons_amount_cents for fee in whose],
        },
        schema={
            "note": pl.UInt32, "invoice_id": pl.String, "fee_id": pl.String, "precise": AMOUNT,
            "amount_cents": pl.Int64, "fee_cents": pl.Int64, "coupons_cents": AMOUNT,
        },
    )  # fmt: skip


def _check_items(asked: Sequence[CreditNoteItemInput], known: dict[str, Fee]) -> None:
    """Check that no more is taken of a fee than is left of it, however many items take it."""
    checks = Checks()
    taken: dict[str, int] = {}
    for one in asked:
        taken[one.fee_id] = taken.get(one.fee_id, 0) + one.amount_cents
    if any(one.amount_cents < 0 for one in asked):
        checks.add("amount_cents", "invalid_value")
    elif any(cents > _left(known[id]) for id, cents in taken.items()):
        checks.add("amount_cents", "higher_than_remaining_fee_amount")
    checks.done()


def _left(fee: Fee) -> int:
    """What is not credited of a fee (B-20)."""
    return fee.amount_cents - fee.credited_amount_cents


def _check(work: Work, invoice: InvoiceView, priced: Priced, asked: dict[str, int]) -> None:
    """Check that the parts of a note are what its items come to (B.4)."""
    checks = Checks()
    for name, cents in asked.items():
        checks.that(cents >= 0, **{f"{name}_amount_cents": "invalid_value"})
    checks.done()
    paid, total = invoice.total_paid_amount_cents, sum(asked.values())
    is_odd = invoice.payment_status != "succeeded" and 0 < paid == invoice.total_amount_cents
    unpaid = asked["refund"] > 0 and (paid <= 0 or is_odd)
    checks.that(not unpaid, refund_amount_cents="cannot_refund_unpaid_invoice")
    _limits(work, invoice, priced, asked, checks)
    matches = abs(total - priced.cents("rounded_total")) <= 1
    if not matches:
        checks.wrong.pop("base", None)
        checks.add("base", "does_not_match_item_amounts")
    if "base" not in checks.wrong:
        checks.that(total > 0, base="total_amount_must_be_positive")
    checks.done()


def _check_limits(work: Work, invoice: InvoiceView, priced: Priced, made: dict[str, int]) -> None:
    """Check the parts again, when a cent was put right."""
    checks = Checks()
    _limits(work, invoice, priced, made, checks)
    checks.that(sum(made.values()) > 0, base="total_amount_must_be_positive")
    checks.done()


def _limits(
    work: Work, invoice: InvoiceView, priced: Priced, parts: dict[str, int], checks: Checks
) -> None:
    """Check that no part of a note is more than is left of its invoice (B.4)."""
    issued = queries.issued(work, invoice.id)
    billed = sum(fee.amount_cents for fee in priced.fees)
    billed += whole(
        sum((fee.amount_cents * fee.taxes_rate for fee in priced.fees), Decimal(0)) / 100
    )
    open_cents = billed - issued["credit"] - issued["offset"]
    code = "higher_than_remaining_invoice_amount"
    if "refund_amount_cents" not in checks.wrong:
        back = invoice.total_paid_amount_cents - issued["refund"]
        checks.that(parts["refund"] <= max(back, 0), refund_amount_cents=code)
    checks.that(parts["credit"] <= open_cents + 1, credit_amount_cents=code)
    due = max(min(invoice.total_due_amount_cents, open_cents), 0)
    checks.that(parts["offset"] <= due, offset_amount_cents=code)
    checks.that(sum(parts.values()) <= billed - issued["total"] + 1, base=code)


def _evened(asked: dict[str, int], priced: Priced) -> dict[str, int]:
    """Put right the cents by which the parts differ from net and taxes, credit first (B-29)."""
    over = sum(asked.values()) - (
        priced.cents("taxes_amount_cents") + priced.cents("sub_total_excluding_taxes_amount_cents")
    )
    made = dict(asked)
    for name in queries.PARTS:
        if made[name] > 0:
            change = min(over, made[name])
            made[name] -= change
            over -= change
    return made


def _pairs(asked: CreditNoteInput) -> str | None:
    return msgspec.json.encode(asked.metadata).decode() if asked.metadata else None
