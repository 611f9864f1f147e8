"""What a quantity costs, as a person with a pencil would work it out. Source: spec CM1-CM9."""

from decimal import ROUND_CEILING, ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from itertools import pairwise

EXACT = Context(prec=200)
D = Decimal


def times(left, right):
    """The whole product."""
    return EXACT.multiply(left, right)


def plus(*amounts):
    """The whole sum."""
    summed = D(0)
    for amount in amounts:
        summed = EXACT.add(summed, amount)
    return summed


def standard(properties, units, events):
    """CM1."""
    return times(units, D(properties["amount"]))


def graduated(properties, units, events):
    """CM2: walk up the ranges as they are written, paying as you go."""
    return _walk(properties["graduated_ranges"], units, lambda step: D(step["per_unit_amount"]))


def graduated_percentage(properties, units, events):
    """CM7."""
    ranges = properties["graduated_percentage_ranges"]
    return _walk(ranges, units, lambda step: times(D(step["rate"]), D("0.01")))


def _walk(ranges, units, rate):
    paid = D(0)
    before = None
    for step in ranges:
        first, last = step["from_value"], step["to_value"]
        end = units if last is None else min(units, D(last))
        if before is None:
            within = end
        elif first == before + 1:
            within = EXACT.subtract(end, D(first)) + 1
        else:
            within = EXACT.subtract(end, D(first))
        paid = plus(paid, times(within, rate(step)), D(step["flat_amount"]))
        if last is None or units <= last:
            return paid
        before = last
    raise AssertionError("the last range has an end")


def volume(properties, units, events):
    """CM3: the first range with from <= ceil(units) and units <= to."""
    whole = units.to_integral_value(ROUND_CEILING, EXACT)
    for step in properties["volume_ranges"]:
        if step["from_value"] <= whole and (step["to_value"] is None or units <= step["to_value"]):
            return plus(times(units, D(step["per_unit_amount"])), D(step["flat_amount"]))
    raise AssertionError("no range holds the units")


def package(properties, units, events):
    """CM4: buy packs until all is covered."""
    left = EXACT.subtract(units, D(properties["free_units"]))
    if left <= 0:
        return D(0)
    packs, rest = EXACT.divmod(left, D(properties["package_size"]))
    return times(packs + (1 if rest else 0), D(properties["amount"]))


def percentage(properties, units, events):
    """CM5, nothing free, and no event has a least or a most."""
    share = times(times(units, D(properties["rate"])), D("0.01"))
    fixed = times(D(events), D(properties.get("fixed_amount") or "0"))
    return plus(share, fixed if units else D(0))


MODELS = {
    "standard": standard,
    "graduated": graduated,
    "graduated_percentage": graduated_percentage,
    "volume": volume,
    "package": package,
    "percentage": percentage,
}


def cents(amount, digits=2):
    """T4: half away from zero."""
    return int(EXACT.scaleb(amount, digits).to_integral_value(ROUND_HALF_UP, EXACT))


def percentage_of_events(properties, units, events, values):
    """CM5 and CM6: `values` is what each event brings, in the order of time."""
    least_free, most_free = free(properties, values)
    if any(properties.get(f"per_transaction_{name}_amount") is not None for name in ("min", "max")):
        return _one_by_one(properties, values)
    if not units:
        return D(0)
    if most_free is None:
        covered = plus(*values[:least_free])
    elif properties.get("free_units_per_events"):
        covered = min(plus(*values[: properties["free_units_per_events"]]), most_free)
    else:
        covered = min(units, most_free)
    share = times(max(plus(units, -covered), D(0)), times(D(properties["rate"]), D("0.01")))
    paid = max(events - least_free, 0)
    return plus(share, times(D(paid), D(properties.get("fixed_amount") or "0")))


def free(properties, values):
    """How many events are free, and how many units may be; None: as many as those events bring."""
    by_events = properties.get("free_units_per_events")
    by_units = D(properties.get("free_units_per_total_aggregation") or "0")
    leading, passed = 0, D(0)
    for value in values:
        passed = plus(passed, value)
        if passed >= by_units:
            break
        leading += 1
    if not by_units:
        return by_events or 0, None
    return min(leading, by_events or leading), by_units


def _one_by_one(properties, values):
    """CM6: events in their order; the one that uses up what is free pays for the rest of it."""
    events_free, units_free = free(properties, values)
    rate = times(D(properties["rate"]), D("0.01"))
    fixed = D(properties.get("fixed_amount") or "0")
    least, most = (properties.get(f"per_transaction_{name}_amount") for name in ("min", "max"))
    left, paid = units_free or D(0), D(0)
    limit = properties.get("free_units_per_events")
    for place, value in enumerate(values):
        if place < events_free:
            left = plus(left, -value)
            continue
        uses_up = place == events_free and units_free and not (limit and place >= limit)
        rated = plus(value, -left) if uses_up else value
        cost = plus(times(rated, rate), fixed)
        cost = cost if most is None else min(cost, D(most))
        paid = plus(paid, cost if least is None else max(cost, D(least)))
    return paid


def graduated_of_moves(properties, moves, full_days):
    """CM9: each move (change, days) is priced between the totals before and after it."""
    ranges = properties["graduated_ranges"]
    total, highest, paid = Fraction(0), Fraction(0), Fraction(0)
    for change, days in moves:
        gained = _up_to(ranges, total + change) - _up_to(ranges, total)
        paid += Fraction(days, full_days) * gained
        total += change
        highest = max(highest, total)
    if total < 0:
        return Fraction(0)
    paid += Fraction(ranges[0]["flat_amount"])
    for low, step in pairwise(ranges):
        if highest > low["to_value"]:
            paid += Fraction(step["flat_amount"])
    return max(paid, Fraction(0))


def _up_to(ranges, units):
    """What so many full units cost, unit by unit of each range, without what is flat."""
    cost, before = Fraction(0), 0
    for step in ranges:
        end = units if step["to_value"] is None else min(units, step["to_value"])
        cost += max(end - before, 0) * Fraction(step["per_unit_amount"])
        before = step["to_value"]
        if before is None or units <= before:
            break
    return cost
