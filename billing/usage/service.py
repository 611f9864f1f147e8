"""What can be said of usage: what it came to elsewhere. All other usage is counted."""

from billing import subscriptions
from billing.usage.model import History, LifetimeUsage
from billing.usage.queries.lifetime import lifetime
from billing.usage.requests import LifetimeUsageInput
from billing.usage.tables import histories
from metering.measures import ids
from sql.work import Work


def update_lifetime(
    work: Work, external_id: str, lifetime_usage: LifetimeUsageInput
) -> LifetimeUsage:
    """Say what an active subscription's usage came to before it came here.

    Raises: Missing `subscription_not_found`; Invalid `external_historical_usage_amount_cents:
            value_is_out_of_range`.
    """
    found = subscriptions.find(work, external_id)
    cents = lifetime_usage.external_historical_usage_amount_cents
    made = History(
        id=ids.new(),
        external_subscription_id=found.external_id,
        subscription_at=found.subscription_at,
        external_historical_usage_amount_cents=cents,
        created_at=work.now,
        updated_at=work.now,
    )
    if not work.rows.add(histories, made):
        work.rows.change(
            histories,
            histories.c.external_subscription_id == found.external_id,
            histories.c.subscription_at == found.subscription_at,
            external_historical_usage_amount_cents=cents,
            updated_at=work.now,
        )
    return lifetime(work, external_id)
