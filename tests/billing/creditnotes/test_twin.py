"""The columns of notes against the slow rule, and against cases worked by hand."""

import random
from decimal import Decimal as D
from fractions import Fraction as F

import polars as pl
import pytest

from billing.creditnotes import rules
from metering.columns import AMOUNT
from tests.oracle import notes as oracle

INVOICES = 60


def some_fees(dice, has_coupons):
    """Fees of one invoice, each with its share of coupons and its taxes."""
    fees = {}
    for number in range(dice.randint(1, 5)):
        amount = dice.choice([1, 3, 7, 100, dice.randint(1, 10**4), dice.randint(1, 10**9)])
        share = D(dice.randint(0, amount * 10**5)).scaleb(-5) if has_coupons else D(0)
        coupons = dice.choice([D(0), share, D(amount)]) if has_coupons else D(0)
        rates = {"vat": "20", "city": "3.5", "odd": "23.33333"}
        chosen = dice.sample(sorted(rates), dice.randint(0, 3))
        fees[f"f{number}"] = {
            "amount": amount, "coupons": coupons, "rates": {code: rates[code] for code in chosen},
        }  # fmt: skip
    return fees


def split(dice, fees):
    """Cut an invoice into notes until nothing is left of it; each is a list of items."""
    left = {name: fee["amount"] for name, fee in fees.items()}
    while any(left.values()):
        items = []
        for name in left:
            taken = dice.choice([0, left[name], dice.randint(0, left[name])])
            if taken:
                items.append((name, taken))
                left[name] -= taken
        if items:
            yield items, not any(left.values())


def frames(jobs):
    """The items, taxes and what is left, of one note for each of many invoices."""
    items, taxes = [], []
    for place, job in enumerate(jobs):
        for name, amount in job["items"]:
            fee = job["fees"][name]
            id = f"{job['invoice']}/{name}"
            whole = (D(amount), int(amount), fee["amount"], fee["coupons"])
            items.append((place, job["invoice"], id, *whole))
            taxes += [(id, code, D(rate)) for code, rate in fee["rates"].items()]
    schema = {
        "note": pl.UInt32, "invoice_id": pl.String, "fee_id": pl.String, "precise": AMOUNT,
        "amount_cents": pl.Int64, "fee_cents": pl.Int64, "coupons_cents": AMOUNT,
    }  # fmt: skip
    named = {"fee_id": pl.String, "tax_id": pl.String, "tax_rate": AMOUNT}
    gaps = [D(job["earlier"].numerator) / job["earlier"].denominator for job in jobs]
    left = [(job["invoice"], job["left"], gap) for job, gap in zip(jobs, gaps, strict=True)]
    return (
        pl.DataFrame(items, schema, orient="row"),
        pl.DataFrame(taxes, named, orient="row").unique(maintain_order=True),
        pl.DataFrame(
            left, {"invoice_id": pl.String, "left_cents": pl.Int64, "earlier_cents": AMOUNT},
            orient="row",
        ),
    )  # fmt: skip


@pytest.mark.parametrize("has_coupons", [False, True], ids=["plain", "coupons"])
def test_the_columns_agree_with_the_slow_rule_and_all_notes_with_the_invoice(has_coupons):
    """Sixty invoices cut to pieces; without coupons their notes add up to them, to the cent."""
    dice = random.Random(20261122)
    books = []
    for number in range(INVOICES):
        fees = some_fees(dice, has_coupons)
        whole = oracle.note([(name, fee["amount"]) for name, fee in fees.items()], fees)
        books.append(
            {
                "invoice": f"i{number}", "fees": fees, "notes": list(split(dice, fees)),
                "left": sum(fee["amount"] for fee in fees.values()), "earlier": F(0),
                "owed": whole["sub_total"] + whole["taxes"], "total": 0, "count": 0,
            }
        )  # fmt: skip
    for round_ in range(max(len(book["notes"]) for book in books)):
        jobs = [book for book in books if len(book["notes"]) > round_]
        for job in jobs:
            job["items"], job["is_last"] = job["notes"][round_]
        items, taxes, left = frames(jobs)
        made = rules.rounded(rules.amounts(items, taxes, left)).sort("note").rows(named=True)
        lines = rules.tax_lines(items, taxes)
        for place, (job, fast) in enumerate(zip(jobs, made, strict=True)):
            slow = oracle.note(job["items"], job["fees"], job["earlier"], is_last=job["is_last"])
            assert told(fast) == slow_told(slow), (job, fast)
            mine = lines.filter(note=place)
            both = mine.select("base_amount_cents", "amount_cents").rows()
            assert dict(zip(mine["tax_id"], both, strict=True)) == slow["lines"]
            job["left"] -= sum(amount for _, amount in job["items"])
            job["earlier"] += slow["gap"]
            job["total"] += slow["total"]
            job["count"] += 1
    for book in books:
        off = abs(book["total"] - book["owed"])
        assert off == 0 if not has_coupons else off <= book["count"], book


