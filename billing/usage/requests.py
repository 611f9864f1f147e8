"""What may be asked of usage, and what may be said of it."""

from datetime import date
from typing import Any

import msgspec
from msgspec import Struct

from metering.measures.money import MOST
from metering.measures.refusals import Checks, Invalid
from metering.measures.shapes import PageQuery, Query

MANDATORY = "value_is_mandatory"
INVALID = "value_is_invalid"
OUT_OF_RANGE = "value_is_out_of_range"


class UsageQuery(Query, kw_only=True):
    """Which usage of a customer. A charge that is named in several ways must be all of them."""

    external_subscription_id: str = ""
    apply_taxes: bool = True
    """Whether taxes are added, as an invoice would add them."""
    charge_id: str | None = None
    charge_code: str | None = None
    billable_metric_code: str | None = None
    group: dict[str, str] = {}
    """Only events with these values of properties; by these nothing is split any more."""
    filter_by_charge_id: str | None = None
    filter_by_charge_code: str | None = None
    filter_by_metric_code: str | None = None
    filter_by_group: str | None = None
    """A JSON object, like `group`; of an array of values, each will do."""
    filter_by_presentation: str | None = None
    """A property, or a JSON array of them: by no others are units broken down."""
    full_usage: bool = False
    """Whether usage is counted from the start of the subscription, not of the period. Only for
    chosen charges or groups."""
    skip_grouping: bool = False
    """Whether pricing groups are counted and priced together."""

    def __post_init__(self) -> None:
        checks = Checks()
        checks.that(self.external_subscription_id, external_subscription_id=MANDATORY)
        for read, field in ((groups, "filter_by_group"), (presented, "filter_by_presentation")):
            try:
                read(self)
            except msgspec.MsgspecError:
                checks.add(field, INVALID)
        checks.done()


def chosen(query: UsageQuery) -> dict[str, list[str]]:
    """Return what a charge must have in which column: each of the values."""
    asked = {
        "charge_id": (query.charge_id, query.filter_by_charge_id),
        "code": (query.charge_code, query.filter_by_charge_code),
        "metric_code": (query.billable_metric_code, query.filter_by_metric_code),
    }
    found = {column: [value for value in pair if value] for column, pair in asked.items()}
    return {column: values for column, values in found.items() if values}


def groups(query: UsageQuery) -> dict[str, list[str]]:
    """Return what an event must have in its properties: one of the values.

    Raises: msgspec.MsgspecError.
    """
    said = msgspec.json.decode(query.filter_by_group or "{}", type=dict[str, str | list[str]])
    listed = {key: [value] if isinstance(value, str) else value for key, value in said.items()}
    return {key: [value] for key, value in query.group.items()} | listed


def presented(query: UsageQuery) -> list[str] | None:
    """Return by which properties units may be broken down; None: by all.

    Raises: msgspec.MsgspecError.
    """
    said = query.filter_by_presentation
    if said is None or not said.startswith("["):
        return said if said is None else [said]
    return msgspec.json.decode(said, type=list[str])


class ProjectedUsageQuery(Query, kw_only=True):
    """Which usage of a customer is carried on to the end of the period."""

    external_subscription_id: str = ""
    apply_taxes: bool = True
    """Whether taxes are added, as an invoice would add them."""

    def __post_init__(self) -> None:
        _check_subscription(self.external_subscription_id)


class PastUsageQuery(PageQuery, kw_only=True):
    """Which periods of a customer that were invoiced; the newest first."""

    external_subscription_id: str = ""
    billable_metric_code: str | None = None
    periods_count: int | None = None
    """How many periods, from the newest, are listed at all."""

    def __post_init__(self) -> None:
        _check_subscription(self.external_subscription_id)
        super().__post_init__()


class DailyUsageQuery(Query, kw_only=True):
    """Which days of a subscription: those of the current period until today, unless said."""

    from_date: date | None = None
    to_date: date | None = None
    charge_code: str | None = None
    billable_metric_code: str | None = None
    status: str | None = None
    """Which of the subscriptions that share the external id: the active one, unless said."""


class LifetimeUsageInput(Struct, kw_only=True):
    """What is known of a subscription's usage from elsewhere."""

    external_historical_usage_amount_cents: int
    """What was used before the subscription came here, in minor units."""

    def __post_init__(self) -> None:
        checks = Checks()
        fits = 0 <= self.external_historical_usage_amount_cents <= MOST
        checks.that(fits, external_historical_usage_amount_cents=OUT_OF_RANGE)
        checks.done()


def _check_subscription(external_id: Any) -> None:
    if not external_id:
        raise Invalid(external_subscription_id=MANDATORY)
