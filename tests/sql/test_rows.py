"""Rows that are replaced: a key that is taken is refused, and what else was done is kept."""

import threading
import time
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from billing import addons, entities, plans, taxes
from billing.addons import AddOnInput, AddOnUpdate
from billing.plans import PlanInput, PlanUpdate
from billing.taxes import Level, TaxInput, TaxUpdate, tables
from billing.taxes.service import Applied
from billing.taxes.tables import applied_taxes
from metering import metrics
from metering.measures import ids
from metering.measures.refusals import Invalid
from metering.metrics import BillableMetricInput, BillableMetricUpdate
from sql.work import Work
from tests.conftest import NOW

TAKEN = {"code": ["value_already_exist"]}


def tax(code):
    return TaxInput(name="VAT", code=code, rate=Decimal(20))


def test_a_key_that_is_taken_is_refused_and_the_work_goes_on(work):
    """Of two taxes one takes the other's code; the refusal leaves the transaction usable."""
    taxes.create(work, tax("a"))
    second = taxes.create(work, tax("b"))

    with pytest.raises(Invalid) as refused:
        taxes.update(work, "b", TaxUpdate(code="a"))

    assert refused.value.details == TAKEN
    assert taxes.update(work, "b", TaxUpdate(code="b", name="Same")).id == second.id
    assert taxes.update(work, "b", TaxUpdate(code="c")).code == "c"
    assert work.rows.count(taxes.taxes) == 2


def test_the_code_of_what_was_deleted_is_free(work):
    """A deleted tax keeps no name from one that is there."""
    for code in ("a", "b"):
        taxes.create(work, tax(code))
    taxes.delete(work, "a")

    assert taxes.update(work, "b", TaxUpdate(code="a")).code == "a"


def test_only_a_taken_key_is_refused_as_one(work):
    """A row that refers to nothing is a bug: it is raised as it is."""
    made = taxes.create(work, tax("a"))
    (link,) = [Applied(id=ids.new(), tax_id=made.id, level=Level.plan, owner_id="p")]
    work.rows.add(applied_taxes, link)

    with pytest.raises(IntegrityError):
        work.rows.put(
            applied_taxes,
            Applied(id=link.id, tax_id="nobody", level=Level.plan, owner_id="p"),
            taken="code",
        )


def metric(code):
    return BillableMetricInput(name="Calls", code=code, aggregation_type="count_agg")


def plan(code):
    return PlanInput(
        name="Basic", code=code, interval="monthly", amount_cents=0, amount_currency="EUR",
        pay_in_advance=False,
    )  # fmt: skip


def add_on(code):
    return AddOnInput(name="Seat", code=code, amount_cents=1, amount_currency="EUR")


NOUNS = {
    "tax": (
        lambda work, code: taxes.create(work, tax(code)),
        lambda work, code, to: taxes.update(work, code, TaxUpdate(code=to)),
    ),
    "add_on": (
        lambda work, code: addons.create(work, add_on(code)),
        lambda work, code, to: addons.update(work, code, AddOnUpdate(code=to)),
    ),
    "metric": (
        lambda work, code: metrics.create(work, metric(code)),
        lambda work, code, to: metrics.update(
            work, code, BillableMetricUpdate(code=to), is_used=False
        ),
    ),
    "plan": (
        lambda work, code: plans.create(work, plan(code)),
        lambda work, code, to: plans.change(work, code, PlanUpdate(code=to), in_use=False),
    ),
}
"""How each noun with a code is made, and renamed."""


@pytest.mark.parametrize("noun", NOUNS)
def test_of_two_renames_at_once_one_is_refused(ledger, noun):
    """Both look while neither has committed; the second writes, waits for the first, and loses."""
    make, rename = NOUNS[noun]
    organization = ids.new()

    def begun(rows):
        return Work(organization=organization, now=NOW, rows=rows, warehouse=None)

    with ledger.transaction(organization) as rows:
        entities.open_default(begun(rows), "Invora", "EUR")
        for code in ("a", "b"):
            make(begun(rows), code)
    heard = []

    def second():
        try:
            with ledger.transaction(organization) as rows:
                rename(begun(rows), "b", "c")
        except Exception as error:
            heard.append(error)

    thread = threading.Thread(target=second)
    with ledger.transaction(organization) as rows:
        rename(begun(rows), "a", "c")
        thread.start()
        time.sleep(0.3)  # long enough to look, and to wait at the key
        assert thread.is_alive()
    thread.join(30)

    (refused,) = heard
    assert isinstance(refused, Invalid), refused
    assert refused.details == TAKEN


def test_many_texts_are_one_parameter(work):
    """40,000 codes, more than PostgreSQL takes parameters; two are there, one made of signs."""
    for code in ("a", "b\"'\\,{}", "c"):
        taxes.create(work, tax(code))
    sought = ["b\"'\\,{}", "a", *(f"none-{number}" for number in range(40_000))]
    code = tables.taxes.c.code

    found = work.rows.frame(select(code).where(work.rows.among(code, sought)))

    assert sorted(found["code"]) == sorted(sought[:2])
    assert work.rows.frame(select(code).where(work.rows.among(code, []))).is_empty()
