"""The column types every frame shares, and exact arithmetic on them. No float, no silent wrap.

What polars 2.1 does with Decimal(38, 12), held by tests/metering/test_columns.py:

* `a * b` is computed in 256 bits and rounded to 12 decimals, halves to even; beyond 26 digits it
  raises. The part that was rounded away is found again by `remainder`.
* `a + b`, `Expr.sum` and a cast to an integer raise when they overflow. A sum inside an eager
  `group_by` does **not**: it wraps. Hence `total`, which every aggregation of ours uses.
* Text with more than 12 decimals is rounded when cast: texts are checked before they come here.

Underneath, a Decimal(38, 12) is an Int128 counting units of the twelfth decimal.
"""

import os
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

import polars as pl
import pyarrow as pa

from metering.measures import ids as one

AMOUNT = pl.Decimal(38, 12)
"""Major units of a currency, unrounded. 26 digits before the point; polars raises beyond."""

QUANTITY = pl.Decimal(38, 12)
"""Units of a metric."""

COUNT = pl.Decimal(38, 0)
"""A whole number wider than 64 bits: sums of keys."""

SCALE = 12
_ONE = 10**SCALE
_ULP = Decimal(1).scaleb(-SCALE)
_HALF = 10**19
"""Where a sum is split in two, so that neither half can overflow."""


def settle(amount: pl.Expr, digits: pl.Expr | int) -> pl.Expr:
    """Round a major-unit column to whole minor units, halves away from zero.

    The twin of measures.money.settle; `digits` is the currency's, one for all or one for each row.

    Raises:  polars InvalidOperationError beyond 64 bits of minor units.
    """
    size = _power(SCALE - digits)
    return _nearest(amount.to_physical(), size).cast(pl.Int64)


def major(minor: pl.Expr, digits: pl.Expr) -> pl.Expr:
    """Turn minor units, whole or not, into a major-unit column of 12 decimals."""
    size = pl.lit(_POWERS).gather(digits).cast(AMOUNT)
    return minor.cast(AMOUNT) / size


def minor(major: pl.Expr, digits: pl.Expr) -> pl.Expr:
    """Turn a major-unit column into minor units, unrounded."""
    return major.cast(AMOUNT) * pl.lit(_POWERS).gather(digits).cast(AMOUNT)


def remainder(left: pl.Expr, right: pl.Expr, product: pl.Expr) -> pl.Expr:
    """What `left * right` has beyond the 12 decimals of `product`, in units of the 24th decimal.

    Rule:    left * right = product + remainder / 10^24, exactly; |remainder| <= 10^12 / 2.
    Rounds:  nothing. The 128-bit products wrap, and so does their difference, back to the truth.
    """
    lost = left.to_physical() * right.to_physical() - product.to_physical() * _wide(_ONE)
    return lost.cast(pl.Int64)


def sticky(amount: pl.Expr, rest: pl.Expr, parts: pl.Expr | None = None) -> pl.Expr:
    """Bring `amount + rest / 10^24` to 12 decimals so that a later rounding is still right.

    With `parts`, a whole number, it is divided by it first.

    Rule:    cut off toward zero; if something was cut and the last digit is 0 or 5, one away from
             zero. No number that was cut can then look like a tie, or like a whole: `settle` of the
             result is `settle` of the exact number, at any digits below 12.
    Source:  ROUND_05UP of the General Decimal Arithmetic specification.
    """
    wide = rest.cast(pl.Int128)
    if parts is None:
        low = amount.to_physical() + wide // _wide(_ONE)
        cut = wide % _wide(_ONE) != 0
    else:
        units, many = amount.to_physical(), parts.cast(pl.Int128)
        fine, size = units % many * _wide(_ONE) + wide, many * _wide(_ONE)
        low = units // many + fine // size
        cut = fine % size != 0
    low_is_inner = low >= 0
    inner = low + (cut & ~low_is_inner).cast(pl.Int128)
    outward = pl.when(low_is_inner).then(1).otherwise(-1)
    bump = pl.when(cut & (inner % _wide(5) == 0)).then(outward).otherwise(0)
    return number(inner + bump.cast(pl.Int128))


