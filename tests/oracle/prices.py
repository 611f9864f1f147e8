"""What a quantity costs, as a person with a pencil would work it out. Source: spec CM1-CM7."""

from decimal import ROUND_CEILING, ROUND_HALF_UP, Context, Decimal

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
    """CM5, nothing free."""
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
