"""What a reconciliation says."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from ingest import Event


class EventReason(StrEnum):
    """Why an event is billed, or is not. Of several that hold, the first one is said."""

    billed = "billed"
    """An invoice that is not a draft counted it, if at a price of nothing."""
    voided = "voided"
    """A correction took it out before it was billed."""
    draft = "draft"
    """A draft counted it."""
    late = "late"
    """It came, or was amended, after the invoice of its period was computed."""
    no_metric = "no_metric"
    """No metric counts events of its code."""
    no_subscription = "no_subscription"
    """Nobody ever subscribed under its external subscription id."""
    invalid_value = "invalid_value"
    """No charge can aggregate it: the property that is aggregated is missing, or no number."""
    not_invoiced = "not_invoiced"
    """Its subscription ended without a last invoice."""
    open = "open"
    """Its period is not billed yet."""
    before_subscription = "before_subscription"
    """It happened before anybody subscribed."""
    after_subscription = "after_subscription"
    """It happened after the last subscription had ended."""
    between_subscriptions = "between_subscriptions"
    """It happened after one subscription had ended and before the next began."""
    not_charged = "not_charged"
    """The plan of its subscription has no charge on its metrics."""


class UnbilledReason(StrEnum):
    """Why rows that came through the door are not billed."""

    duplicate = "duplicate"
    """Another row of the same identity counts."""
    withheld = "withheld"
    """It was part of a batch that was refused as a whole."""
    rejected = "rejected"
    """It can be no event, and waits for its cause to be mended."""
    replayed = "replayed"
    """It was rejected, and counts since: as a row that came in again."""
    voided = EventReason.voided.value
    """A correction took it out before it was billed."""
    draft = EventReason.draft.value
    """A draft counted it."""
    late = EventReason.late.value
    """It came, or was amended, after the invoice of its period was computed."""
    no_metric = EventReason.no_metric.value
    """No metric counts events of its code."""
    no_subscription = EventReason.no_subscription.value
    """Nobody ever subscribed under its external subscription id."""
    invalid_value = EventReason.invalid_value.value
    """No charge can aggregate it: the property that is aggregated is missing, or no number."""
    not_invoiced = EventReason.not_invoiced.value
    """Its subscription ended without a last invoice."""
    open = EventReason.open.value
    """Its period is not billed yet."""
    before_subscription = EventReason.before_subscription.value
    """It happened before anybody subscribed."""
    after_subscription = EventReason.after_subscription.value
    """It happened after the last subscription had ended."""
    between_subscriptions = EventReason.between_subscriptions.value
    """It happened after one subscription had ended and before the next began."""
    not_charged = EventReason.not_charged.value
    """The plan of its subscription has no charge on its metrics."""
    lost = "lost"
    """The door counted it as accepted, or as rejected, and it is not there: this must never be."""


class ReconciliationLine(Struct, frozen=True, kw_only=True):
    """How many rows are not billed for one reason."""

    reason: UnbilledReason
    detail: str
    """Of rejected rows, the field and code; of events, the code of their metric; else nothing."""
    events_count: int


class ReconciliationDifference(Struct, frozen=True, kw_only=True):
    """A line of an invoice that was not made of the events that are stored."""

    invoice_id: str
    external_subscription_id: str
    charge_id: str
    billed_events_count: int
    """What its fees say that they counted."""
    stored_events_count: int
    """What is there of that now. If it is as many, they are not the same."""


class Reconciliation(Struct, frozen=True, kw_only=True):
    """All that came in during some time: billed, or not, and why. Each event counts once.

    received = billed + all of unbilled, always; lost is one of the reasons.
    """

    received_from: datetime | None
    received_to: datetime | None
    """The time that was asked for; null where it has no bound."""
    received_events_count: int
    """By the counters of the door, which are written with the answer."""
    accepted_events_count: int
    billed_events_count: int
    unbilled_events_count: int
    doubled_events_count: int
    """Rows beyond the first of an identity: this must never be."""
    is_closed: bool
    """Whether nothing is lost, nothing is doubled, and every line was made of what is stored."""
    unbilled: list[ReconciliationLine]
    differences: list[ReconciliationDifference]


class UnbilledEvent(Struct, frozen=True, kw_only=True):
    """An accepted event, and why it is not billed."""

    reason: EventReason
    event: Event


class ChangeReason(StrEnum):
    """What happened to a line of an invoice after it was computed."""

    late = "late"
    """An event came in."""
    voided = "voided"
    """An event that was billed counts no more."""
    amended_from = "amended_from"
    """An event that was billed counts no more as it was."""
    amended_to = "amended_to"
    """An event counts as it was amended."""


class InvoiceChange(Struct, frozen=True, kw_only=True):
    """What would change a line of an invoice if it were computed now."""

    external_subscription_id: str
    charge_id: str
    reason: ChangeReason
    sequence: int
    """When it was taken in, as events are counted: after the watermark of the line."""
    event: Event
