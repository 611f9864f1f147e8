"""What was expected against what is there, as differences that can be read."""

import json
import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from tests.scenarios.replay.http import shorten

MISSING = "(no such field)"  # stands for an absent response field in messages
TIMESTAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|\+00:00)")
COMPARED_WHOLE = {
    "filter",
    "grouped_by",
}  # objects that must be equal; of others only the named keys count


def core_tolerance(expected):
    return Decimal("0.000001") * max(Decimal(1), abs(expected))


def money_tolerance(_expected):
    return Decimal("0.00001")


def to_number(value):
    """Decimal for a JSON number or numeric string, else None."""
    try:
        number = None if isinstance(value, bool) else Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() else None


def scalar_problem(name, expected, got, tolerance):
    """None if `got` is what was expected, else 'got X, expected Y'."""
    wrong = f"got {shorten(got)}, expected {shorten(expected)}"
    absent = got is None or got is MISSING
    if expected is None or absent:
        return None if absent and (expected is None or expected is False) else wrong
    if isinstance(expected, bool) or isinstance(got, bool):
        return None if got is expected else wrong
    want, have = to_number(expected), to_number(got)
    if want is not None and have is not None:
        whole_cents = name.endswith("_cents") and "precise" not in name
        if whole_cents and isinstance(expected, int) and not isinstance(got, int):
            return f"{wrong} (amounts in cents must be JSON integers, this is {json.dumps(got)})"
        if isinstance(expected, int) and isinstance(got, int):
            return None if expected == got else wrong
        if whole_cents and isinstance(
            got, int
        ):  # an integer field can only carry the rounded value
            want = want.quantize(Decimal(1), ROUND_HALF_UP)
        return None if abs(want - have) <= tolerance(want) else wrong
    if isinstance(expected, str) and isinstance(got, str):  # timestamps: to the second
        return None if TIMESTAMP.sub(r"\1Z", expected) == TIMESTAMP.sub(r"\1Z", got) else wrong
    return None if expected == got else wrong


def sorted_lists(value):
    """Filter values and group keys, with lists in a fixed order and empty values as null."""
    if isinstance(value, dict):
        return {
            key: sorted(inner) if isinstance(inner, list) else inner or None
            for key, inner in value.items()
        }
    return value


def differences(expected, got, tolerance, path=""):
    """Every difference between an expectation and an actual value, as 'path: got X, expected Y'."""
    name = path.rsplit(".", 1)[-1]
    if isinstance(expected, dict):
        if name in COMPARED_WHOLE or not isinstance(got, dict):
            same = sorted_lists(expected) == sorted_lists(got)
            return [] if same else [f"{path}: got {shorten(got)}, expected {shorten(expected)}"]
        found = []
        for key, value in expected.items():
            found += differences(
                value, got.get(key, MISSING), tolerance, f"{path}.{key}" if path else key
            )
        return found
    if isinstance(expected, list):
        if not isinstance(got, list) or len(got) != len(expected):
            return [
                f"{path}: got {shorten(got)}, expected {len(expected)} items: {shorten(expected)}"
            ]
        pairs = enumerate(zip(expected, got, strict=True))
        return [
            text for i, (e, g) in pairs for text in differences(e, g, tolerance, f"{path}[{i}]")
        ]
    problem = scalar_problem(name, expected, got, tolerance)
    return [f"{path}: {problem}"] if problem else []


def match_unordered(expected, got, exact, label, tolerance):
    """Give each expected object a different actual one; describe what cannot be placed."""
    fits = [[not differences(e, g, tolerance) for g in got] for e in expected]
    owner = {}  # index in got -> index in expected

    def place(i, tried):
        """Find a place for expected[i], moving earlier ones elsewhere if needed."""
        for j in range(len(got)):
            if fits[i][j] and j not in tried:
                tried.add(j)
                if j not in owner or place(owner[j], tried):
                    owner[j] = i
                    return True
        return False

    unplaced = [e for i, e in enumerate(expected) if not place(i, set())]
    spare = [g for j, g in enumerate(got) if j not in owner]
    problems = []
    for item in unplaced:
        text = f"{label}: nothing matches {shorten(item)}"
        if spare:
            closest = min((differences(item, g, tolerance) for g in spare), key=len)
            text += "\n    closest differs in " + "; ".join(closest[:4])
        problems.append(text)
    if exact and len(got) > len(expected):
        problems.append(f"{label}: found {len(got)}, expected only {len(expected)}")
    if problems:
        problems[-1] += listing(label, got, {key for item in expected for key in item})
    return problems


def listing(label, items, keys=()):
    """One line per actual object, with the fields worth seeing."""
    keys = dict.fromkeys(["item_type", "code", "amount_cents", "units", *sorted(keys)])
    rows = [shorten({key: item[key] for key in keys if key in item}, 400) for item in items]
    return f"\n    actual {label}: " + (
        "none" if not rows else "".join("\n      " + row for row in rows)
    )
