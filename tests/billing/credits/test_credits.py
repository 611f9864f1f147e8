"""Credit is paid in, spent, given back and voided by entries, on both ledgers."""

import random
from collections import defaultdict

import polars as pl
import pytest

from billing import credits
from billing.credits import CreditEntry, CreditStatus, credit_entries
from metering.measures import ids
from metering.measures.refusals import Conflict
from sql.work import Work
from tests.conftest import NOW


def paid(customer, *amounts, currency="EUR"):
    """Credits of one customer, the oldest first."""
    return pl.DataFrame(
        {
            "id": [ids.new() for _ in amounts],
            "customer_id": [customer] * len(amounts),
            "currency": [currency] * len(amounts),
            "amount_cents": list(amounts),
            "code": ["INV-1-CN001"] * len(amounts),
            "name": ["INV-1"] * len(amounts),
            "description": pl.Series([None] * len(amounts), dtype=pl.String),
            "created_at": [NOW] * len(amounts),
        }
    )


def spent(*rows):
    return pl.DataFrame(rows, ["credit_id", "invoice_id", "amount_cents"], orient="row")


def balances(work, paid_in):
    found = credits.by_ids(work, paid_in["id"].to_list())
    return [found[id].balance_cents for id in paid_in["id"]]


def entries(work, credit_id):
    mine = credit_entries.c.credit_id == credit_id
    found = work.rows.all(credit_entries, CreditEntry, mine)
    return [(one.reason, one.amount_cents) for one in found]


def test_a_balance_is_the_sum_of_its_entries(work):
    """10.00 paid in, 4.00 and 6.00 spent, 4.00 given back, 4.00 voided: nothing is left."""
    one = paid("c1", 1000)
    (id,) = one["id"]
    credits.pay_in(work, one)
    credits.spend(work, spent((id, "i1", 400), (id, "i2", 600)))
    assert credits.by_ids(work, [id])[id].status is CreditStatus.consumed

    back = credits.give_back(work, ["i1"])

    assert back["amount_cents"].to_list() == [400]
    assert credits.by_ids(work, [id])[id].status is CreditStatus.available
    credits.void(work, id)
    assert credits.by_ids(work, [id])[id].status is CreditStatus.voided
    assert entries(work, id) == [
        ("paid_in", 1000), ("spent", -400), ("spent", -600), ("given_back", 400), ("voided", -400),
    ]  # fmt: skip
    assert credits.give_back(work, ["i2"]).is_empty()
    with pytest.raises(Conflict) as refused:
        credits.void(work, id)
    assert refused.value.code == "no_voidable_amount"


def test_one_invoice_spends_one_credit_once(work):
    """The same invoice again is refused by the unique key, though 6.00 would be left."""
    one = paid("c1", 1000)
    (id,) = one["id"]
    credits.pay_in(work, one)
    credits.spend(work, spent((id, "i1", 400)))

    with pytest.raises(Exception, match=r"(?i)unique"):
        credits.spend(work, spent((id, "i1", 400)))


def test_no_more_is_spent_than_is_left(work):
    """4.01 of 4.00."""
    one = paid("c1", 400)
    credits.pay_in(work, one)

    with pytest.raises(AssertionError):
        credits.spend(work, spent((one["id"].item(), "i1", 401)))

    assert balances(work, one) == [400]


def test_the_oldest_credit_pays_first_and_only_its_own_customer(work):
    """3.00 and 5.00 for an invoice of 4.00 and one of 9.00; 7.00 in dollars and of others stay."""
    mine, dollars, other = paid("c1", 300, 500), paid("c1", 700, currency="USD"), paid("c2", 700)
    for one in (mine, dollars, other):
        credits.pay_in(work, one)
    owing = pl.DataFrame(
        {
            "id": ["i1", "i2"], "customer_id": ["c1", "c1"], "currency": ["EUR", "EUR"],
            "owed_cents": [400, 900],
        }
    )  # fmt: skip

    taken = credits.matched(owing, credits.available(work, ["c1", "c2"]))

    first, second = mine["id"]
    assert taken.rows() == [("i1", first, 300), ("i1", second, 100), ("i2", second, 400)]
    credits.spend(work, taken)
    assert (balances(work, mine), balances(work, dollars)) == ([0, 0], [700])


def slowly(owing, available):
    """One invoice after another, one credit after another."""
    left = {one["id"]: one["balance_cents"] for one in available}
    for invoice in owing:
        owed = invoice["owed_cents"]
        for one in available:
            alike = all(one[name] == invoice[name] for name in ("customer_id", "currency"))
            part = min(owed, left[one["id"]]) if alike else 0
            if part:
                left[one["id"]] -= part
                owed -= part
                yield invoice["id"], one["id"], part


def test_the_columns_agree_with_the_slow_rule():
    """Two hundred books of three customers and two currencies, from one fixed seed."""
    dice = random.Random(20261122)
    for _ in range(200):
        made = defaultdict(list)
        for kind, cents in (("owing", "owed_cents"), ("available", "balance_cents")):
            for number in range(dice.randint(0, 12)):
                owner, currency = dice.choice(["c1", "c2", "c3"]), dice.choice(["EUR", "USD"])
                row = {"id": f"{kind}{number}", "customer_id": owner, "currency": currency}
                made[kind].append({**row, cents: dice.choice([0, 1, dice.randint(1, 10**12)])})
        if not (made["owing"] and made["available"]):
            continue

        fast = credits.matched(pl.DataFrame(made["owing"]), pl.DataFrame(made["available"]))

        assert sorted(fast.rows()) == sorted(slowly(made["owing"], made["available"]))


def test_another_organization_has_none_of_it(ledger):
    """What is available is asked for within the organization."""
    one = paid("c1", 400)
    for organization, expected in (("o1", 1), ("o2", 0)):
        with ledger.transaction(organization) as rows:
            work = Work(organization=organization, now=NOW, rows=rows, warehouse=None)
            if expected:
                credits.pay_in(work, one)
            assert credits.available(work, ["c1"]).height == expected
