"""Dynamic: each event brings its own price."""

from metering.charges.model import ChargeModel, ChargeProperties


class DynamicProperties(ChargeProperties, frozen=True, kw_only=True):
    """Nothing beside the groups: the price is `precise_total_amount_cents` of the events."""


class Dynamic(ChargeModel[DynamicProperties]):
    """The sum of what the events say they cost."""

    kind = "dynamic"
    Properties = DynamicProperties
    default = DynamicProperties()
    only_on = "sum_agg"

    @classmethod
    def is_priced(cls, properties: DynamicProperties) -> bool:
        """A quantity does not say what its events cost."""
        return False
