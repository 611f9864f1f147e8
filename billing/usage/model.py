"""What usage looks like: quantities and amounts of a period, whether it is invoiced or not yet."""

from datetime import date, datetime
from decimal import Decimal

from msgspec import UNSET, Struct, UnsetType

from metering.measures.forms import Millis, Number


class PricingUnitUsage(Struct, frozen=True, kw_only=True):
    """What usage comes to in a pricing unit of the operator's own."""

    amount_cents: int
    short_name: str
    conversion_rate: Decimal


class PresentationBreakdown(Struct, frozen=True, kw_only=True):
    """Units by the properties a charge presents, without a price of their own."""

    presentation_by: dict[str, str | None]
    units: Decimal


class ChargeSummary(Struct, frozen=True, kw_only=True):
    """The charge that usage is priced by."""

    id: str
    code: str
    charge_model: str
    invoice_display_name: str | None


class MetricSummary(Struct, frozen=True, kw_only=True):
    """The metric that usage is counted by."""

    id: str
    name: str
    code: str
    aggregation_type: str


class FilterUsage(Struct, frozen=True, kw_only=True):
    """Usage of one filter of a charge; `values` is null for what no filter takes."""

    units: Decimal
    total_aggregated_units: Decimal
    events_count: int
    amount_cents: int
    pricing_unit_details: PricingUnitUsage | None = None
    invoice_display_name: str | None
    values: dict[str, list[str]] | None
    presentation_breakdowns: list[PresentationBreakdown] = []


class GroupUsage(Struct, frozen=True, kw_only=True):
    """Usage of one pricing group of a charge."""

    units: Decimal
    total_aggregated_units: Decimal
    events_count: int
    amount_cents: int
    pricing_unit_details: PricingUnitUsage | None = None
    grouped_by: dict[str, str | None]
    filters: list[FilterUsage]
    presentation_breakdowns: list[PresentationBreakdown] = []


class ChargeUsage(Struct, frozen=True, kw_only=True):
    """Usage under one charge of the plan."""

    units: Decimal
    total_aggregated_units: Decimal
    events_count: int
    amount_cents: int
    amount_currency: str
    pricing_unit_details: PricingUnitUsage | None = None
    charge: ChargeSummary
    billable_metric: MetricSummary
    filters: list[FilterUsage]
    grouped_usage: list[GroupUsage]
    presentation_breakdowns: list[PresentationBreakdown] = []


class CustomerUsage(Struct, frozen=True, kw_only=True):
    """What a customer has used in the current period. Amounts are whole minor units."""

    from_datetime: datetime
    to_datetime: datetime
    issuing_date: date
    currency: str
    amount_cents: int
    total_amount_cents: int
    taxes_amount_cents: int
    invoice_id: str | None = None
    charges_usage: list[ChargeUsage]


class UsagePeriod(Struct, frozen=True, kw_only=True):
    """What was used in a period that was invoiced. Amounts are whole minor units."""

    from_datetime: datetime
    to_datetime: datetime
    issuing_date: date
    currency: str
    amount_cents: int
    """All usage shown, before taxes."""
    total_amount_cents: int
    taxes_amount_cents: int
    invoice_id: str
    charges_usage: list[ChargeUsage]


class ProjectedPricingUnitUsage(Struct, frozen=True, kw_only=True):
    """What usage will come to in a pricing unit of the operator's own."""

    amount_cents: int
    projected_amount_cents: int
    short_name: str
    conversion_rate: Decimal


class ProjectedChargeSummary(Struct, frozen=True, kw_only=True):
    """The charge that usage is projected under."""

    id: str
    charge_model: str
    invoice_display_name: str | None


