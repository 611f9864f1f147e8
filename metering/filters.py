"""Which price an event falls under: buckets by filters, and groups within a bucket.

A charge has one default price and any number of filters, each with a price of its own. What the
events of a line say in the properties that its prices look at is a *facet*; quantities come in
parts, one for each combination of facets, and here each part is given its price and its group.

Rule:    a filter matches if for every one of its keys the property is present and is one of its
         values. Of those that match, the one with the most keys wins, then the one that accepts
         fewest values, then the oldest; if none does, the default price holds. So every event is in
         exactly one bucket.
         A price with `pricing_group_keys` splits its bucket by the values of those properties; a
         missing or empty one is null.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import msgspec
import polars as pl
from msgspec import Struct

from metering.charges import ChargeProperties
from metering.columns import quoted
from metering.quantities import Metered

ALL = "__ALL_FILTER_VALUES__"
"""Any value of a key that the metric declares."""


class Price(Struct, frozen=True, kw_only=True):
    """What one bucket of a charge costs. Its default has no filter and no values."""

    id: str
    charge_id: str
    kind: str
    """The charge model."""
    properties: ChargeProperties
    filter_id: str | None = None
    values: dict[str, list[str]] = {}
    """The values that the filter accepts, by property."""
    position: int = 0
    """Its place among the filters of its charge, the oldest first."""

    @property
    def groups(self) -> list[str]:
        """The properties that split its bucket."""
        return self.properties.pricing_group_keys or []


Only = Mapping[str, Sequence[str]]
"""Which events count: for each property, the values of which they have one."""

ALL_EVENTS: Only = MappingProxyType({})


def facets(prices: Sequence[Price], only: Only = ALL_EVENTS) -> dict[str, tuple[str, ...]]:
    """Return the properties that the prices of each charge and `only` look at, sorted."""
    seen: dict[str, set[str]] = {}
    for price in prices:
        seen.setdefault(price.charge_id, set()).update(price.values, price.groups, only)
    return {charge_id: tuple(sorted(keys)) for charge_id, keys in seen.items()}


def admitted(parts: pl.DataFrame, keys: Mapping[str, tuple[str, ...]], only: Only) -> pl.DataFrame:
    """Keep the parts of events that `only` admits. `keys` are the facets of each charge."""
    seen = pl.col("facets").str.json_decode(pl.List(pl.String))
    for key, values in only.items():
        places = {charge_id: names.index(key) for charge_id, names in keys.items()}
        place = pl.col("charge_id").replace_strict(places, return_dtype=pl.Int64)
        parts = parts.filter(seen.list.get(place).is_in(list(values)))
    return parts


def placed(
    parts: pl.DataFrame,
    keys: Mapping[str, tuple[str, ...]],
    prices: Sequence[Price],
    metrics: Mapping[str, Metered],
) -> pl.DataFrame:
    """Give each part its price and its group.

    Shape:   in, parts with metric_id, charge_id and `facets` as a JSON array in the order of the
             charge's `keys`; out, the same rows with `price`, a place in `prices`, and
             `grouped_by`, a JSON object, null for a price without groups.
    Cost:    joins over the distinct facets, each of which is decided once.
    Raises:  AssertionError for a charge without a default price.
    """
    if not any(price.values or price.groups for price in prices):
        none = pl.lit(None, dtype=pl.String)
        default = _defaults(prices).rename({"default": "price"})
        return parts.join(default, on="charge_id").with_columns(grouped_by=none)
    kinds = parts.select("metric_id", "charge_id", "facets").unique().with_row_index("kind_of_part")
    cells = _cells(kinds, keys)
    chosen = kinds.join(_matched(kinds, cells, prices, metrics), on="kind_of_part", how="left")
    chosen = chosen.join(_defaults(prices), on="charge_id", how="left").with_columns(
        price=pl.col("price").fill_null(pl.col("default"))
    )
    assert chosen["price"].null_count() == 0, "a charge has no default price"
    grouped = chosen.join(_grouped(chosen, cells, prices), on="kind_of_part", how="left")
    return parts.join(
        grouped.select("metric_id", "charge_id", "facets", "price", "grouped_by"),
        on=["metric_id", "charge_id", "facets"],
    )


def empty_groups(prices: Sequence[Price]) -> list[str | None]:
    """Return, for each price, the group of no events at all: every key null."""
    return [
        msgspec.json.encode(dict.fromkeys(price.groups)).decode() if price.groups else None
        for price in prices
    ]


def _cells(kinds: pl.DataFrame, keys: Mapping[str, tuple[str, ...]]) -> pl.DataFrame:
    """Lay out facets as one row for each property that is present: kind_of_part, key, text."""
    named = pl.DataFrame(
        {"charge_id": list(keys), "key": [list(names) for names in keys.values()]},
        schema={"charge_id": pl.String, "key": pl.List(pl.String)},
    ).filter(pl.col("key").list.len() > 0)
    return (
        kinds.join(named, on="charge_id")
        .select("kind_of_part", "key", text=pl.col("facets").str.json_decode(pl.List(pl.String)))
        .explode("key", "text")
        .filter(pl.col("text") != "")
    )


def _matched(
    kinds: pl.DataFrame,
    cells: pl.DataFrame,
    prices: Sequence[Price],
    metrics: Mapping[str, Metered],
) -> pl.DataFrame:
    """Find the filter that wins for each kind of part that any filter matches."""
    conditions, ranks = _conditions(kinds, prices, metrics)
    return (
        cells.join(kinds.select("kind_of_part", "metric_id", "charge_id"), on="kind_of_part")
        .join(conditions, on=["metric_id", "charge_id", "key", "text"])
        .group_by("kind_of_part", "metric_id", "price")
        .agg(met=pl.len())
        .join(ranks, on=["metric_id", "price"])
        .filter(pl.col("met") == pl.col("keys"))
        .sort("rank")
        .group_by("kind_of_part")
        .agg(pl.col("price").first())
    )


def _conditions(
    kinds: pl.DataFrame, prices: Sequence[Price], metrics: Mapping[str, Metered]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Lay out filters: a row for each value they accept; and how they rank against each other."""
    of_charge: dict[str, list[int]] = {}
    for place, price in enumerate(prices):
        if price.values:
            of_charge.setdefault(price.charge_id, []).append(place)
    accepted, filters = [], []
    for metric_id, charge_id in kinds.select("metric_id", "charge_id").unique().rows():
        for place in of_charge.get(charge_id, ()):
            price = prices[place]
            texts = {
                (key, text)
                for key, values in price.values.items()
                for value in values
                for text in (metrics[metric_id].filters.get(key, ()) if value == ALL else (value,))
            }
            accepted += [(metric_id, charge_id, place, key, text) for key, text in texts]
            rank = (-len(price.values), len(texts), price.position, place)
            filters.append((rank, metric_id, place, len(price.values)))
    ranked = [(rank, *filter[1:]) for rank, filter in enumerate(sorted(filters))]
    named = {"metric_id": pl.String, "charge_id": pl.String, "price": pl.UInt32}
    return (
        pl.DataFrame(accepted, schema={**named, "key": pl.String, "text": pl.String}, orient="row"),
        pl.DataFrame(
            ranked,
            schema={
                "rank": pl.UInt32, "metric_id": pl.String, "price": pl.UInt32, "keys": pl.UInt32,
            },
            orient="row",
        ),
    )  # fmt: skip


