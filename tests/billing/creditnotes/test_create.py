"""Notes that somebody makes: the cases of money.md B.3 to B.6, on both pairs of engines."""

from datetime import date
from decimal import Decimal as D

import pytest

from billing import addons, creditnotes, cycle, invoices
from billing.addons import AddOnInput
from billing.creditnotes import CreditNoteInput, CreditNoteUpdate
from metering.measures.refusals import Conflict, Invalid, Missing
from sql.ledger import Ledger
from sql.warehouse import open_warehouse
from tests.billing.creditnotes.desk import asks, ends, estimates, notes, pays
from tests.billing.cycle.world import World, catalogue, on, said, subscribe
from tests.engines import new_ledger_url, new_warehouse_url


def billed(world, *cents):
    """An invoice of a base fee and of fixed charges in advance, of these amounts, at 20 %."""
    with world.begin() as work:
        seat = {"name": "Seat", "code": "seat", "amount_cents": 1, "amount_currency": "EUR"}
        addons.create(work, said(AddOnInput, **seat))
    base, *others = cents
    seats = [
        {
            "add_on_code": "seat", "units": "1", "charge_model": "standard", "code": f"seat{place}",
            "properties": {"amount": str(D(each) / 100)}, "pay_in_advance": True,
        }
        for place, each in enumerate(others)
    ]  # fmt: skip
    catalogue(world, pay_in_advance=True, amount_cents=base, charges=[], fixed_charges=seats)
    subscribe(world)
    (invoice,) = world.invoices()
    assert [fee.amount_cents for fee in invoice.fees] == list(cents)
    return invoice


def shown(world):
    return world.invoices()[0]


def test_two_equal_items_come_to_the_invoice(world):
    """2 x 68.33 and 20 %: 27.33 of tax, not 27.34; 82.00, then 81.99, are 163.99."""
    invoice = billed(world, 6833, 6833)
    assert invoice.total_amount_cents == 16_399
    worth = estimates(world, invoice, 6833)
    assert worth.max_creditable_amount_cents == 8200
    assert worth.precise_taxes_amount_cents == D("1366.6")

    first = asks(world, invoice, 6833, credit=8200)
    left = shown(world).creditable_amount_cents
    second = asks(world, invoice, None, 6833, credit=8199)

    assert (first.taxes_amount_cents, first.precise_taxes_amount_cents) == (1367, D("1366.6"))
    assert (second.taxes_amount_cents, second.precise_taxes_amount_cents) == (1366, D("1366.2"))
    assert (left, shown(world).creditable_amount_cents) == (8200, 0)
    assert (first.number, second.number) == ("INV-001-001-CN001", "INV-001-001-CN002")
    assert first.total_amount_cents + second.total_amount_cents == invoice.total_amount_cents
    assert first.taxes_rate == 20
    (tax,) = first.applied_taxes
    assert (tax.tax_code, tax.base_amount_cents, tax.amount_cents) == ("vat", 6833, 1367)
    assert (first.issuing_date, first.credit_status) == (date(2026, 1, 1), "available")


def test_what_is_taken_off_is_no_longer_due(world):
    """8.00 off 12.00, of which 4.00 are paid: nothing is due, and the invoice is paid."""
    invoice = billed(world, 1000)
    pays(world, invoice, 400)
    assert shown(world).offsettable_amount_cents == 800

    note = asks(world, invoice, 667, offset=800)

    after = shown(world)
    assert (after.total_due_amount_cents, after.payment_status) == (0, "succeeded")
    assert after.total_paid_amount_cents == 400
    assert after.total_offsetted_credit_note_amount_cents == 800
    assert (note.credit_status, note.balance_amount_cents, note.refund_status) == (None, 0, None)
    assert after.refundable_amount_cents == 400
    with world.begin() as work:
        (row,) = work.rows.rows(invoices.invoice_settlements.select())
    assert (row.source, row.source_id, row.amount_cents) == ("credit_note", note.id, 800)


def refused(world, invoice, *items, **parts):
    with pytest.raises(Invalid) as wrong:
        asks(world, invoice, *items, **parts)
    return dict(wrong.value.details)


