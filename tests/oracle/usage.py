"""How much was used, event by event. Source: spec E4, A1-A7, A10, F1-F4."""

import re
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Context, Decimal

EXACT = Context(prec=200)
D = Decimal


def number(text):
    """The number that a text is, if it is a plain decimal of 26 digits and 12 decimals."""
    if text is None or not re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", text):
        return None
    whole, _, decimals = text.lstrip("-").partition(".")
    if len(whole.lstrip("0")) > 26 or len(decimals.rstrip("0")) > 12:
        return None
    return D(text)


def in_window(events, line, metric, until):
    """The events of a line, oldest first."""
    mine = [
        event
        for event in events
        if event["organization"] == line["organization"]
        and event["subscription"] == line["subscription"]
        and event["code"] == metric["code"]
        and event["sequence"] <= until
        and event["at"] < line["stop"]
        and (metric["recurring"] or event["at"] >= line["start"])
    ]
    return sorted(mine, key=lambda event: (event["at"], event["sequence"]))


def aggregate(events, metric):
    """Return the quantity of events that are in order, and those that were counted."""
    kind, field = metric["aggregation_type"], metric["field_name"]
    if kind == "count_agg":
        return D(len(events)), events
    if kind == "unique_count_agg":
        seen, counted = {}, []
        for event in events:
            value = event["properties"].get(field)
            if not value:
                continue
            counted.append(event)
            removes = event["properties"].get("operation_type") == "remove"
            if seen.get(value, False) == removes:
                seen[value] = not removes
        return D(sum(seen.values())), counted
    pairs = [(event, number(event["properties"].get(field))) for event in events]
    pairs = [(event, value) for event, value in pairs if value is not None]
    values = [value for _, value in pairs]
    counted = [event for event, _ in pairs]
    if kind == "sum_agg":
        return total(values), counted
    if kind == "average_agg":
        return average(values), counted
    if kind == "percentile_agg":
        return percentile(sorted(values), metric["percentile"]), counted
    if kind == "max_agg":
        return max(values, default=D(0)), counted
    assert kind == "latest_agg", kind
    return (values[-1] if values else D(0)), counted


def average(values):
    """The sum by the count, at twelve decimals, halves away from zero."""
    if not values:
        return D(0)
    exact = EXACT.divide(total(values), D(len(values)))
    return exact.quantize(D("0.000000000001"), ROUND_HALF_UP, EXACT)


def percentile(values, which):
    """The first of values in order that so many percent of them do not pass."""
    for place, value in enumerate(values, start=1):
        if D(place) * 100 >= D(len(values)) * which:
            return value
    return D(0)


def total(values):
    """The whole sum."""
    summed = D(0)
    for value in values:
        summed = EXACT.add(summed, value)
    return summed


def rounded(quantity, metric):
    """A10, then nothing below zero."""
    function, precision = metric["rounding_function"], metric["rounding_precision"] or 0
    modes = {"round": ROUND_HALF_UP, "ceil": ROUND_CEILING, "floor": ROUND_FLOOR}
    if function:
        shifted = EXACT.scaleb(quantity, precision)
        quantity = EXACT.scaleb(shifted.to_integral_value(modes[function], EXACT), -precision)
    return max(quantity, D(0))


def provenance(counted, metric):
    """Count, sum and digest of the events that were counted."""
    digest = str(sum(event["key_low"] for event in counted))
    values = None
    if metric["aggregation_type"] not in ("count_agg", "unique_count_agg"):
        values = total(number(event["properties"][metric["field_name"]]) for event in counted)
    return len(counted), values, digest


def bucket(event, prices, metric):
    """F3: the one price of a charge that an event falls under."""
    matching = [price for price in prices if price["values"] and _matches(event, price, metric)]
    if not matching:
        (default,) = [price for price in prices if not price["values"]]
        return default
    return min(
        matching,
        key=lambda price: (
            -len(price["values"]),
            sum(len(set(accepted(price, key, metric))) for key in price["values"]),
            price["position"],
        ),
    )


def accepted(price, key, metric):
    """The values that a filter accepts for a key."""
    found = []
    for value in price["values"][key]:
        found += metric["filters"].get(key, []) if value == "__ALL_FILTER_VALUES__" else [value]
    return found


def _matches(event, price, metric):
    return all(
        event["properties"].get(key) in accepted(price, key, metric) for key in price["values"]
    )


def group(event, price):
    """F4: the values by which a price splits its bucket; nothing there is None."""
    return tuple((key, event["properties"].get(key) or None) for key in price["groups"])


def slices(events, line, metric, prices, until):
    """Return {(price id, group): events}, for all buckets of the line's charge.

    An event that is not counted makes no group.
    """
    found = {}
    for event in aggregate(in_window(events, line, metric, until), metric)[1]:
        price = bucket(event, prices, metric)
        found.setdefault((price["id"], group(event, price)), []).append(event)
    for price in prices:
        if all(price_id != price["id"] for price_id, _ in found):
            found[price["id"], tuple((key, None) for key in price["groups"])] = []
    return found
