"""Instants as texts: RFC 3339, beside the Unix seconds that every door takes."""

import polars as pl

from sql.types import INSTANT

ISO = (
    r"^(?P<second>\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}:\d{2})(?:[.,](?P<fraction>\d+))?"
    r"(?:[Zz]|(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>\d{2}))?$"
)
"""A date and a time of day, with seconds; without an offset it is UTC."""

MICRO = 1_000_000


def parted(sent: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return the texts that are no instants of this kind, and the instants of the others.

    Rule:    digits beyond microseconds are cut off, never rounded up.
    """
    none = pl.repeat(None, len(sent), dtype=INSTANT, eager=True)
    is_iso = sent.str.contains(ISO).fill_null(False)
    if not is_iso.any():
        return sent, none
    parts = sent.set(~is_iso, None).str.extract_groups(ISO).struct.unnest()
    second = parts["second"].str.to_uppercase().str.replace("T", " ", literal=True)
    whole = second.str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="us", strict=False)
    fraction = parts["fraction"].fill_null("").str.slice(0, 6).str.pad_end(6, "0").cast(pl.Int64)
    hours, minutes = (parts[name].cast(pl.Int64) for name in ("hours", "minutes"))
    is_offset = (hours <= 23) & (minutes <= 59)
    ahead = (hours * 60 + minutes) * 60 * MICRO
    offset = ahead.zip_with(parts["sign"] == "+", -ahead).set(~is_offset.fill_null(True), None)
    offset = offset.zip_with(parts["sign"].is_not_null(), pl.zeros(len(sent), pl.Int64, eager=True))
    at = whole.to_physical() + fraction - offset
    return sent.set(at.is_not_null(), None), at.cast(INSTANT)
