"""What usage looks like: quantities and amounts of a period that is not invoiced yet."""

from datetime import date, datetime
from decimal import Decimal

from msgspec import Struct


class PricingUnitUsage(Struct, frozen=True, kw_only=True):
    """What usage comes to in a pricing unit of the operator's own."""

    amount_cents: int
    short_name: str
    conversion_rate: Decimal


class PresentationBreakdown(Struct, frozen=True, kw_only=True):
    """Units by the properties a charge presents, without a price of their own."""

    presentation_by: dict[str, str]
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
