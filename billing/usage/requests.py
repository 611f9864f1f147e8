"""What may be asked of usage."""

from metering.measures.refusals import Invalid
from metering.measures.shapes import Query


class UsageQuery(Query, kw_only=True):
    """Which usage of a customer."""

    external_subscription_id: str = ""
    apply_taxes: bool = True
    charge_id: str | None = None
    charge_code: str | None = None
    billable_metric_code: str | None = None

    def __post_init__(self) -> None:
        if not self.external_subscription_id:
            raise Invalid(external_subscription_id="value_is_mandatory")
