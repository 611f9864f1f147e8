"""Amounts are exact in columns too, and every scalar rule has a twin that agrees with it."""

import json
import random
from decimal import ROUND_05UP, ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Context
from decimal import Decimal as D
from fractions import Fraction
from uuid import UUID

import polars as pl
import pytest
from polars.exceptions import ComputeError, InvalidOperationError

from metering import columns
from metering.measures import money
from metering.measures.ids import is_id

EXACT = Context(prec=200)
ULP = D("0.000000000001")
GREATEST = D("9" * 26 + "." + "9" * 12)
LEAST = GREATEST.copy_negate()


def column(*amounts, **more):
    frame = pl.DataFrame({"amount": list(amounts)}, schema={"amount": columns.AMOUNT})
    return frame.with_columns(**{name: pl.Series(values) for name, values in more.items()})


def amounts_of_all_sizes(seed, count):
    dice = random.Random(seed)
    for _ in range(count):
        yield D(dice.randint(-(10 ** dice.randint(0, 20)), 10 ** dice.randint(0, 20))).scaleb(-12)


@pytest.mark.parametrize(("currency", "digits"), [("JPY", 0), ("EUR", 2), ("KWD", 3), ("CLF", 4)])
def test_the_column_and_the_scalar_settle_alike(currency, digits):
    """Halves go away from zero, on both sides of it, at 0, 2, 3 and 4 digits; so does all else."""
    ties = [D(n).scaleb(-5) for n in range(-40_005, 40_005, 5)]
    amounts = [*ties, *amounts_of_all_sizes(digits, 2000)]

    settled = column(*amounts).select(columns.settle(pl.col("amount"), digits))["amount"]

    assert money.digits(currency) == digits
    assert settled.to_list() == [money.settle(amount, currency) for amount in amounts]


def test_digits_may_differ_from_row_to_row():
    """One frame holds yen, euros and dinars: 3 x 1.2345 is 4 JPY, 3.70 EUR and 3.704 KWD."""
    currencies = ["JPY", "EUR", "KWD", "CLF"] * 500
    amounts = [D("3.7035")] * 4 + [*amounts_of_all_sizes(1, 1996)]
    frame = column(*amounts, digits=[money.digits(currency) for currency in currencies])

    settled = frame.select(columns.settle(pl.col("amount"), pl.col("digits")))["amount"].to_list()

    assert settled[:4] == [4, 370, 3704, 37035]
    assert settled == [money.settle(a, c) for a, c in zip(amounts, currencies, strict=True)]


def test_money_that_does_not_fit_is_refused():
    """Beyond 64 bits of cents, settling raises; it never wraps."""
    frame = column(D("92233720368547758.08"))

    assert column(D("92233720368547758.07")).select(columns.settle(pl.col("amount"), 2)).item() > 0
    with pytest.raises(InvalidOperationError):
        frame.select(columns.settle(pl.col("amount"), 2))


def product(left, right):
    frame = pl.DataFrame(
        {"left": left, "right": right}, schema={"left": columns.AMOUNT, "right": columns.AMOUNT}
    )
    rest = columns.remainder(pl.col("left"), pl.col("right"), pl.col("amount"))
    return frame.with_columns(amount=pl.col("left") * pl.col("right")).with_columns(rest=rest)


def test_nothing_of_a_product_is_lost():
    """Twelve decimals times twelve have twenty-four: the remainder holds the other half."""
    left = [*amounts_of_all_sizes(2, 3000), ULP, GREATEST, LEAST, D("0.5")]
    right = [*amounts_of_all_sizes(3, 3000), ULP, D(1), ULP, ULP]
    pairs = [(a, b) for a, b in zip(left, right, strict=True) if abs(EXACT.multiply(a, b)) < 10**26]

    made = product([a for a, _ in pairs], [b for _, b in pairs])

    exact = [EXACT.multiply(a, b) for a, b in pairs]
    kept = zip(made["amount"], made["rest"], strict=True)
    assert [EXACT.add(amount, D(rest).scaleb(-24)) for amount, rest in kept] == exact


def test_a_product_that_does_not_fit_is_refused():
    """A 27th digit before the point raises."""
    with pytest.raises(ComputeError, match="overflow"):
        product([GREATEST], [D(2)])


