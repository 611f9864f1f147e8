"""What was held for how long, day by day and event by event. Source: spec T6, A8, PR1-PR3, CM9.

A period here has `start`, `stop` (half-open instants), `first_day`, `last_day` (local days that are
billed), `full_days`, `full_seconds` and `zone`.
"""

from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from tests.oracle.usage import number

D = Decimal


def local_day(instant, zone):
    """The day on a wall calendar."""
    return instant.astimezone(ZoneInfo(zone)).date()


def calendar(period):
    """All days that are billed."""
    day = period["first_day"]
    while day <= period["last_day"]:
        yield day
        day += timedelta(days=1)


def exact(value, places, up=False):
    """A fraction as a decimal of some places: half away from zero, or always up."""
    shifted = value * 10**places
    if up:
        whole = -((-shifted.numerator) // shifted.denominator)
    else:
        whole = int(abs(shifted) + Fraction(1, 2)) * (1 if shifted >= 0 else -1)
    return D(whole).scaleb(-places)


def weighted_sum(events, metric, period):
    """A8: walk from event to event; each stretch of time weighs the level that held in it."""
    level, at, area = Fraction(0), period["start"], Fraction(0)
    for event in events:
        value = number(event["properties"].get(metric["field_name"]))
        if value is None:
            continue
        then = max(event["at"], period["start"])
        area += level * microseconds(then - at)
        level, at = level + Fraction(value), then
    area += level * microseconds(period["stop"] - at)
    whole = area / (period["full_seconds"] * 10**6)
    return exact(whole, 12), D(level.numerator) / D(level.denominator)


def microseconds(span):
    """How long a span of time is."""
    return (span.days * 86_400 + span.seconds) * 10**6 + span.microseconds


def prorated_sum(events, metric, period):
    """PR1: on each day that is billed count what has come by then, and average over the period."""
    held = Fraction(0)
    for day in calendar(period):
        for event in events:
            value = number(event["properties"].get(metric["field_name"]))
            if value is not None and _came(event, period) <= day:
                held += Fraction(value)
    return exact(held / period["full_days"], 5, up=True)


def _came(event, period):
    """The local day of an event; what came before the period came before its first day."""
    if event["at"] < period["start"]:
        return period["first_day"] - timedelta(days=1)
    return local_day(event["at"], period["zone"])


def prorated_unique_count(events, metric, period):
    """PR2: on each day count the values that were there at any time of it."""
    present = sum(len(held) for held in _days_of_values(events, metric, period).values())
    return exact(Fraction(present, period["full_days"]), 5, up=True)


def _days_of_values(events, metric, period):
    found = {}
    for value in {event["properties"].get(metric["field_name"]) for event in events}:
        if value:
            mine = [e for e in events if e["properties"].get(metric["field_name"]) == value]
            found[value] = _days(mine, period)
    return found


def _days(events, period):
    """The days of a period on which one value was there."""
    days, is_there = set(), False
    waiting = list(events)
    while waiting and waiting[0]["at"] < period["start"]:
        is_there = _adds(waiting.pop(0))
    for day in calendar(period):
        was_there = is_there
        while waiting and local_day(waiting[0]["at"], period["zone"]) <= day:
            is_there = _adds(waiting.pop(0))
            was_there = was_there or is_there
        if was_there:
            days.add(day)
    return days


def _adds(event):
    return event["properties"].get("operation_type") != "remove"


def moves_of_sum(events, metric, period):
    """CM9: what was there at first, then each event, with the days from there on."""
    carried, moves = Fraction(0), []
    whole = (period["last_day"] - period["first_day"]).days + 1
    for event in events:
        value = number(event["properties"].get(metric["field_name"]))
        if value is None:
            continue
        if event["at"] < period["start"]:
            carried += Fraction(value)
        else:
            days = (period["last_day"] - local_day(event["at"], period["zone"])).days + 1
            moves.append((Fraction(value), max(days, 0)))
    return [move for move in [(carried, whole), *moves] if move[1]]


def moves_of_unique_count(events, metric, period):
    """CM9: each stay of a value is +1 when it came, for its days, and -1 when it left, for none."""
    moves = []
    for value in {event["properties"].get(metric["field_name"]) for event in events}:
        if value:
            mine = [e for e in events if e["properties"].get(metric["field_name"]) == value]
            moves += _stays(mine, period)
    return [move[1:] for move in sorted(moves, key=lambda move: move[0])]


def _stays(events, period):
    """The stays of one value as (order, change, days)."""
    stays, since = [], None
    for event in events:
        if _adds(event):
            if since is None and stays and _is_back_that_day(stays[-1], event, period):
                since, _ = stays.pop()
            since = since or event
        elif since is not None:
            stays.append((since, event))
            since = None
    if since is not None:
        stays.append((since, None))
    found = []
    for came, left in stays:
        if left is not None and left["at"] < period["start"]:
            continue
        first = max(_came(came, period), period["first_day"])
        last = period["last_day"] if left is None else _came(left, period)
        days = (min(last, period["last_day"]) - first).days + 1
        if days > 0:
            found.append(((came["at"], came["sequence"]), 1, days))
            if left is not None:
                found.append(((left["at"], left["sequence"]), -1, 0))
    return found


def _is_back_that_day(stay, event, period):
    left = stay[1]
    return left["at"] >= period["start"] and _came(left, period) == _came(event, period)
