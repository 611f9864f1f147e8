"""Money: whole minor units of a currency. Amounts: exact decimals in major units, scale 12.

Prices and intermediate amounts are Decimals in major units. They become money once, at the fee, by
`settle` here or by its vectorised twin `metering.columns.settle`.
"""

from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from functools import cache

from iso4217 import Currency as Iso

from metering.measures.forms import Small

SCALE = 12
"""Decimals kept of a quantity or an amount."""

WHOLE = 26
"""Digits a quantity or an amount may have before the point."""

MOST = 10**15
"""The largest price of one thing in minor units: far below where sums would leave 64 bits."""

WIDE = Context(prec=80, rounding=ROUND_HALF_UP)
"""Arithmetic wide enough that the product of two amounts is exact."""

CURRENCIES = frozenset(
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BWP BYN "
    "BZD CAD CDF CHF CLF CLP CNY COP CRC CVE CZK DJF DKK DOP DZD EGP ETB EUR FJD FKP GBP GEL GHS "
    "GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IRR ISK JMD JOD JPY KES KGS KHR KMF KRW "
    "KWD KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRO MUR MVR MWK MXN MYR MZN NAD "
    "NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SEK SGD SHP "
    "SLL SOS SRD STD SZL THB TJS TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VND VUV WST XAF XCD XOF "
    "XPF YER ZAR ZMW".split()
)
"""What can be billed in. Source: spec/wire-format.md, reference lists."""

RETIRED = {"HRK": 2, "MRO": 2, "STD": 2, "SLL": 2, "ANG": 2}
"""Minor digits of currencies that ISO 4217 has withdrawn but invoices still carry."""


@cache
def digits(currency: str) -> int:
    """Return how many minor digits a currency has: 2 for EUR, 0 for JPY, 3 for KWD."""
    try:
        found = Iso(currency).exponent
    except ValueError:
        found = RETIRED.get(currency)
    return 2 if found is None else found


def settle(amount: Decimal, currency: str) -> int:
    """Round a major-unit amount to whole minor units, halves away from zero.

    >>> settle(Decimal("2.345"), "EUR")
    235
    >>> settle(Decimal("-2.345"), "EUR")
    -235
    >>> settle(Decimal("3.7035"), "JPY")
    4
    """
    return whole(WIDE.scaleb(amount, digits(currency)))


def whole(number: Decimal) -> int:
    """Round to an integer, halves away from zero.

    >>> whole(Decimal("0.5")), whole(Decimal("-0.5")), whole(Decimal("0.49"))
    (1, -1, 0)
    """
    return int(number.to_integral_value(ROUND_HALF_UP, WIDE))


def plain(number: Decimal) -> Decimal:
    """Return the same number in the form the wire shows: no exponent, one decimal at least.

    >>> str(plain(Decimal("10"))), str(plain(Decimal("1E+2"))), str(plain(Decimal("0.500")))
    ('10.0', '100.0', '0.5')
    >>> plain(Decimal("0.0000001")).__class__.__name__
    'Small'
    """
    sign, figures, exponent = number.normalize(WIDE).as_tuple()
    assert isinstance(exponent, int), number
    if figures == (0,):
        return Decimal("0.0")
    if exponent > -1:
        return Decimal((sign, figures + (0,) * (exponent + 1), -1))
    kind = Small if exponent + len(figures) < -5 else Decimal
    return kind((sign, figures, exponent))


def exact(text: str) -> Decimal | None:
    """Read a decimal that fits 26 digits and 12 decimals; None for anything else.

    >>> exact("12.50"), exact("1e3"), exact("0.0000000000001")
    (Decimal('12.50'), None, None)
    """
    head, _, tail = text.removeprefix("-").partition(".")
    if not (head.isascii() and head.isdigit()) or (
        tail and not (tail.isascii() and tail.isdigit())
    ):
        return None
    if text.endswith(".") or len(head.lstrip("0")) > WHOLE or len(tail.rstrip("0")) > SCALE:
        return None
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def fits(number: Decimal) -> bool:
    """Whether a decimal has no more than 26 digits before the point and 12 after it.

    >>> fits(Decimal("12.5")), fits(Decimal("1E+26")), fits(Decimal("1E-13")), fits(Decimal("NaN"))
    (True, False, False, False)
    """
    if not number.is_finite() or number.adjusted() >= WHOLE:
        return False
    exponent = number.normalize(WIDE).as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -SCALE
