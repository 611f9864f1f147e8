"""What is paid for at once: each event is priced by what it adds to what was there before it.

An event costs the price of all that was used with it, less the price of all that was used before
it. What is priced are two lines for each event, by the same charge models as everything else.

An event looks only at those that were ingested before it, so that it costs the same however events
are parted into batches. Of these, its *level* is what they and it come to in the period.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import polars as pl
from msgspec.structs import replace

from metering import charges, filters, periods
from metering.charges import EVENTS, MODELS
from metering.columns import AMOUNT, QUANTITY, number, prorated, shaped
from metering.events import COUNTED, OF_LINE, SUMMED, UNIQUE
from metering.filters import Price
from metering.quantities import ZERO, Metered, answers, lifted, merge, parts, planned
from metering.windows import EVER
from sql.types import INSTANT
from sql.warehouse import Warehouse

PAID_FOR = {
    "line": pl.UInt32(), "filter_id": pl.String(), "grouped_by": pl.String(),
    "paid_level": QUANTITY,
}  # fmt: skip
"""Up to which level buckets and groups of lines are paid for. What never was is left out."""

PAID = {
    "line": pl.UInt32(), "price_id": pl.String(), "filter_id": pl.String(),
    "grouped_by": pl.String(), "sequence": pl.Int64(), "transaction_id": pl.String(),
    "at": INSTANT, "units": QUANTITY, "paid_level": QUANTITY, "amount": AMOUNT,
    "unit_amount": AMOUNT, "amount_details": pl.String(), "events_sum": QUANTITY,
    "events_digest": pl.String(), "statement": pl.String(),
}  # fmt: skip
"""What one event costs on one line. `amount` is in major units, unrounded, and never below 0;
`paid_level` is up to where its bucket and group are paid for since."""

SINGLE = {
    "line": pl.UInt32(), "facets": pl.String(), "value": pl.String(), "number": QUANTITY,
    "is_added": pl.Boolean(), "sequence": pl.Int64(), "at": INSTANT,
    "transaction_id": pl.String(), "key_low": pl.UInt64(), "cents": QUANTITY,
}  # fmt: skip
"""What an engine says of a single event."""

SLICE = ["line", "price", "grouped_by"]
NOTHING = pl.lit(ZERO, QUANTITY)
ONE = pl.lit(Decimal(1), QUANTITY)


def rate(
    warehouse: Warehouse,
    lines: pl.DataFrame,
    prices: Sequence[Price],
    metrics: Mapping[str, Metered],
    since: int,
    until: int,
    paid: pl.DataFrame,
) -> pl.DataFrame:
    """Price the events of lines that came after the sequence `since`, up to `until`.

    Shape:   in, quantities.LINES, each the part of a usage period that is the subscription's, with
             `first_at`, the instant of its earliest new event; PAID_FOR; out, PAID, in the order of
             ingestion.
    Rule:    amount = price(before + units) - price(before). A count: 1 unit, on top of the events
             up to its own instant. A sum or unique count: what it lifts the level above the highest
             that is paid for, on top of that; one that comes late, of a sum, on top of what was
             there at its own instant (PA2, PA3, PA7). The first of a period is priced from nothing,
             so it pays what the first tier has flat. A dynamic price is the event's own. Prorated:
             units * days to the end of the period / days of the whole (PA4).
    Cost:    two statements for each different aggregation; single events are read from `first_at`
             on, or from the start of the period for a price that needs each of them.
    Raises:  as rating.rate.
    """
    keys = filters.facets(prices)
    whole = _opened(lines, prices, metrics)
    base, states = _before(warehouse, whole, prices, metrics, keys, until)
    found = _single(warehouse, whole, prices, metrics, keys, until)
    fresh = found.filter(pl.col("sequence") > since)
    if fresh.is_empty():
        return pl.DataFrame(schema=PAID)
    rows = fresh.select(SLICE).unique().sort(SLICE, nulls_last=True).with_row_index("row")
    mine = found.join(rows, on=SLICE, nulls_equal=True)
    told = _levels(_changed(mine, states, rows), base, rows)
    paid_for = (
        paid.join(lines.select("line", "charge_id"), on="line")
        .join(_named(prices), on=["charge_id", "filter_id"], nulls_equal=True)
        .select(*SLICE, last_paid="paid_level")
    )
    new = _climbed(
        told.filter(pl.col("sequence") > since)
        .join(paid_for, on=SLICE, how="left", nulls_equal=True, maintain_order="left")
        .sort("sequence", "line")
        .with_row_index("event")
    )
    placed = _placed(new, told, since)
    return _told(_priced(placed, told, prices), prices)


def _opened(
    lines: pl.DataFrame, prices: Sequence[Price], metrics: Mapping[str, Metered]
) -> pl.DataFrame:
    """Let lines whose price needs every single event begin with the first there is."""
    recurring = [id for id, metric in metrics.items() if metric.recurring]
    needing = {
        price.charge_id
        for price in prices
        if MODELS[price.kind].needs_events(price.properties, False)
    }
    first = (
        pl.when(pl.col("metric_id").is_in(recurring)).then(pl.lit(EVER, INSTANT)).otherwise("start")
    )
    is_needed = pl.col("charge_id").is_in(list(needing))
    return lines.with_columns(first_at=pl.when(is_needed).then(first).otherwise("first_at"))


def _before(
    warehouse: Warehouse,
    lines: pl.DataFrame,
    prices: Sequence[Price],
    metrics: Mapping[str, Metered],
    keys: Mapping[str, tuple[str, ...]],
    until: int,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Aggregate what was before the first new event: by slice, and by value of unique counts."""
    earlier = lines.with_columns(stop="first_at", prorated=pl.lit(False))
    asks, known = planned(warehouse.dialect, earlier, metrics, keys)
    asks = [replace(ask, by_value=ask.kind == UNIQUE) for ask in asks]
    found = parts(warehouse, known, asks, until).join(known.select("line", *OF_LINE), on="line")
    placed = filters.placed(found, keys, prices, metrics)
    base = merge(placed, by=SLICE).select(*SLICE, base="quantity", base_count="events_count")
    by_value = placed.filter(pl.col("kind") == UNIQUE).sort("last").group_by(*SLICE, "value")
    return base, by_value.agg(was_there=pl.col("quantity").last() > ZERO)