def test_what_cannot_be_is_refused(world):
    """One fee of 10.00 and 20 %, unpaid, then paid to 5.00: each rule of B.4 in its turn."""
    invoice = billed(world, 1000)
    more = "higher_than_remaining_invoice_amount"

    assert refused(world, invoice, 1001, credit=1201) == {
        "amount_cents": ["higher_than_remaining_fee_amount"]
    }
    assert refused(world, invoice, -1, credit=10) == {"amount_cents": ["invalid_value"]}
    assert refused(world, invoice, 1000, credit=1000) == {"base": ["does_not_match_item_amounts"]}
    assert refused(world, invoice, 1000, refund=1200) == {
        "refund_amount_cents": ["cannot_refund_unpaid_invoice"]
    }
    assert refused(world, invoice, 0) == {"base": ["total_amount_must_be_positive"]}
    pays(world, invoice, 500)
    assert refused(world, invoice, 1000, refund=1200) == {"refund_amount_cents": [more]}
    assert refused(world, invoice, 1000, offset=1200) == {"offset_amount_cents": [more]}
    assert notes(world) == []

    note = asks(world, invoice, 500, refund=300, offset=300)

    assert (note.total_amount_cents, note.credit_amount_cents) == (600, 0)
    assert shown(world).total_due_amount_cents == 400
    assert refused(world, invoice, 500, refund=600) == {"refund_amount_cents": [more]}
    with pytest.raises(Invalid) as wrong:
        estimates(world, invoice, 501)
    assert dict(wrong.value.details) == {"amount_cents": ["higher_than_remaining_fee_amount"]}
    assert refused(world, invoice, 250, credit=-300, offset=600) == {
        "credit_amount_cents": ["invalid_value"]
    }


def test_two_items_of_one_fee_take_no_more_than_it_has(world):
    """6.00 and 6.00 of a fee of 10.00."""
    invoice = billed(world, 1000)
    item = {"fee_id": invoice.fees[0].id, "amount_cents": 600}

    asked = {"invoice_id": invoice.id, "items": [item, item], "credit_amount_cents": 1440}

    with world.begin() as work, pytest.raises(Invalid) as wrong:
        creditnotes.create(work, said(CreditNoteInput, **asked))

    assert dict(wrong.value.details) == {"amount_cents": ["higher_than_remaining_fee_amount"]}


def test_a_cent_off_is_put_right(world):
    """0.67 x 1.2 is 0.804: asked for 0.81, then 0.79, both are 0.67 and 0.13, the credit first."""
    invoice = billed(world, 1000)
    pays(world, invoice, 100)

    over = asks(world, invoice, 67, credit=40, refund=41)
    under = asks(world, invoice, 67, refund=40, offset=39)

    assert (over.credit_amount_cents, over.refund_amount_cents) == (39, 41)
    assert (under.refund_amount_cents, under.offset_amount_cents) == (41, 39)
    assert over.total_amount_cents == under.total_amount_cents == 80


def test_what_is_not_there_and_what_is_a_draft(world):
    """No such invoice, another's fee, and an invoice that is not final."""
    invoice = billed(world, 1000)
    with world.begin() as work:
        for asked, code in (
            ({"invoice_id": "nothing", "items": []}, "invoice_not_found"),
            (
                {"invoice_id": invoice.id, "items": [{"fee_id": "x", "amount_cents": 1}]},
                "fee_not_found",
            ),
        ):
            with pytest.raises(Missing) as missing:
                creditnotes.create(work, said(CreditNoteInput, **asked))
            assert missing.value.code == code
        work.rows.change(invoices.invoices, invoices.invoices.c.id == invoice.id, status="voided")
    with pytest.raises(Conflict) as conflict:
        asks(world, invoice, 1000, credit=1200)
    assert conflict.value.code == "invalid_type_or_status"


def test_what_is_left_of_a_note_is_voided_once(world):
    """12.00 were spent, and nothing is left to void; of another 6.00 nothing was, and all is."""
    invoice = billed(world, 1000)
    note = asks(world, invoice, 1000, credit=1200)
    world.now = on("2026-01-10T00:00:00")
    subscribe(world, "s2", billing_time="anniversary")
    assert [one.balance_amount_cents for one in notes(world)] == [0]
    world.now = on("2026-01-11T00:00:00")
    (second,) = [one for one in world.invoices() if one.id != invoice.id]
    assert (second.credit_notes_amount_cents, second.total_amount_cents) == (1200, 0)
    more = asks(world, second, 500, credit=600)

    with world.begin() as work:
        voided = creditnotes.void(work, more.id)

    assert (voided.credit_status, voided.balance_amount_cents) == ("voided", 0)
    assert (voided.credit_amount_cents, voided.total_amount_cents) == (600, 600)
    for id in (note.id, more.id):
        with world.begin() as work, pytest.raises(Conflict) as refused_:
            creditnotes.void(work, id)
        assert refused_.value.code == "no_voidable_amount"