class ProjectedFilterUsage(Struct, frozen=True, kw_only=True):
    """Projected usage of one filter of a charge; `values` is empty for what no filter takes."""

    units: Decimal
    projected_units: Decimal
    events_count: int
    amount_cents: int
    projected_amount_cents: int
    pricing_unit_details: ProjectedPricingUnitUsage | None = None
    invoice_display_name: str | None
    values: dict[str, list[str]]
    presentation_breakdowns: list[PresentationBreakdown] = []
    projected_presentation_breakdowns: list[PresentationBreakdown] = []


class ProjectedGroupUsage(Struct, frozen=True, kw_only=True):
    """Projected usage of one pricing group of a charge."""

    units: Decimal
    projected_units: Decimal
    events_count: int
    amount_cents: int
    projected_amount_cents: int
    pricing_unit_details: ProjectedPricingUnitUsage | None = None
    grouped_by: dict[str, str | None]
    filters: list[ProjectedFilterUsage]
    presentation_breakdowns: list[PresentationBreakdown] = []
    projected_presentation_breakdowns: list[PresentationBreakdown] = []


class ProjectedChargeUsage(Struct, frozen=True, kw_only=True):
    """Usage under one charge of the plan, now and as it will be at the end of the period."""

    units: Decimal
    projected_units: Decimal
    events_count: int
    amount_cents: int
    projected_amount_cents: int
    amount_currency: str
    pricing_unit_details: ProjectedPricingUnitUsage | None = None
    charge: ProjectedChargeSummary
    billable_metric: MetricSummary
    filters: list[ProjectedFilterUsage]
    grouped_usage: list[ProjectedGroupUsage]
    presentation_breakdowns: list[PresentationBreakdown] = []
    projected_presentation_breakdowns: list[PresentationBreakdown] = []


class CustomerProjectedUsage(Struct, frozen=True, kw_only=True):
    """What a customer will have used at the end of the period, if it goes on as until today."""

    from_datetime: datetime
    to_datetime: datetime
    issuing_date: date
    currency: str
    amount_cents: int
    projected_amount_cents: int
    """All usage as it is projected, before taxes."""
    total_amount_cents: int
    taxes_amount_cents: int
    invoice_id: str | None = None
    charges_usage: list[ProjectedChargeUsage]


class DailyChargeUsage(Struct, frozen=True, kw_only=True):
    """What was used of one charge's metric on one day; of a recurring one, what was there then."""

    units: Decimal
    events_count: int
    charge: ChargeSummary
    billable_metric: MetricSummary


class DailyUsage(Struct, frozen=True, kw_only=True):
    """What was used on one local day of the customer."""

    usage_date: date
    from_datetime: datetime
    to_datetime: datetime
    charges_usage: list[DailyChargeUsage]


class History(Struct, frozen=True, kw_only=True):
    """What was said of the usage of a subscription before it came here: the row."""

    id: str
    external_subscription_id: str
    subscription_at: datetime
    external_historical_usage_amount_cents: int
    created_at: datetime
    updated_at: datetime


class LifetimeThreshold(Struct, frozen=True, kw_only=True):
    """How far all usage has come towards a threshold from the one before it."""

    amount_cents: int
    completion_ratio: Number
    """From 0 to 1, to 4 decimals, rounded down."""
    reached_at: Millis | None
    """When an invoice was made for it; null where usage was invoiced without one."""


class LifetimeUsage(Struct, frozen=True, kw_only=True):
    """All that was ever used under a subscription, before taxes, in whole minor units.

    A subscription's life goes on when its plan changes: all of the same external id and the same
    beginning have one lifetime, and its id is that of the first of them.
    """

    id: str
    subscription_id: str
    external_subscription_id: str
    external_historical_usage_amount_cents: int
    """What was used before the subscription came here."""
    invoiced_usage_amount_cents: int
    """What periods that were billed came to."""
    current_usage_amount_cents: int
    """What the current period comes to so far."""
    from_datetime: datetime
    to_datetime: datetime
    usage_thresholds: list[LifetimeThreshold] | UnsetType = UNSET
    """Those that count once, from the lowest; of one that counts again and again, the last amount
    that was reached and the next."""