def test_bringing_an_amount_to_twelve_decimals_never_changes_what_it_settles_to():
    """Just under a tie stays under it, and just over a whole stays over it.

    0.004999999999999999 would be half a cent at twelve decimals, and a cent when settled.
    """
    dice = random.Random(4)
    near = [D(n) * ULP for whole in (0, 5, 10, 15) for n in (whole * 10**9 - 1, whole * 10**9)]
    amounts = [
        sign * (amount + dice.choice([0, 1, -1]) * ULP) for sign in (1, -1) for amount in near
    ]
    amounts += amounts_of_all_sizes(5, 2000)
    rests = [dice.choice([0, 1, -1, dice.randint(-(10**12), 3 * 10**12)]) for _ in amounts]
    exact = [EXACT.add(a, D(rest).scaleb(-24)) for a, rest in zip(amounts, rests, strict=True)]

    frame = column(*amounts, rest=rests).select(columns.sticky(pl.col("amount"), pl.col("rest")))

    made = frame.to_series().to_list()
    assert made == [amount.quantize(ULP, ROUND_05UP, EXACT) for amount in exact]
    for currency in ("JPY", "EUR", "KWD", "CLF"):
        assert [money.settle(a, currency) for a in made] == [
            money.settle(a, currency) for a in exact
        ]


def test_a_total_is_exact_or_refused():
    """Within a group as over a whole column; where polars alone would wrap, it raises."""
    amounts = [*amounts_of_all_sizes(6, 3000)]
    frame = column(*amounts, group=[n % 7 for n in range(3000)])

    grouped = frame.group_by("group").agg(columns.total(pl.col("amount"))).sort("group")

    assert grouped["amount"].to_list() == [sum(amounts[n::7], D(0)) for n in range(7)]
    assert column(GREATEST, LEAST, ULP).select(columns.total(pl.col("amount"))).item() == ULP
    assert column().select(columns.total(pl.col("amount"))).item() == 0
    for many in (2, 3, 4):
        much = column(*[GREATEST] * many, group=[1] * many)
        with pytest.raises((ComputeError, InvalidOperationError)):
            much.group_by("group").agg(columns.total(pl.col("amount")))


MODES = {"round": ROUND_HALF_UP, "ceil": ROUND_CEILING, "floor": ROUND_FLOOR}


def test_quantities_are_rounded_as_metrics_say():
    """12.345: ceil(1) 12.4, floor 12, round(2) 12.35, round(-1) 10; and two thousand others."""
    dice = random.Random(7)
    cases = [("12.345", "ceil", 1, "12.4"), ("12.345", "floor", 0, "12"),
             ("12.345", "round", 2, "12.35"), ("12.345", "round", -1, "10"),
             ("12.345", "floor", None, "12"), ("12.345", None, 1, "12.345"),
             ("-0.5", "round", 0, "-1"), ("-0.5", "ceil", 0, "0"), ("-0.5", "floor", 0, "-1"),
             ("15", "round", -1, "20"), ("0.1", "ceil", -3, "1000"), ("1.5", "round", 99, "1.5"),
             (str(GREATEST), "floor", -30, "0")]  # fmt: skip
    cases = [
        (D(amount), function, precision, D(made)) for amount, function, precision, made in cases
    ]
    for amount in amounts_of_all_sizes(8, 2000):
        function, precision = dice.choice(list(MODES)), dice.randint(-9, 12)
        shifted = EXACT.scaleb(amount, precision).to_integral_value(MODES[function], EXACT)
        cases.append((amount, function, precision, EXACT.scaleb(shifted, -precision)))
    amounts, functions, precisions, made = zip(*cases, strict=True)

    frame = column(*amounts, function=functions, precision=precisions).select(
        columns.rounded(pl.col("amount"), pl.col("function"), pl.col("precision"))
    )

    assert frame.to_series().to_list() == list(made)


def test_a_begun_pack_is_a_whole_one():
    """The least fraction over a bound begins another pack; nothing needs none."""
    cases = [("0", 10, 0), ("10", 10, 1), ("10.000000000001", 10, 2), ("0.000000000001", 3, 1),
             ("99999999999999999999999999", 1, D("99999999999999999999999999"))]  # fmt: skip
    frame = column(*(D(units) for units, _, _ in cases), size=[size for _, size, _ in cases])

    packs = frame.select(columns.packs(pl.col("amount"), pl.col("size"))).to_series()

    assert packs.to_list() == [packs for _, _, packs in cases]


def test_decimals_are_written_alike_in_columns_and_out():
    """No exponent, one decimal at least, no spare zeros: 10.0, 0.5, 0.0, -0.000000000001."""
    amounts = [D(0), D(10), D("0.5"), D(100), -ULP, GREATEST, *amounts_of_all_sizes(9, 2000)]

    texts = column(*amounts).select(columns.plain(pl.col("amount")))["amount"].to_list()

    assert texts == [format(money.plain(amount), "f") for amount in amounts]


def test_texts_become_json_and_come_back():
    """Quotes, backslashes, controls and other scripts survive."""
    texts = ["", 'a"b', "a\\b", "\n\t\x01", "/é株😀", None]

    frame = pl.DataFrame({"text": texts}).select(text=columns.quoted(pl.col("text")))

    assert [json.loads(text) for text in frame["text"]] == texts


