"""What a quantity costs. One file per charge model; model.py says what each must have."""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
import polars as pl
from msgspec.structs import astuple

from metering.charges.model import (
    EVENTS,
    LINES,
    STEPS,
    TERMS,
    ChargeModel,
    ChargeProperties,
    PresentationGroupKey,
    PresentationOptions,
)
from metering.columns import AMOUNT, QUANTITY, remainder, shaped, sticky, total
from metering.measures.family import discover
from metering.measures.refusals import Invalid

discover(sys.modules[__name__])

__all__ = [
    "EVENTS", "LINES", "MODELS", "PRICED", "STEPS", "ChargeModel", "ChargeProperties",
    "PresentationGroupKey", "PresentationOptions", "Terms", "price", "read", "steps",
]  # fmt: skip

MODELS: dict[str, type[ChargeModel[Any]]] = {
    model.kind: model for model in ChargeModel.__subclasses__()
}
"""Every charge model by its name in the API, `charge_model`."""

PRICED = {"line": pl.UInt32(), "amount": AMOUNT, "amount_details": pl.String()}
"""A line's price, and how it came about."""

Terms = Sequence[tuple[str, ChargeProperties]]
"""Prices as their kind and their properties; a line names one by its place in the sequence."""

ONE = pl.lit(1, pl.Int64)

_FIELD = re.compile(r"[.$]([a-z_]+)")


def read(charge_model: str, properties: Mapping[str, Any] | None) -> ChargeProperties:
    """Read the properties of a charge as they were sent; None means the model's default.

    Unknown keys are dropped. A number where a decimal text is wanted is refused: it may have lost
    digits on its way.

    Raises: Invalid `charge_model: value_is_invalid`; `properties: invalid_amount`, `invalid_rate`,
    `missing_graduated_ranges` and so on, as each model says.
    """
    if (model := MODELS.get(charge_model)) is None:
        raise Invalid(charge_model="value_is_invalid")
    if properties is None:
        return model.default
    try:
        return msgspec.convert(properties, model.Properties)
    except msgspec.ValidationError as wrong:
        raise Invalid(properties=_code(model.Properties, str(wrong))) from wrong


def _code(kind: type[ChargeProperties], message: str) -> str:
    """Find the code of the innermost field that msgspec's message names and that has one."""
    fields = _FIELD.findall(message.rpartition(" - at ")[2])
    return next(
        (kind.codes[name] for name in reversed(fields) if name in kind.codes), "invalid_type"
    )


def price(lines: pl.DataFrame, terms: Terms, events: pl.DataFrame | None = None) -> pl.DataFrame:
    """Price all lines: each is one quantity under one of `terms`.

    Shape:   in, LINES, each line once, and the EVENTS of those that are priced by them; out,
             PRICED, each line once. A whole quantity may leave out all but the first four columns.
    Cost:    terms are laid out once per price, never per line; then one join per model in use.
    Rounds:  an amount is the exact sum of its steps, brought to 12 decimals by `columns.sticky`, so
             that settling it is settling the exact amount.
    Raises:  polars ComputeError beyond 26 digits.
    """
    made = [_told(model, reached.collect()) for model, reached in _reached(lines, terms, events)]
    return pl.concat([pl.DataFrame(schema=PRICED), *made])


def steps(lines: pl.DataFrame, terms: Terms, events: pl.DataFrame | None = None) -> pl.DataFrame:
    """Return the steps of each line's price. Shape: STEPS, by line and step."""
    made = [reached.select(*STEPS).collect() for _, reached in _reached(lines, terms, events)]
    return pl.concat([pl.DataFrame(schema=STEPS), *made]).sort("line", "step")


def _reached(
    lines: pl.DataFrame, terms: Terms, events: pl.DataFrame | None
) -> Iterator[tuple[type[ChargeModel[Any]], pl.LazyFrame]]:
    """Yield each model that has lines, and the steps that they reach."""
    lines = _whole(lines)
    used = lines["price"].unique().to_list()
    for kind in sorted({terms[place][0] for place in used}):
        model = MODELS[kind]
        mine = [place for place in used if terms[place][0] == kind]
        laid = _laid(model, [(place, *terms[place]) for place in mine])
        priced = lines.filter(pl.col("price").is_in(mine)) if len(mine) < len(used) else lines
        for (by_event,), some in priced.partition_by("is_by_event", as_dict=True).items():
            rows = some.lazy().join(laid, on="price", maintain_order="left_right")
            if not by_event:
                yield model, _multiplied(model.price(rows).with_columns(parts=ONE))
            elif events is not None:
                yield model, _multiplied(model.price_events(rows, events.lazy()))


def _whole(lines: pl.DataFrame) -> pl.DataFrame:
    """Give lines the columns of LINES that they leave out."""
    absent = {"full": pl.col("quantity"), "is_by_event": pl.lit(False)}
    given = {name: made for name, made in absent.items() if name not in lines.columns}
    return shaped(lines.with_columns(**given), LINES)


def _laid(
    model: type[ChargeModel[Any]], terms: Iterable[tuple[int, str, ChargeProperties]]
) -> pl.LazyFrame:
    """Lay out the terms of one model as rows, those of a price in the order of its steps."""
    rows: list[tuple[Any, ...]] = []
    for place, _, properties in terms:
        rows += [(place, *astuple(term)) for term in model.terms(properties)]
    return pl.LazyFrame(rows, schema=TERMS, orient="row")


def _multiplied(reached: pl.LazyFrame) -> pl.LazyFrame:
    """Multiply: amount + rest / 10^24 = units * rate + flat * parts, exactly."""
    units, rate = pl.col("units"), pl.col("rate")
    return (
        reached.with_columns(amount=units * rate)
        .with_columns(rest=remainder(units, rate, pl.col("amount")))
        .with_columns(amount=pl.col("amount") + pl.col("flat") * pl.col("parts").cast(QUANTITY))
    )


def _told(model: type[ChargeModel[Any]], reached: pl.DataFrame) -> pl.DataFrame:
    """Add up the steps of each line, and tell them."""
    summed = reached.lazy().group_by("line").agg(
        amount=total(pl.col("amount")), rest=pl.col("rest").sum(), parts=pl.col("parts").first()
    )  # fmt: skip
    parts = pl.col("parts") if (reached["parts"] > 1).any() else None
    amounts = summed.select("line", amount=sticky(pl.col("amount"), pl.col("rest"), parts))
    return amounts.join(model.details(reached.lazy()), on="line").select(*PRICED).collect()