def total(amount: pl.Expr) -> pl.Expr:
    """Sum a decimal column in an aggregation, exactly.

    Raises:  polars InvalidOperationError or ComputeError when the sum does not fit; it never wraps.
    """
    units = amount.to_physical()
    high = (units // _wide(_HALF)).sum().cast(COUNT) * pl.lit(Decimal(_HALF) / _ONE, dtype=AMOUNT)
    low = (units % _wide(_HALF)).sum()
    return (high + number(low)).cast(AMOUNT)


def number(units: pl.Expr) -> pl.Expr:
    """Return units of the twelfth decimal as the decimal they stand for.

    Raises:  polars InvalidOperationError beyond 38 digits.
    """
    return (units.cast(COUNT) * pl.lit(_ULP, dtype=AMOUNT)).cast(AMOUNT)


def quotient(sum_: pl.Expr, parts: pl.Expr) -> pl.Expr:
    """Divide a decimal column by whole numbers. No parts at all: 0.

    Rounds:  at 12 decimals, halves away from zero.
    """
    size = pl.max_horizontal(parts, 1).cast(pl.Int128)
    return number(_nearest(sum_.to_physical(), size))


def over_time(held: pl.Expr, held_part: pl.Expr, parts: pl.Expr) -> pl.Expr:
    """Return `(held + held_part / 10^6) / parts`: units held for some of the parts of a period.

    Rounds:  at 12 decimals, halves away from zero. Whole and part are divided apart, so that what
             lies between them may have more digits than a column.
    """
    whole, many = held.to_physical(), parts.cast(pl.Int128)
    fine, size = whole % many * _wide(10**6) + held_part.to_physical(), many * _wide(10**6)
    low = whole // many + fine // size
    left = fine % size * _wide(2)
    up = (left > size) | ((left == size) & (low >= 0))
    return number(low + up.cast(pl.Int128))


def prorated(held: pl.Expr, parts: pl.Expr) -> pl.Expr:
    """Return units held for some of the days of a period, `held / parts`.

    Rounds:  up, at 5 decimals (T5.2).
    Source:  spec/billing.md PR1, BL3: an invoice shows five decimals and prices them.
    """
    size = _wide(10 ** (SCALE - 5))
    return number(_upward(held.to_physical(), parts.cast(pl.Int128) * size) * size)


def nearest_rank(value: pl.Expr, times: pl.Expr, percentile: pl.Expr) -> pl.Expr:
    """Return, in an aggregation, the value at a percentile of values that came so many times each.

    Rule:    of n values in order, the one at ceil(n * percentile / 100), and the first for 0.
    """
    wanted = _upward(percentile.first().to_physical() * times.sum(), _wide(100 * _ONE))
    passed = times.sort_by(value).cum_sum()
    return value.sort().filter(passed >= wanted.clip(lower_bound=1)).first()


def scaled(amount: pl.Expr, whole: int, part: int, digits: int) -> pl.Expr:
    """Return `amount * whole / part`, for whole numbers above 0.

    Rounds:  at `digits` decimals, halves away from zero.
    Raises:  polars InvalidOperationError when the product has more than 38 digits.
    """
    many = pl.lit(Decimal(whole), dtype=COUNT)
    units = (amount.to_physical().cast(COUNT) * many).to_physical()
    size = 10 ** (SCALE - digits)
    return number(_nearest(units, _wide(part * size)) * _wide(size))


def packs(units: pl.Expr, size: pl.Expr) -> pl.Expr:
    """Return how many packs of `size` (a whole number) hold `units`: a begun pack counts whole."""
    held = units.to_physical()
    whole = size.cast(pl.Int128) * _wide(_ONE)
    return _upward(held, whole).cast(QUANTITY)


def rounded(quantity: pl.Expr, function: pl.Expr, precision: pl.Expr) -> pl.Expr:
    """Round as a metric says: `round` (halves away from zero), `ceil` or `floor`; null leaves it.

    `precision` is the number of decimals kept, null meaning none; negative ones round to tens,
    hundreds and so on. Beyond 12 decimals or 26 digits it changes nothing more.

    Raises:  polars InvalidOperationError when rounding up needs a 27th digit.
    """
    units = quantity.to_physical()
    size = _power(SCALE - precision.fill_null(0).clip(-26, SCALE))
    made = (
        pl.when(function == "round").then(_nearest(units, size))
        .when(function == "ceil").then(_upward(units, size))
        .when(function == "floor").then(units // size)
    )  # fmt: skip
    return pl.when(function.is_null()).then(quantity).otherwise(number(made * size))


def plain(amount: pl.Expr) -> pl.Expr:
    """Write decimals as the wire shows them: no exponent, one decimal at least, no spare zeros.

    The twin of measures.money.plain.
    """
    text = amount.cast(AMOUNT).cast(pl.String)
    return text.str.strip_chars_end("0").str.replace(r"\.$", ".0")


def shown(amount: pl.Expr) -> pl.Expr:
    """Write decimals as JSON: `plain`, in quotes."""
    return pl.concat_str(pl.lit('"'), plain(amount), pl.lit('"'))


def record(known: pl.Expr | None = None, **members: pl.Expr) -> pl.Expr:
    """Write JSON objects whose members are JSON texts, or whole numbers; null is `null`.

    `known` are members that are written already, comma between them and none at the end.
    """
    parts = [pl.lit("{")] if known is None else [pl.lit("{"), known]
    for name, value in members.items():
        parts += [pl.lit(f'{"," if len(parts) > 1 else ""}"{name}":'), value.cast(pl.String)]
    null = pl.lit("null")
    return pl.concat_str(*(part.fill_null(null) for part in parts), pl.lit("}"))


def quoted(text: pl.Expr) -> pl.Expr:
    """Write texts as JSON strings; null is `null`."""
    inside = pl.struct(v=text).struct.json_encode()
    return inside.str.slice(len('{"v":')).str.head(-1)


def ids(count: int) -> pl.Series:
    """Return new ids as a column: UUIDs of version 7 of this millisecond, ascending."""
    moment = one.new()[:13]
    raw = pa.py_buffer(os.urandom(9 * count))
    random = pa.FixedSizeBinaryArray.from_buffers(pa.binary(9), count, [None, raw])
    figures = pl.Series("id", pl.from_arrow(random)).sort().bin.encode("hex")
    hexed = pl.col("id").str
    made = pl.format(
        "{}-7{}-8{}-{}", pl.lit(moment), hexed.slice(0, 3), hexed.slice(3, 3), hexed.slice(6, 12)
    )
    return pl.DataFrame([figures]).select(made.alias("id"))["id"]


def shaped(frame: pl.DataFrame, schema: Mapping[str, Any]) -> pl.DataFrame:
    """Return exactly the columns of `schema`, null where the frame has none of that name."""
    return frame.select(
        pl.col(name).cast(kind) if name in frame.columns else pl.lit(None, kind).alias(name)
        for name, kind in schema.items()
    )


def _power(exponent: pl.Expr | int) -> pl.Expr:
    if isinstance(exponent, int):
        return _wide(10**exponent)
    return pl.lit(_POWERS).gather(exponent)


def _nearest(units: pl.Expr, size: pl.Expr) -> pl.Expr:
    """Divide, halves away from zero."""
    return units.sign() * ((units.abs() + size // _wide(2)) // size)


def _upward(units: pl.Expr, size: pl.Expr) -> pl.Expr:
    """Divide, rounding up."""
    return units // size + (units % size != 0).cast(pl.Int128)


@cache
def _wide(whole: int) -> pl.Expr:
    return pl.lit(whole, dtype=pl.Int128)


_POWERS = pl.Series([10**n for n in range(39)], dtype=pl.Int128)
