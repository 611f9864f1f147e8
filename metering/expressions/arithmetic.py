"""Exact arithmetic on columns in which no row disturbs another: what does not fit is null.

Numbers are units of the twelfth decimal as Int128, below 10^38. `metering.columns` stops a whole
call when one product has 27 digits before the point; here that one row is null.
"""

import polars as pl

from metering.columns import AMOUNT, SCALE, number

WIDE = pl.Int128()
LIMIT = 10**38
"""The first number of units that has too many digits."""

ONE = 10**SCALE
MICRO = 10 ** (SCALE - 6)
"""Units in a microsecond, counted in seconds."""
_LIMB = 10**19
"""The square root of the limit: a number is two limbs."""
_FAR = 10**32
"""More than a product within the limit can have in its middle limbs."""
_NEAR = 10**25
"""Below it, a number can be multiplied by twice `ONE` in 128 bits."""

NUMBER = r"^-?0*[0-9]{1,26}(\.[0-9]{1,12}0*)?$"
"""A decimal that is kept exactly: the twin of measures.money.exact."""


def wide(whole: int) -> pl.Expr:
    """Return a whole number of 128 bits."""
    return pl.lit(whole, dtype=WIDE)


_LEFT, _RIGHT = pl.col("left"), pl.col("right")
_SIGN = _LEFT.sign() * _RIGHT.sign()


def _product() -> pl.Expr:
    """Multiply in limbs of 19 digits, so that nothing is lost before it is rounded."""
    a, b, limb = _LEFT.abs(), _RIGHT.abs(), wide(_LIMB)
    low = (a % limb) * (b % limb)
    crossed = [(x // limb) * (y % limb) for x, y in ((a, b), (b, a))]
    top = ((a // limb) * (b // limb)).clip(upper_bound=wide(ONE)) * limb
    high = top + crossed[0].clip(upper_bound=wide(_FAR)) + crossed[1].clip(upper_bound=wide(_FAR))
    high += low // limb
    # The product is high * 10^19 + the rest of low, in units of the 24th decimal.
    kept = high.clip(upper_bound=wide(_LIMB * ONE)) * wide(_LIMB // ONE)
    return (kept + (low % limb + wide(ONE // 2)) // wide(ONE)) * _SIGN


def _quotient() -> pl.Expr:
    """Divide. What a divisor of less than 26 digits leaves over has room for 12 digits more; by a
    larger one, the engine rounds halves to even, and what is left over says where a half was."""
    a, b = _LEFT.abs(), _RIGHT.abs()
    is_near = b < wide(_NEAR)
    near = pl.when(is_near).then(b)
    whole = (a // near).clip(upper_bound=wide(LIMIT // ONE)) * wide(ONE)
    direct = whole + ((a % near) * wide(2 * ONE) + near) // (near * wide(2))
    far = pl.when(is_near).then(wide(_NEAR)).otherwise(b)
    even = (number(a) / number(far)).to_physical()
    left_over = a * wide(ONE) - even * far
    is_half = (left_over > 0) & (left_over * wide(2) == far)
    return pl.when(is_near).then(direct).otherwise(even + is_half.cast(WIDE)) * _SIGN


BINARY = {"+": _LEFT + _RIGHT, "-": _LEFT - _RIGHT, "*": _product(), "/": _quotient()}
"""Built once: to build an expression takes longer than to evaluate it for one event.

A sum beyond 128 bits wraps to one that is beyond the limit too."""


def binary(sign: str, left: pl.Series, right: pl.Series) -> pl.Series:
    """Add, subtract, multiply or divide; null where the result does not fit, or by zero.

    Rounds:  to 12 decimals, halves away from zero.
    """
    frame = pl.DataFrame([left.alias("left"), right.alias("right")])
    return _fit(frame.select(BINARY[sign]).to_series())


def rounded(units: pl.Series, function: str, digits: int) -> pl.Series:
    """Round to a number of decimals: `round` (halves away from zero), `ceil` or `floor`."""
    size, held = wide(10 ** (SCALE - digits)), pl.col("units")
    parts = {
        "round": held.sign() * ((held.abs() + size // wide(2)) // size),
        "ceil": held // size + (held % size != 0).cast(WIDE),
        "floor": held // size,
    }
    return _fit(pl.DataFrame([units.alias("units")]).select(parts[function] * size).to_series())


def read(texts: pl.Series) -> pl.Series:
    """Read decimals; what is none is null."""
    is_number = texts.str.contains(NUMBER)
    if not is_number.all():
        texts = texts.set(~is_number, None)
    return texts.cast(AMOUNT).to_physical()


_SHOWN = number(pl.col("units")).cast(pl.String).str.strip_chars_end("0").str.strip_suffix(".")


def shown(units: pl.Series) -> pl.Series:
    """Write numbers: no exponent, no spare zeros, and no point without decimals behind it."""
    return pl.DataFrame([units.alias("units")]).select(_SHOWN).to_series()


def _fit(units: pl.Series) -> pl.Series:
    is_far = (units >= LIMIT) | (units <= -LIMIT)
    return units.set(is_far, None) if is_far.any() else units
