"""Column types that mean the same on SQLite and on PostgreSQL."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import polars as pl
from sqlalchemy import NUMERIC, TIMESTAMP, Boolean, Date, Dialect, Integer, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from metering.measures.forms import Number, made, shown
from metering.measures.money import plain

AMOUNT = pl.Decimal(38, 12)
"""An Exact column in a frame."""

INSTANT = pl.Datetime("us", "UTC")
"""An Instant column in a frame."""


class Exact(TypeDecorator[Decimal]):
    """A decimal of 26 digits and 12 decimals: NUMERIC on PostgreSQL, text on SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the engine's own type."""
        return dialect.type_descriptor(NUMERIC(38, 12) if dialect.name == "postgresql" else Text())

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> Any:
        """Send the number, never through a float."""
        if value is None or dialect.name == "postgresql":
            return value
        return format(value, "f")

    def process_result_value(self, value: Any, dialect: Dialect) -> Decimal | None:
        """Return the number in plain notation."""
        return None if value is None else plain(Decimal(value))


class Instant(TypeDecorator[datetime]):
    """An instant in UTC: timestamptz on PostgreSQL, sortable text on SQLite."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the engine's own type."""
        return dialect.type_descriptor(
            TIMESTAMP(timezone=True) if dialect.name == "postgresql" else Text()
        )

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Send the instant in UTC."""
        if value is None:
            return None
        assert value.tzinfo is not None, f"{value} has no zone"
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else _stamp(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Return the instant in UTC."""
        if value is None:
            return None
        return datetime.fromisoformat(value) if isinstance(value, str) else value.astimezone(UTC)


def _stamp(instant: datetime) -> str:
    """Write an instant of UTC as SQLite keeps it: text that sorts by time, from the year 1 on."""
    return instant.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


class Json(TypeDecorator[Any]):
    """A value of one Python type kept as JSON text: what is owned by its row and never searched."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: Any = Any) -> None:
        super().__init__()
        self.kind = kind
        self._decode = msgspec.json.Decoder(
            kind, strict=False, float_hook=Number, dec_hook=made
        ).decode

    def __repr__(self) -> str:
        return "Json()"

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Write the JSON."""
        return None if value is None else ENCODE(value).decode()

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        """Read it back as the type."""
        return None if value is None else self._decode(value)


ENCODE = msgspec.json.Encoder(decimal_format="string", enc_hook=shown).encode


def to_frame(name: str, column: TypeEngine[Any], raw: pl.Series) -> pl.Series:
    """Give a column as the driver returned it the one type it has in frames."""
    if isinstance(column, Exact):
        return raw.cast(pl.String).str.to_decimal(scale=12).cast(AMOUNT).alias(name)
    if isinstance(column, Instant):
        if raw.dtype == pl.String:
            raw = raw.str.to_datetime("%Y-%m-%dT%H:%M:%S%.fZ", time_unit="us", time_zone="UTC")
        return raw.cast(INSTANT).alias(name)
    if isinstance(column, Date) and raw.dtype == pl.String:
        return raw.str.to_date().alias(name)
    if isinstance(column, Date):
        return raw.cast(pl.Date).alias(name)
    if isinstance(column, Boolean):
        return raw.cast(pl.Boolean).alias(name)
    if isinstance(column, Integer):
        return raw.cast(pl.Int64).alias(name)
    return raw.cast(pl.String).alias(name)
