"""Custom: priced by what a custom aggregation computed."""

from typing import Any

from metering.charges.model import ChargeModel, ChargeProperties


class CustomProperties(ChargeProperties, frozen=True, kw_only=True):
    """Whatever the custom aggregation wants to know."""

    custom_properties: dict[str, Any] = {}


class Custom(ChargeModel[CustomProperties]):
    """The amount comes with the aggregation; there is none yet that could be subscribed to."""

    kind = "custom"
    Properties = CustomProperties
    default = CustomProperties()
    only_on = "custom_agg"
