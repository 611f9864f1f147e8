"""The conductor: what spans rooms. Subscribes, bills periods, ends, finalizes."""

from billing.cycle.jobs import (
    CHUNK,
    bill,
    bill_missed,
    end_subscriptions,
    finalize_due,
    next_due,
    start_pending,
)
from billing.cycle.service import (
    finalize,
    finalize_all,
    refresh,
    remove_customer,
    subscribe,
    terminate,
    update_plan,
    update_subscription,
)

__all__ = [
    "CHUNK", "bill", "bill_missed", "end_subscriptions", "finalize", "finalize_all",
    "finalize_due", "next_due", "refresh", "remove_customer", "start_pending", "subscribe",
    "terminate", "update_plan", "update_subscription",
]  # fmt: skip
