"""Plans: what can be subscribed to, and what it charges."""

from billing.plans.model import (
    AnyCharge,
    AnyFixedCharge,
    Charge,
    ChargeFilter,
    ChargeTerms,
    FixedCharge,
    MinimumCommitment,
    Plan,
    PriceProperties,
    PriceTerms,
    Terms,
    UsageThreshold,
)
from billing.plans.queries import (
    Book,
    bare,
    book,
    browse,
    browse_metrics,
    by_ids,
    find,
    find_by_id,
    terms,
    unready,
)
from billing.plans.requests import (
    ChargeChange,
    ChargeFilterInput,
    ChargeInput,
    FixedChargeChange,
    FixedChargeInput,
    MinimumCommitmentInput,
    PlanInput,
    PlanMetricQuery,
    PlanQuery,
    PlanUpdate,
    UsageThresholdInput,
)
from billing.plans.service import change, create, delete, delete_metric, update_metric
from billing.plans.tables import charges, plans, prices

__all__ = [
    "AnyCharge", "AnyFixedCharge", "Book", "Charge", "ChargeChange", "ChargeFilter",
    "ChargeFilterInput", "ChargeInput", "ChargeTerms", "FixedCharge", "FixedChargeChange",
    "FixedChargeInput", "MinimumCommitment", "MinimumCommitmentInput", "Plan", "PlanInput",
    "PlanMetricQuery", "PlanQuery", "PlanUpdate", "PriceProperties", "PriceTerms", "Terms",
    "UsageThreshold", "UsageThresholdInput", "bare", "book", "browse", "browse_metrics", "by_ids",
    "change", "charges", "create", "delete", "delete_metric", "find", "find_by_id", "plans",
    "prices", "terms", "unready", "update_metric",
]  # fmt: skip
