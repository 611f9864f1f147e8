"""Current usage: what was used so far in the period that is not billed yet."""

from msgspec.structs import replace

from billing.usage.model import CustomerUsage
from billing.usage.queries.folding import CURRENT, folded
from billing.usage.queries.slices import choice, slices, taxed
from billing.usage.queries.window import DAY, SECOND, window
from billing.usage.requests import UsageQuery
from sql.work import Work


def current(work: Work, external_id: str, query: UsageQuery) -> CustomerUsage:
    """Return what a customer has used so far in the current period of one subscription.

    Raises: Missing `customer_not_found`, `charge_not_found`; Conflict `no_active_subscription`,
            `full_usage_not_allowed`; Invalid `external_subscription_id: value_is_mandatory`,
            `filter_by_group` and `filter_by_presentation: value_is_invalid`.
    """
    span = window(work, external_id, query.external_subscription_id)
    if query.full_usage:
        span = replace(span, start=span.started_at)
    found = slices(work, span, choice(query))
    amount = int(found.frame["amount_cents"].sum())
    taxes = taxed(work, found.frame) if query.apply_taxes else 0
    return CustomerUsage(
        from_datetime=span.start,
        to_datetime=span.stop - SECOND,
        issuing_date=span.whole.last + DAY,
        currency=span.currency,
        amount_cents=amount,
        taxes_amount_cents=taxes,
        total_amount_cents=amount + taxes,
        charges_usage=folded(found.rows(), span.currency, CURRENT),
    )