def test_records_are_json_objects():
    """Members in order, null as null, after those that were known before."""
    frame = pl.DataFrame({"size": [3, None], "amount": [D("1.50"), D(0)]})
    made = columns.record(
        pl.lit('"kind":"pack"'), size=pl.col("size"), amount=columns.shown(pl.col("amount"))
    )

    assert frame.select(made).to_series().to_list() == [
        '{"kind":"pack","size":3,"amount":"1.5"}', '{"kind":"pack","size":null,"amount":"0.0"}',
    ]  # fmt: skip
    assert frame.select(columns.record(size=pl.col("size"))).to_series()[0] == '{"size":3}'


def test_minor_units_become_major_ones():
    """1050 cents are 10.50, 1050 yen are 1050, and half a cent is 0.005."""
    frame = column(D(1050), D(1050), D("0.5"), digits=[2, 0, 2])

    made = frame.select(columns.major(pl.col("amount"), pl.col("digits"))).to_series().to_list()

    assert made == [D("10.5"), D(1050), D("0.005")]


def test_a_frame_takes_the_shape_it_is_given():
    """What is missing is null, what is too much is gone, and types are as they should be."""
    frame = pl.DataFrame({"b": [1], "c": ["x"]})

    made = columns.shaped(frame, {"a": pl.String, "b": columns.AMOUNT})

    assert made.schema == {"a": pl.String, "b": columns.AMOUNT}
    assert made.rows() == [(None, D(1))]


def test_ids_in_a_column_are_like_ids_one_by_one():
    """Ten thousand of version 7, ascending, no two alike; none is no trouble."""
    made = columns.ids(10_000).to_list()

    assert made == sorted(set(made))
    assert all(is_id(id) and UUID(id).version == 7 for id in made)
    assert {UUID(id).variant for id in made} == {UUID(made[0]).variant}
    assert set(made).isdisjoint(columns.ids(10_000))
    assert columns.ids(0).to_list() == []


def exactly(fraction, places, up=False):
    """A fraction at some places: halves away from zero, or always up."""
    shifted = abs(fraction) * 10**places
    whole = int(shifted + Fraction(1, 2)) * (1 if fraction > 0 else -1)
    if up:
        whole = -((-fraction * 10**places) // 1)
    return D(int(whole)).scaleb(-places)


def test_what_is_divided_is_divided_once_and_exactly():
    """Averages, units over time and unit days against fractions: both sides of 0, and ties."""
    dice = random.Random(9)
    held = [*amounts_of_all_sizes(10, 1500), D("-1.5"), D("1.5"), D("-0.000000000001"), ULP]
    part = [D(0) if dice.random() < 0.3 else D(dice.randint(-(10**9), 10**9)) for _ in held]
    days = [dice.choice([1, 2, 3, 28, 31, 366, 2_678_400]) for _ in held]

    made = column(*held, days=days).with_columns(part=pl.Series(part, dtype=columns.AMOUNT)).select(
        average=columns.quotient(pl.col("amount"), pl.col("days")),
        over_time=columns.over_time(pl.col("amount"), pl.col("part"), pl.col("days")),
        prorated=columns.prorated(pl.col("amount"), pl.col("days")),
        divided=columns.sticky(pl.col("amount"), pl.col("days") * 1000, pl.col("days")),
    )  # fmt: skip

    for given, fine, parts, row in zip(held, part, days, made.iter_rows(named=True), strict=True):
        whole = Fraction(given)
        assert row["average"] == exactly(whole / parts, 12)
        assert row["over_time"] == exactly((whole + Fraction(fine) / 10**6) / parts, 12)
        assert row["prorated"] == exactly(whole / parts, 5, up=True)
        exact = (whole + Fraction(parts * 1000, 10**24)) / parts
        cut = Fraction(row["divided"])
        assert abs(cut - exact) < Fraction(1, 10**12)
        assert money.settle(row["divided"], "EUR") == int(exactly(exact, 2) * 100)


def test_the_nearest_rank_counts_how_often_a_value_came():
    """Of 5 once, 1 three times, 9 once: the 60th is 1, the 61st 5, the 81st 9."""
    frame = pl.DataFrame(
        {"v": [D(5), D(1), D(9)], "n": [1, 3, 1]},
        schema={"v": columns.AMOUNT, "n": pl.Int64},
    )
    for which, value in (("0", 1), ("60", 1), ("60.000000000001", 5), ("80", 5), ("81", 9)):
        asked = frame.with_columns(p=pl.lit(D(which), columns.AMOUNT))
        found = columns.nearest_rank(pl.col("v"), pl.col("n"), pl.col("p"))
        assert asked.select(found).item() == value