def _defaults(prices: Sequence[Price]) -> pl.DataFrame:
    rows = [(price.charge_id, place) for place, price in enumerate(prices) if not price.values]
    assert len({charge_id for charge_id, _ in rows}) == len(rows), "a charge has two default prices"
    return pl.DataFrame(rows, schema={"charge_id": pl.String, "default": pl.UInt32}, orient="row")


def _grouped(chosen: pl.DataFrame, cells: pl.DataFrame, prices: Sequence[Price]) -> pl.DataFrame:
    """Write the group of each kind of part whose price has groups: `{"country": "us"}`."""
    rows = [
        (place, order, key, f"{msgspec.json.encode(key).decode()}:")
        for place, price in enumerate(prices)
        for order, key in enumerate(price.groups)
    ]
    schema = {"price": pl.UInt32, "order": pl.UInt32, "key": pl.String, "name": pl.String}
    keys = pl.DataFrame(rows, schema=schema, orient="row")
    members = (
        chosen.select("kind_of_part", "price")
        .join(keys, on="price")
        .join(cells, on=["kind_of_part", "key"], how="left")
        .sort("order")
        .select("kind_of_part", member=pl.col("name") + quoted(pl.col("text")))
    )
    joined = members.group_by("kind_of_part").agg("member").with_columns(
        pl.col("member").list.join(",")
    )  # fmt: skip
    return joined.select(
        "kind_of_part", grouped_by=pl.concat_str(pl.lit("{"), pl.col("member"), pl.lit("}"))
    )
