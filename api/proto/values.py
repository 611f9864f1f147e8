"""Single values between Python and protobuf, one function each way."""

import math
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Raw

from api.casts import fits
from api.fields import raw_text
from metering.measures.forms import Millis, Number, made, shown

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Doubt(Exception):
    """A value that cannot be taken as it is; the request is read again, field by field."""


# -- into a message


def put_datetime(instant: datetime, message: Any) -> None:
    """Set a Timestamp. Its own conversion takes three times as long."""
    since = (instant if instant.tzinfo else instant.replace(tzinfo=UTC)) - EPOCH
    message.seconds = since.days * 86400 + since.seconds
    message.nanos = since.microseconds * 1000


def put_object(said: dict[str, Any], message: Any) -> None:
    """Set a Struct."""
    fields = message.fields
    for name, value in said.items():
        put_value(value, fields[name])


def put_value(value: Any, message: Any) -> None:
    """Set a Value. What is a number in JSON becomes a double, any other Decimal its text."""
    match value:
        case str():
            message.string_value = value
        case None:
            message.null_value = 0
        case bool():
            message.bool_value = value
        case int() | float() | Number():
            message.number_value = float(value)
        case dict():
            message.struct_value.SetInParent()
            put_object(value, message.struct_value)
        case list() | tuple():
            message.list_value.SetInParent()
            for item in value:
                put_value(item, message.list_value.values.add())
        case _:
            put_value(msgspec.to_builtins(value, enc_hook=shown), message)


PUTS: dict[str, Callable[[Any, Any], None]] = {
    "datetime": put_datetime,
    "millis": put_datetime,
    "object": put_object,
    "value": put_value,
}
"""What sets a message of Google's."""

TEXTS: dict[str, Callable[[Any], str]] = {
    "decimal": lambda number: format(number, "f"),
    "number": lambda number: format(number, "f"),
    "uuid": str,
    "date": date.isoformat,
    "time": time.isoformat,
    "raw": raw_text,
}
"""What crosses as text."""


# -- out of a message


def take_datetime(message: Any) -> datetime:
    """Read a Timestamp."""
    return EPOCH + timedelta(seconds=message.seconds, microseconds=message.nanos // 1000)


def take_object(message: Any) -> dict[str, Any]:
    """Read a Struct."""
    return {name: take_value(value) for name, value in message.fields.items()}


def take_value(message: Any) -> Any:
    """Read a Value; whole numbers come back as integers."""
    kind = message.WhichOneof("kind")
    if kind == "number_value":
        number = message.number_value
        return int(number) if number.is_integer() else number
    if kind == "struct_value":
        return take_object(message.struct_value)
    if kind == "list_value":
        return [take_value(value) for value in message.list_value.values]
    return None if kind in (None, "null_value") else getattr(message, kind)


def take_decimal(text: str) -> Decimal:
    """Read a number that fits."""
    number = Decimal(text)
    if not fits(number):
        raise Doubt
    return number


def take_float(number: float) -> float:
    """Read a finite number."""
    if not math.isfinite(number):
        raise Doubt
    return number


TAKES: dict[str, Callable[[Any], Any]] = {
    "datetime": take_datetime,
    "millis": lambda message: made(Millis, take_datetime(message)),
    "object": take_object,
    "value": take_value,
    "decimal": take_decimal,
    "number": lambda text: Number(take_decimal(text)),
    "float": take_float,
    "uuid": UUID,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "raw": lambda text: Raw(msgspec.json.encode(text)),
}
"""What reads what is not the value itself."""
