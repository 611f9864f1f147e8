"""What spans rooms: bills, the life of a subscription, and drafts."""

from billing.cycle.service.advance import MOST, bill_events
from billing.cycle.service.bill import bill, rebill
from billing.cycle.service.drafts import finalize, finalize_all, refresh
from billing.cycle.service.life import (
    bill_start,
    end,
    remove_customer,
    subscribe,
    switch,
    terminate,
    update_fixed_charge,
    update_plan,
    update_subscription,
    update_subscription_charge,
)
from billing.cycle.service.parts import (
    create_charge,
    create_charge_filter,
    create_fixed_charge,
    delete_charge,
    delete_charge_filter,
    delete_fixed_charge,
    delete_plan_metadata,
    delete_plan_metadata_key,
    merge_plan_metadata,
    replace_plan_metadata,
    update_charge,
    update_charge_filter,
    update_fixed_charge_of_plan,
)
from billing.cycle.service.progressive import bill_usage, due_round, end_round, wish, wish_plan

__all__ = [
    "MOST", "bill", "bill_events", "bill_start", "bill_usage", "create_charge",
    "create_charge_filter",
    "create_fixed_charge", "delete_charge", "delete_charge_filter", "delete_fixed_charge",
    "delete_plan_metadata", "delete_plan_metadata_key", "due_round", "end", "end_round", "finalize",
    "finalize_all", "merge_plan_metadata", "rebill", "refresh", "remove_customer",
    "replace_plan_metadata", "subscribe", "switch", "terminate", "update_charge",
    "update_charge_filter", "update_fixed_charge", "update_fixed_charge_of_plan", "update_plan",
    "update_subscription", "update_subscription_charge", "wish", "wish_plan",
]  # fmt: skip
