"""What makes a charge one that can be billed: pure functions."""

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from billing.plans.model import (
    FIXED_MODELS,
    ChargeTerms,
    FixedTerms,
    PriceProperties,
    Terms,
)
from billing.plans.requests import ChargeChange, ChargeInput, FixedChargeChange, FixedChargeInput
from metering.aggregations import KINDS
from metering.charges import MODELS, ChargeProperties, read
from metering.filters import ALL
from metering.measures.money import MOST, fits
from metering.measures.period import Interval
from metering.measures.refusals import Checks, Invalid
from metering.measures.shapes import given
from metering.metrics import BillableMetric

PERIODS_OF_YEAR = {
    Interval.weekly: 52,
    Interval.monthly: 12,
    Interval.quarterly: 4,
    Interval.semiannual: 2,
    Interval.yearly: 1,
}


def sent(
    asked: ChargeInput | ChargeChange | FixedChargeInput | FixedChargeChange,
) -> dict[str, Any]:
    """Return what was said of a charge, new or changed, in one form.

    A new charge's nulls are as if they were not said; `properties` are a mapping, or None.
    """
    if isinstance(asked, ChargeInput | FixedChargeInput):
        said = {name: value for name, value in given(asked).items() if value is not None}
        said["charge_model"] = asked.__struct_config__.tag
    else:
        said = given(asked)
    if "properties" in said:
        properties = said["properties"]
        said["properties"] = mapping(properties) if isinstance(properties, Struct) else None
    return said


def mapping(properties: Struct) -> Mapping[str, Any] | None:
    """Return what properties say; None if that is nothing."""
    return {
        name: value
        for name in properties.__struct_fields__
        if (value := getattr(properties, name)) is not None
    } or None


def priced(checks: Checks, kind: str, properties: Mapping[str, Any] | None) -> ChargeProperties:
    """Read properties under a model, and note what is wrong with them."""
    try:
        return read(kind, properties)
    except Invalid as refused:
        for field, codes in (refused.details or {}).items():
            for code in codes if isinstance(codes, list) else [codes]:
                checks.add(field, str(code))
        return MODELS[kind].default


def of_filter(properties: PriceProperties | None) -> Mapping[str, Any] | None:
    """Return a filter's properties as they were sent, less what only a charge may say."""
    said = dict((properties and mapping(properties)) or {})
    said.pop("presentation_group_keys", None)
    return said or None


def stored(properties: ChargeProperties) -> dict[str, Any]:
    """Return properties as a price's row keeps them."""
    return msgspec.to_builtins(properties)


def check_charge(checks: Checks, charge: ChargeTerms, metric: BillableMetric) -> None:
    """Note what a charge cannot be on this metric, or in this model."""
    model, kind = MODELS[charge.charge_model], metric.aggregation_type
    aggregation = KINDS.get(kind)
    in_advance, is_invoiceable = charge.pay_in_advance, charge.invoiceable
    fit = model.only_on in (None, kind)
    checks.that(fit, charge_model="invalid_aggregation_type_or_charge_model")
    checks.that(kind not in model.never_on, properties="invalid_value")
    can_advance = model.in_advance and aggregation is not None and aggregation.in_advance
    checks.that(
        can_advance or not in_advance, pay_in_advance="invalid_aggregation_type_or_charge_model"
    )
    checks.that(is_invoiceable or in_advance, invoiceable="must_be_true_unless_pay_in_advance")
    checks.that(
        charge.regroup_paid_fees is None or (in_advance and not is_invoiceable),
        regroup_paid_fees="only_compatible_with_pay_in_advance_and_non_invoiceable",
    )
    least = charge.min_amount_cents
    checks.that(0 <= least <= MOST, min_amount_cents="value_is_out_of_range")
    checks.that(not least or not in_advance, min_amount_cents="not_compatible_with_pay_in_advance")
    can_prorate = model.prorated_in_advance if in_advance else model.prorated_in_arrears
    is_held = metric.recurring and kind != "weighted_sum_agg"
    checks.that(
        not charge.prorated or (can_prorate and is_held),
        prorated="invalid_billable_metric_or_charge_model",
    )


def check_values(
    checks: Checks, values: Mapping[str, Sequence[str]], metric: BillableMetric
) -> None:
    """Note a filter that accepts nothing, or what the metric does not declare."""
    known = {each.key: each.values for each in metric.filters}
    checks.that(values and all(values.values()), values="value_is_mandatory")
    for key, accepted in values.items():
        is_any = key in known and list(accepted) == [ALL]
        checks.that(is_any or {*accepted} <= {*known.get(key, ())}, values="value_is_invalid")


def check_fixed(checks: Checks, charge: FixedTerms) -> None:
    """Note what a fixed charge cannot be."""
    is_known = charge.charge_model in FIXED_MODELS
    checks.that(is_known, charge_model="value_is_invalid")
    can_advance = not is_known or MODELS[charge.charge_model].in_advance
    checks.that(can_advance or not charge.pay_in_advance, pay_in_advance="invalid_charge_model")
    is_climbing = charge.charge_model == "graduated" and charge.pay_in_advance
    checks.that(not (is_climbing and charge.prorated), prorated="invalid_charge_model")
    checks.that(fits(charge.units) and charge.units >= 0, units="value_is_out_of_range")


def free_code(wanted: str, taken: Container[str]) -> str:
    """Return `wanted`, numbered where it is taken.

    >>> free_code("api", {"api", "api_2"})
    'api_3'
    """
    number, code = 1, wanted
    while code in taken:
        number += 1
        code = f"{wanted}_{number}"
    return code


def yearly(terms: Terms) -> int:
    """Return what a plan's base fee comes to in a year, in minor units (UD1)."""
    return terms.amount_cents * PERIODS_OF_YEAR[terms.interval]


def trimmed(
    values: Mapping[str, Sequence[str]], declared: Mapping[str, Iterable[str]]
) -> dict[str, list[str]]:
    """Return a filter's values, less what its metric no longer declares (F6).

    >>> trimmed({"region": ["eu", "us"], "cloud": ["aws"]}, {"region": ["eu"]})
    {'region': ['eu']}
    """
    kept = {
        key: [value for value in accepted if value in {*declared.get(key, ()), ALL}]
        for key, accepted in values.items()
        if key in declared
    }
    return {key: accepted for key, accepted in kept.items() if accepted}
