"""The conductor: what spans rooms. Subscribes, bills periods, ends, finalizes."""

from billing.cycle.jobs import (
    CHUNK,
    bill,
    bill_events,
    bill_missed,
    bill_usage,
    end_subscriptions,
    finalize_due,
    next_due,
    start_pending,
)
from billing.cycle.queries import behind, unchecked
from billing.cycle.service import (
    create_charge,
    create_charge_filter,
    create_fixed_charge,
    delete_charge,
    delete_charge_filter,
    delete_fixed_charge,
    delete_plan_metadata,
    delete_plan_metadata_key,
    finalize,
    finalize_all,
    merge_plan_metadata,
    refresh,
    remove_customer,
    replace_plan_metadata,
    subscribe,
    terminate,
    update_charge,
    update_charge_filter,
    update_fixed_charge,
    update_fixed_charge_of_plan,
    update_plan,
    update_subscription,
    update_subscription_charge,
)

__all__ = [
    "CHUNK", "behind", "bill", "bill_events", "bill_missed", "bill_usage", "create_charge",
    "create_charge_filter", "create_fixed_charge", "delete_charge", "delete_charge_filter",
    "delete_fixed_charge", "delete_plan_metadata", "delete_plan_metadata_key", "end_subscriptions",
    "finalize", "finalize_all", "finalize_due", "merge_plan_metadata", "next_due", "refresh",
    "remove_customer", "replace_plan_metadata", "start_pending", "subscribe", "terminate",
    "unchecked", "update_charge", "update_charge_filter", "update_fixed_charge",
    "update_fixed_charge_of_plan", "update_plan", "update_subscription",
    "update_subscription_charge",
]  # fmt: skip