def test_a_refund_and_the_pairs_of_a_note_may_change(world):
    """What became of a refund is said by hand; pairs are merged, replaced and dropped."""
    invoice = billed(world, 1000)
    pays(world, invoice, 1200)
    note = asks(world, invoice, 500, refund=600)
    with world.begin() as work:
        update = said(CreditNoteUpdate, refund_status="succeeded", metadata={"a": "1"})
        changed = creditnotes.update(work, note.id, update)
        merged = creditnotes.merge_metadata(work, note.id, {"b": None})
        dropped = creditnotes.delete_metadata_key(work, note.id, "a")
        replaced = creditnotes.replace_metadata(work, note.id, {"c": "3"})
        gone = creditnotes.delete_metadata(work, note.id)
        with pytest.raises(Missing) as missing:
            creditnotes.delete_metadata_key(work, note.id, "c")

    assert (changed.refund_status, changed.metadata) == ("succeeded", {"a": "1"})
    assert (merged, dropped, replaced) == ({"a": "1", "b": None}, {"b": None}, {"c": "3"})
    assert gone is None
    assert missing.value.code == "metadata_not_found"
    credit = asks(world, invoice, 500, credit=600)
    with world.begin() as work, pytest.raises(Invalid):
        creditnotes.update(work, credit.id, said(CreditNoteUpdate, refund_status="failed"))


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, [1, 2, 3]),
        ({"types": ["refund"]}, [2]),
        ({"types": ["credit", "offset"]}, [1, 3]),
        ({"credit_status": ["voided"]}, [3]),
        ({"credit_status": ["available", "consumed"]}, [1]),
        ({"refund_status": ["pending"]}, [2]),
        ({"reason": ["duplicated_charge"]}, []),
        ({"search_term": "CN002"}, [2]),
        ({"search_term": "c1"}, [1, 2, 3]),
        ({"invoice_number": "INV-001-001"}, [1, 2, 3]),
        ({"invoice_number": "INV-001-002"}, []),
        ({"currency": "eur", "amount_from": D(240), "amount_to": D(360)}, [2, 3]),
        ({"issuing_date_from": date(2026, 1, 1), "issuing_date_to": date(2026, 1, 1)}, [1, 2, 3]),
        ({"issuing_date_from": date(2026, 1, 2)}, []),
        ({"billing_entity_codes": ["default"]}, [1, 2, 3]),
        ({"self_billed": True}, []),
        ({"status": ["draft"]}, []),
        ({"purchase_order_number": "PO-1"}, []),
        ({"external_customer_id": "c1"}, [1, 2, 3]),
    ],
)  # fmt: skip
def test_notes_are_found(listed, query, found):
    """A credit of 1.20, a refund of 2.40, and a credit of 3.60 that was voided."""
    assert [note.sequential_id for note in notes(listed, **query)] == found


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def listed(request):
    """Three notes, on each ledger."""
    ledger = Ledger(new_ledger_url(request.param))
    warehouse = open_warehouse(new_warehouse_url("duckdb"))
    world = World(ledger, warehouse)
    invoice = billed(world, 1000)
    pays(world, invoice, 1200)
    asks(world, invoice, 100, credit=120)
    asks(world, invoice, 200, refund=240)
    third = asks(world, invoice, 300, credit=360)
    with world.begin() as work:
        creditnotes.void(work, third.id)
    yield world
    world.writer.close()
    warehouse.close()
    ledger.close()


def test_notes_are_listed_by_their_invoice_and_their_customer(world):
    """The newest first, each with its page."""
    invoice = billed(world, 1000)
    asks(world, invoice, 100, credit=120)
    ends(world)
    with world.begin() as work:
        mine = creditnotes.of_invoice(work, invoice.id, creditnotes.CreditNoteQuery(per_page=1))
        theirs = creditnotes.of_customer(work, "c1", creditnotes.CreditNoteQuery())
        with pytest.raises(Missing):
            creditnotes.of_invoice(work, "nothing", creditnotes.CreditNoteQuery())

    assert [note.number[-5:] for note in mine.items] == ["CN002"]
    assert [note.number[-5:] for note in theirs.items] == ["CN002", "CN001"]
    assert mine.meta.total_count == 2
    assert cycle.bill(world.begin) == 0