def _single(
    warehouse: Warehouse,
    lines: pl.DataFrame,
    prices: Sequence[Price],
    metrics: Mapping[str, Metered],
    keys: Mapping[str, tuple[str, ...]],
    until: int,
) -> pl.DataFrame:
    """Read the single events from the first new one on, with what is known of their line."""
    metered = {id: replace(metric, recurring=False) for id, metric in metrics.items()}
    later = lines.with_columns(start="first_at")
    asks, known = planned(warehouse.dialect, later, metered, keys, "quantities_single")
    answered = answers(warehouse, known, asks, until)
    found = pl.concat([pl.DataFrame(schema=SINGLE), *(shaped(one, SINGLE) for one in answered)])
    of_line = [
        "rounding_function", "rounding_precision", "statement", "timezone", "first_day",
        "last_day", "full_days", "digits", "prorated",
    ]  # fmt: skip
    told = found.join(known.select("line", *OF_LINE, *of_line), on="line")
    return filters.placed(told, keys, prices, metrics)


def _changed(mine: pl.DataFrame, states: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Add `change`: what an event does to the quantity, of those that were ingested before it.

    A unique value is what the last event says that named it; one that came later, but was earlier,
    says nothing new.
    """
    own = ["row", "value"]
    ordered = mine.sort("sequence")
    is_unique = pl.col("kind") == UNIQUE
    last = pl.col("at") >= pl.col("at").cum_max().over(own)
    leading = ordered.filter(is_unique).filter(last)
    known = states.join(rows, on=SLICE, nulls_equal=True).select("row", "value", "was_there")
    moved = leading.join(known, on=own, how="left").sort("sequence").select(
        "row",
        "sequence",
        moved=pl.col("is_added").cast(pl.Int8)
        - pl.col("is_added")
        .shift(1)
        .over(own)
        .fill_null(pl.col("was_there").fill_null(False))
        .cast(pl.Int8),
    )  # fmt: skip
    kind = pl.col("kind")
    return (
        ordered.join(moved, on=["row", "sequence"], how="left", maintain_order="left")
        .with_columns(
            change=pl.when(kind == COUNTED)
            .then(ONE)
            .when(kind == SUMMED)
            .then("number")
            .otherwise(pl.col("moved").fill_null(0).cast(QUANTITY))
            .cast(QUANTITY)
        )
        .drop("moved")
    )


def _levels(events: pl.DataFrame, base: pl.DataFrame, rows: pl.DataFrame) -> pl.DataFrame:
    """Add the `level` with each event and how many events were before it, in order of ingestion.

    `is_late` are those that happened before one that was ingested before them.
    """
    known = rows.join(base, on=SLICE, how="left", nulls_equal=True).select(
        "row", pl.col("base").fill_null(ZERO), pl.col("base_count").fill_null(0)
    )
    ordered = events.join(known, on="row").sort("sequence")
    passed = pl.col("change").to_physical().cum_sum().over("row")
    return ordered.with_columns(
        level=pl.col("base") + number(passed),
        seen=pl.col("base_count") + pl.int_range(pl.len()).over("row"),
        is_late=pl.col("at") < pl.col("at").cum_max().over("row"),
    )


def _climbed(new: pl.DataFrame) -> pl.DataFrame:
    """Add to new events up to where all was paid for before them (`paid`), and is since."""
    before, after = lifted(pl.col("level") - pl.col("change")), lifted(pl.col("level"))
    n = pl.int_range(pl.len()).over("row")
    opened = new.with_columns(
        after=after,
        from_level=pl.coalesce("last_paid", before).first().over("row"),
        is_first=(n == 0) & pl.col("last_paid").is_null(),
    )
    highest = pl.max_horizontal(
        pl.col("after").to_physical().cum_max().over("row"), pl.col("from_level").to_physical()
    )
    reached = opened.with_columns(paid_level=number(highest))
    return reached.with_columns(
        paid=pl.col("paid_level").shift(1).over("row").fill_null(pl.col("from_level"))
    )


def _placed(new: pl.DataFrame, told: pl.DataFrame, since: int) -> pl.DataFrame:
    """Add on top of which level each new event is priced, as `below`, and its `units`."""
    late = new.filter(pl.col("is_late") & pl.col("kind").is_in([COUNTED, SUMMED]))
    kind = pl.col("kind")
    own = new.join(_at_own_instant(late, new, told, since), on="event", how="left").sort("event")
    below = (
        pl.when(pl.col("own_level").is_not_null())
        .then(lifted(pl.col("own_level")))
        .when(kind == COUNTED)
        .then(lifted(pl.col("level") - pl.col("change")))
        .otherwise("paid")
    )
    climbed = pl.col("paid_level") - pl.col("paid")
    priced = own.with_columns(
        below=below,
        priced_units=pl.when(kind == COUNTED)
        .then(pl.col("after") - lifted(pl.col("level") - pl.col("change")))
        .otherwise(climbed),
    )
    return priced.with_columns(
        units=pl.when(kind == COUNTED)
        .then(ONE)
        .when(kind == UNIQUE)
        .then(pl.col("change").clip(lower_bound=ZERO))
        .otherwise("priced_units")
    )


def _at_own_instant(
    late: pl.DataFrame, new: pl.DataFrame, told: pl.DataFrame, since: int
) -> pl.DataFrame:
    """Return what was there when late events happened: `event`, `own_level`.

    Of the events that were known before, by a join on time; of the new ones, pair by pair.
    """
    if late.is_empty():
        return pl.DataFrame(schema={"event": pl.UInt32, "own_level": QUANTITY})
    old = (
        told.filter(pl.col("sequence") <= since)
        .sort("at", "sequence")
        .select("row", "at", known=number(pl.col("change").to_physical().cum_sum().over("row")))
    )
    asked = late.select("event", "row", "at", "sequence", "base").sort("at")
    of_old = asked.join_asof(old, on="at", by="row", check_sortedness=False)
    other = new.select("row", "change", other_at="at", other_sequence="sequence")
    of_new = (
        asked.join(other, on="row")
        .filter(
            (pl.col("other_sequence") < pl.col("sequence")) & (pl.col("other_at") <= pl.col("at"))
        )
        .group_by("event")
        .agg(beside=number(pl.col("change").to_physical().sum()))
    )
    return of_old.join(of_new, on="event", how="left").select(
        "event",
        own_level=pl.col("base")
        + pl.col("known").fill_null(ZERO)
        + pl.col("beside").fill_null(ZERO),
    )


def _priced(events: pl.DataFrame, told: pl.DataFrame, prices: Sequence[Price]) -> pl.DataFrame:
    """Price two lines for each event, with it and before it, and take the difference."""
    terms = [(price.kind, price.properties) for price in prices]
    own = [place for place, price in enumerate(prices) if price.kind == "dynamic"]
    needing = [
        place
        for place, price in enumerate(prices)
        if MODELS[price.kind].needs_events(price.properties, False)
    ]
    dated = periods.days_of(events, "timezone", event_on="at")
    days = periods.days(pl.max_horizontal("event_on", "first_day"), pl.col("last_day"))
    is_own = pl.col("price").is_in(own)
    held = pl.col("priced_units") * days.clip(lower_bound=0).cast(QUANTITY)
    asked = dated.with_columns(
        is_by_event=pl.col("price").is_in(needing),
        full=pl.col("below") + pl.col("priced_units"),
    ).with_columns(
        quantity=pl.when("prorated")
        .then(prorated(held, pl.col("full_days")))
        .when(is_own)
        .then(pl.col("number").abs())
        .otherwise("full")
    )
    after = _lines(asked, 0, quantity="quantity", full="full", events=pl.col("seen") + 1)
    is_from_nothing = pl.col("prorated") | is_own | (pl.col("is_first") & (pl.col("below") == ZERO))
    before = _lines(
        asked.filter(~is_from_nothing), 1, quantity="below", full="below", events="seen"
    )
    amounts = charges.price(pl.concat([after, before]), terms, _events(asked, told))
    halves = amounts.with_columns(event=pl.col("line") // 2)
    with_it = halves.filter(pl.col("line") % 2 == 0).select(
        "event", "amount_details", with_it="amount"
    )
    without = halves.filter(pl.col("line") % 2 == 1).select("event", without="amount")
    both = asked.join(with_it, on="event", maintain_order="left").join(
        without, on="event", how="left", maintain_order="left"
    )
    cost = pl.col("with_it") - pl.col("without").fill_null(ZERO)
    return both.with_columns(
        amount=cost.clip(lower_bound=ZERO),
        units=pl.when(is_own).then(pl.col("number").clip(lower_bound=ZERO)).otherwise("units"),
    )


def _lines(asked: pl.DataFrame, half: int, **said: pl.Expr | str) -> pl.DataFrame:
    """Return charges.LINES of events: what is priced with each, or before it."""
    line = (pl.col("event") * 2 + half).cast(pl.UInt32)
    return shaped(
        asked.select("price", "cents", "digits", "is_by_event", "full_days", line=line, **said),
        charges.LINES,
    )


def _events(asked: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """Return charges.EVENTS of both lines of each event whose price needs them."""
    needing = asked.filter("is_by_event").select("event", "row", "sequence", "at")
    if needing.is_empty():
        return pl.DataFrame(schema=EVENTS)
    others = told.select(
        "row",
        other_at="at",
        other="sequence",
        value=pl.when(pl.col("kind") == SUMMED).then("number").otherwise(ONE),
    )
    seen = needing.join(others, on="row").filter(
        (pl.col("other") <= pl.col("sequence")) & (pl.col("other_at") <= pl.col("at"))
    )
    ranked = seen.sort("event", "other_at", "other").with_columns(
        order=pl.int_range(pl.len()).over("event")
    )
    halves = [
        ranked.filter(pl.col("other") <= pl.col("sequence") - half).select(
            line=(pl.col("event") * 2 + half).cast(pl.UInt32),
            order=pl.col("order").cast(EVENTS["order"]),
            value="value",
            days=pl.lit(0, pl.Int64),
        )
        for half in (0, 1)
    ]
    return pl.concat(halves)


def _named(prices: Sequence[Price]) -> pl.DataFrame:
    """Return the places of prices with their ids and filters."""
    return pl.DataFrame(
        [(place, each.id, each.charge_id, each.filter_id) for place, each in enumerate(prices)],
        schema={
            "price": pl.UInt32,
            "price_id": pl.String,
            "charge_id": pl.String,
            "filter_id": pl.String,
        },
        orient="row",
    )


def _told(priced: pl.DataFrame, prices: Sequence[Price]) -> pl.DataFrame:
    """Name the prices, and say of each event what its fee will say."""
    is_used = pl.col("units") > ZERO
    per_unit = pl.col("amount") / pl.when(is_used).then("units").otherwise(ONE)
    names = _named(prices).drop("charge_id")
    named = priced.join(names, on="price", maintain_order="left").with_columns(
        unit_amount=pl.when(is_used).then(per_unit).otherwise(NOTHING),
        events_sum=pl.when(pl.col("kind") == SUMMED).then("number"),
        events_digest=pl.col("key_low").cast(pl.String),
    )
    return shaped(named.sort("event"), PAID)
