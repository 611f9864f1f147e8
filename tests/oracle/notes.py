"""What credit notes come to, once more, slowly. Source: spec/money.md B-25 to B-29, B-40."""

from fractions import Fraction as F


def half_up(number, digits=0):
    """Round away from zero where it is a half."""
    scaled = abs(F(number)) * 10**digits
    whole = F(int(scaled + F(1, 2)), 10**digits)
    return -whole if number < 0 else whole


def note(items, fees, earlier=F(0), *, is_last=False):
    """What the items of one note come to.

    `items` are pairs of a fee's name and an amount; `fees` have amount, coupons and rates by code.
    """
    net, taxes, adjustment = F(0), F(0), F(0)
    by_code = {}
    for name, amount in items:
        fee = fees[name]
        share = F(fee["coupons"]) * amount / fee["amount"] if fee["amount"] else F(0)
        adjustment += share
        net += amount - share
        for code, rate in fee["rates"].items():
            base, _ = by_code.get(code, (F(0), rate))
            by_code[code] = (base + amount - share, rate)
            taxes += (amount - share) * F(rate) / 100
    if is_last:
        taxes -= earlier
    sub_total, tax = half_up(net), half_up(taxes)
    total = half_up(net + taxes)
    total -= (total - tax > sub_total) - (total - tax < sub_total)  # one cent, as B-29 has it
    return {
        "sub_total": sub_total,
        "taxes": tax,
        "total": total,
        "adjustment": half_up(adjustment, 5),
        "precise_taxes": half_up(taxes, 5),
        "gap": tax - half_up(taxes, 5),
        "rate": half_up(sum(b * F(r) for b, r in by_code.values()) / net, 5) if net else 0,
        "lines": {code: (half_up(b), half_up(b * F(r) / 100)) for code, (b, r) in by_code.items()},
    }


def unused(plan, whole, days, fee, credited):
    """What unused days of a base fee come to, cut off at 5 decimals."""
    value = min(F(plan, whole) * days, F(fee)) - credited
    return max(F(int(value * 10**5), 10**5), F(0))
