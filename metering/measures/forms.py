"""How JSON shows what msgspec would show otherwise: numbers, small decimals, milliseconds.

A decimal is text in JSON. Where the wire wants a JSON number, the field's type is `Number`; where
it wants milliseconds, it is `Millis`. Both are what they say and nothing more: a Decimal and a
datetime; neither can be a field's default, for which msgspec's schemas have no words. Whatever
writes JSON of ours does it with `shown`, whatever makes structs with `made`.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from msgspec import Raw

__all__ = ["Millis", "Number", "Small", "made", "shown"]


class Number(Decimal):
    """A decimal that is a number in JSON, to the last digit: no float ever stands in for it."""

    __slots__ = ()


class Small(Decimal):
    """A decimal that Python would write with an exponent: `shown` writes it without."""

    __slots__ = ()


class Millis(datetime):
    """An instant that JSON shows with three decimals of its second, the rest cut off."""

    __slots__ = ()


def shown(value: object) -> Any:
    """Write what msgspec does not know how to write: the `enc_hook` of every encoder of ours.

    >>> shown(Number("10.0")), shown(Small("1E-7"))
    (msgspec.Raw(b'10.0'), '0.0000001')
    >>> shown(Millis(2024, 3, 1, microsecond=45678, tzinfo=UTC))
    '2024-03-01T00:00:00.045Z'

    Raises: NotImplementedError for anything else.
    """
    if isinstance(value, Number):
        return Raw(format(value, "f").encode())
    if isinstance(value, Small):
        return format(value, "f")
    if isinstance(value, Millis):
        text = value.astimezone(UTC).isoformat(timespec="milliseconds")
        return text.removesuffix("+00:00") + "Z"
    raise NotImplementedError(f"{type(value).__name__} has no form on the wire")


def made(kind: type[Any], value: Any) -> Any:
    """Make what msgspec does not know how to make: the `dec_hook` of every decoder of ours.

    >>> made(Number, Decimal("10.0")), made(Millis, "2024-03-01T00:00:00.045Z").microsecond
    (Decimal('10.0'), 45000)

    Raises: NotImplementedError for any other kind; ValueError for a number that is not exact.
    """
    if kind is Number:
        if not isinstance(value, (Decimal, int, str)):
            raise ValueError(f"{type(value).__name__} is not exact")
        return Number(value)
    if kind is Millis:
        found = datetime.fromisoformat(value) if isinstance(value, str) else value
        return Millis.combine(found.date(), found.timetz())
    if kind is object:  # to msgspec a type of ours, though it says no more than Any
        return value
    raise NotImplementedError(f"nothing is known of {kind.__name__}")