def told(fast):
    return (
        fast["sub_total_excluding_taxes_amount_cents"],
        fast["taxes_amount_cents"],
        fast["rounded_total"] - fast["surplus"],
        F(fast["precise_coupons_adjustment_amount_cents"]),
        F(fast["precise_taxes_amount_cents"]),
        F(fast["taxes_rate"]),
    )


def slow_told(slow):
    return (
        slow["sub_total"], slow["taxes"], slow["total"], slow["adjustment"], slow["precise_taxes"],
        slow["rate"],
    )  # fmt: skip


def one(fees, items, left=None, earlier="0"):
    """A single note, by name."""
    left = sum(fee["amount"] for fee in fees.values()) if left is None else left
    job = {"invoice": "i", "fees": fees, "items": items, "left": left, "earlier": F(earlier)}
    (made,) = rules.rounded(rules.amounts(*frames([job]))).rows(named=True)
    return made


def net_and_taxes(made):
    return made["sub_total_excluding_taxes_amount_cents"], made["taxes_amount_cents"]


def test_a_coupon_and_two_taxes():
    """262.60 of 399.00, of which 250.00 are a coupon's: 98.06 and 19.61, not the 117.68 of both."""
    fees = {
        "a": {"amount": 17_900, "coupons": D(0), "rates": {"x": "10"}},
        "b": {"amount": 39_900, "coupons": D(25_000), "rates": {"x": "10", "y": "10"}},
    }

    made = one(fees, [("b", 26_260)])

    assert F(made["precise_coupons_adjustment_amount_cents"]) == oracle.half_up(
        F(25_000 * 26_260, 39_900), 5
    )
    assert made["coupons_adjustment_amount_cents"] == 16_454
    assert net_and_taxes(made) == (9806, 1961)
    assert (made["rounded_total"], made["surplus"]) == (11_768, 1)
    assert made["taxes_rate"] == 20


def test_a_coupon_over_three_fees_comes_to_the_invoice():
    """19.99, 68.33 and 200.33 less 10.00, 20 %: 23.16, 79.15 and 232.07 are 334.38."""
    amounts = {"a": 1999, "b": 6833, "c": 20_033}
    shares = {name: D(1000 * cents) / 28_865 for name, cents in amounts.items()}
    fees = {
        name: {"amount": cents, "coupons": round(shares[name], 5), "rates": {"vat": "20"}}
        for name, cents in amounts.items()
    }
    left, earlier, totals, taxes = 28_865, F(0), [], []
    for name, cents in amounts.items():
        made = one(fees, [(name, cents)], left, earlier)
        totals.append(made["rounded_total"] - made["surplus"])
        taxes.append(str(made["precise_taxes_amount_cents"].normalize()))
        left -= cents
        earlier += F(made["taxes_amount_cents"]) - F(made["precise_taxes_amount_cents"])

    assert totals == [2316, 7915, 23_207]
    assert taxes == ["385.94932", "1319.25547", "3868.00001"]


def test_unused_days_agree_with_the_slow_rule():
    """A thousand plans, periods and earlier notes; cut off at 5 decimals, never below zero."""
    dice = random.Random(20261122)
    rows = []
    for _ in range(1000):
        plan, whole = dice.randint(0, 10**12), dice.choice([7, 28, 29, 30, 31, 90, 182, 365, 366])
        fee = dice.choice([plan, dice.randint(0, plan)])
        earlier = dice.choice([0, dice.randint(0, fee)])
        rows.append((plan, whole, dice.randint(0, whole), fee, earlier))
    names = ["plan_cents", "subscription_days", "unused_days", "fee_cents", "credited_cents"]

    fast = rules.given_back(pl.DataFrame(rows, names, orient="row"))["precise"]

    assert [F(value) for value in fast] == [oracle.unused(*row) for row in rows]


def test_a_coupon_takes_its_share_of_the_days_that_are_left():
    """16 of 31 days of 31.00 with a coupon of 10.00: 16.00 - 5.16129, and 20 %: 10.84 + 2.17."""
    fees = {"a": {"amount": 3100, "coupons": D(1000), "rates": {"vat": "20"}}}

    made = one(fees, [("a", 1600)])

    assert net_and_taxes(made) == (1084, 217)
    assert made["rounded_total"] - made["surplus"] == 1301
    covered = {"a": {**fees["a"], "coupons": D(3100)}}
    assert one(covered, [("a", 1600)])["rounded_total"] == 0
