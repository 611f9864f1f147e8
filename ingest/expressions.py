"""What metrics compute of events that come in: `applied` of frames, `alone` of rows.

The expressions of an organization are known for a few seconds without asking the ledger, and are
forgotten when one of its metrics changes. Where the ledger cannot be asked, what was known goes on.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from ingest import batch, properties
from ingest.event import instant
from ingest.requests import ExpressionEvaluation, ExpressionResult, SampleEvent
from metering import metrics
from metering.expressions import (
    Expression,
    Refused,
    Sample,
    Wrong,
    applied_to_one,
    parse,
    result,
)
from metering.expressions import applied as computed
from metering.measures.refusals import Checks, Invalid, Refusal, Unavailable
from sql.work import Shift, Work

log = logging.getLogger("invora.ingest")

Plan = Mapping[str, Sequence[Expression]]
"""What is computed, by the code of events."""

LIFE_NS = 2_000_000_000
"""How long a plan is believed. Only a metric that another process changed is seen so late."""

SIZE = 10_000

FEW = 100
"""Events that are computed faster one by one than in columns."""

FAILED = "expression_evaluation_failed"
"""The code of an event whose property cannot be computed."""

Row = tuple[Any, ...]
"""Of `event.row`."""

_known: dict[str, tuple[int, Plan]] = {}
_changes: dict[str, int] = {}


class Unfit(Invalid):
    """Events whose properties cannot be computed: said in words, of one event or by position."""

    def __init__(self, said: str | dict[str, str]) -> None:
        super().__init__({"base": FAILED})
        self.details = said  # type: ignore[assignment]
        self.explanation = said if isinstance(said, str) else ""


def forget(organization: str) -> None:
    """Look up anew what an organization computes: one of its metrics changed."""
    _changes[organization] = _changes.get(organization, 0) + 1
    _known.pop(organization, None)


def applied(work: Shift, found: batch.Checked) -> batch.Checked:
    """Return events with their computed properties; those that have none are rejected."""
    plan = _plan(work)
    if not plan or found.rows.is_empty():
        return found
    rows, reasons = _computed(plan, found.rows)
    if reasons is None:
        return batch.Checked(rows, found.places, found.rejected)
    is_good = reasons.is_null()
    wrong = batch.rejected(
        rows.with_columns(properties=found.rows["properties"], row=found.places)
        .filter(~is_good)
        .with_columns(
            timestamp=pl.lit(None, pl.String),
            at=pl.when("is_dated").then("at"),
            reason="properties:" + reasons.filter(~is_good),
            content=pl.lit(None, pl.String),
        )
    )
    rejected = pl.concat([found.rejected, wrong])
    return batch.Checked(rows.filter(is_good), found.places.filter(is_good), rejected)


def alone(work: Shift, rows: list[Row], is_single: bool) -> list[Row]:
    """Return rows of `event.row` with their computed properties.

    Raises: Invalid `expression_evaluation_failed`, with the reason, by position unless single.
    """
    plan = _plan(work)
    if not plan or not any(code in plan for _, _, code, *_ in rows):
        return rows
    kept, wrong = _one_by_one(plan, rows) if len(rows) <= FEW else _together(plan, rows)
    if wrong:
        raise Unfit(wrong["0"] if is_single else wrong)
    return [(*row[:5], properties, row[6]) for row, properties in zip(rows, kept, strict=True)]


def _one_by_one(plan: Plan, rows: list[Row]) -> tuple[list[str], dict[str, str]]:
    """Return the properties of some events, and by position why there are none."""
    kept, wrong = [], {}
    for place, (_, _, code, at, _, sent, _) in enumerate(rows):
        try:
            kept.append(applied_to_one(plan.get(code, ()), code, at, sent))
        except Refused as refused:
            wrong[str(place)] = f"{FAILED}: {refused}"
    return kept, wrong


def _together(plan: Plan, rows: list[Row]) -> tuple[list[str], dict[str, str]]:
    """Return the same of many events."""
    frame, reasons = _computed(plan, batch.of(rows))
    if reasons is None:
        return frame["properties"].to_list(), {}
    failed = reasons.is_not_null().arg_true()
    return [], {str(place): reasons[place] for place in failed}


def evaluate_expression(
    work: Work, expression: str = "", event: SampleEvent | None = None
) -> ExpressionEvaluation:
    """Evaluate an expression on a sample event. Nothing is stored.

    An expression has numbers (`1.5`), texts (`'per call'`, a quote within is said twice),
    `event.code`, `event.timestamp` (Unix seconds), `event.properties.size` or, for any name,
    `event.properties['size (GB)']`; `+ - * /`, of which the last two bind tighter, and
    parentheses; and these functions:

    * `concat(a, b, …)`: texts joined;
    * `round(x, n)`, `ceil(x, n)`, `floor(x, n)`: n decimals, none if n is not said; halves are
      rounded away from zero, and a negative n rounds to tens and hundreds;
    * `abs(x)`, `min(x, y, …)`, `max(x, y, …)`;
    * `coalesce(a, b, …)`: the first that is there.

    Numbers are exact, with 26 digits and 12 decimals; a division is rounded to 12, halves away
    from zero. A property that is missing, empty, or no number where one is needed, a division by
    zero and a result with more digits refuse the event.

    Raises: Invalid `expression: value_is_mandatory`, `expression: invalid_expression`,
            `event: invalid_event`.
    """
    checks = Checks()
    node = None
    if not expression.strip():
        checks.add("expression", "value_is_mandatory")
    else:
        try:
            node = parse(expression)
        except Wrong as wrong:
            checks.add("expression", "invalid_expression", f"expression: {wrong}")
    if event is None:
        checks.add("event", "invalid_event")
    checks.done()
    assert node is not None
    assert event is not None
    sent = properties.shown(properties.stored(event.properties))
    try:
        value = result(node, Sample(event.code, instant(event.timestamp, work.now), sent))
    except Refused as refused:
        checks.add("event", "invalid_event", str(refused))
    checks.done()
    return ExpressionEvaluation(expression_result=ExpressionResult(value=value))


def _computed(plan: Plan, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.Series | None]:
    """Return rows with their computed properties, and why there are none, for each row."""
    kept, wrong = rows["properties"], None
    for code in rows["code"].unique().to_list():
        if code not in plan:
            continue
        is_mine = rows["code"] == code
        objects, reasons = computed(plan[code], rows.filter(is_mine))
        places = is_mine.arg_true()
        kept = kept.scatter(places, objects)
        if reasons is not None:
            none = pl.repeat(None, len(rows), dtype=pl.String, eager=True)
            wrong = (none if wrong is None else wrong).scatter(places, reasons)
    return rows.with_columns(properties=kept), None if wrong is None else f"{FAILED}: " + wrong


def _plan(work: Shift) -> Plan:
    """Return what the organization computes.

    A sandbox asks the ledger each time: there, all processes see a change at once.
    """
    until, plan = _known.get(work.organization, (0, None))
    if plan is not None and until > time.monotonic_ns() and not work.is_sandbox:
        return plan
    change = _changes.get(work.organization, 0)
    try:
        fresh = _read(work)
    except Refusal:
        raise
    except Exception:
        log.exception("the expressions of %s were not read", work.organization)
        if plan is None:
            raise Unavailable("expressions_not_read", "The ledger cannot be asked.") from None
        fresh = plan
    if len(_known) >= SIZE:
        _known.clear()
    if _changes.get(work.organization, 0) == change:
        _known[work.organization] = time.monotonic_ns() + LIFE_NS, fresh
    return fresh


def _read(work: Shift) -> Plan:
    plan: dict[str, dict[str, Expression]] = {}
    with work.look() as looking:
        for metric in metrics.expressed(looking):
            assert metric.expression is not None
            assert metric.field_name is not None
            made = Expression(metric.field_name, parse(metric.expression))
            plan.setdefault(metric.event_code, {})[made.name] = made
    return {code: tuple(each.values()) for code, each in plan.items()}
