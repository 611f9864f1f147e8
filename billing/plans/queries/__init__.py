"""What can be asked about plans: as they are shown, and as columns."""

from billing.plans.queries.book import (
    Book,
    Tariff,
    ahead,
    book,
    counted,
    raised,
    tariff,
    terms,
    with_own_units,
)
from billing.plans.queries.own import fixed_charge_of, fixed_charges_of
from billing.plans.queries.plan import (
    bare,
    bases,
    browse,
    browse_metrics,
    by_ids,
    charge_in,
    charges_in,
    children,
    family,
    filter_in,
    filters_in,
    find,
    find_by_id,
    fixed_charge_in,
    fixed_charges_in,
)
from billing.plans.queries.thresholds import applicable, thresholds, thresholds_of

__all__ = [
    "Book", "Tariff", "ahead", "applicable", "bare", "bases", "book", "browse", "browse_metrics",
    "by_ids", "charge_in", "charges_in", "children", "counted", "family", "filter_in", "filters_in",
    "find", "find_by_id", "fixed_charge_in", "fixed_charge_of", "fixed_charges_in",
    "fixed_charges_of", "raised", "tariff", "terms", "thresholds", "thresholds_of",
    "with_own_units",
]  # fmt: skip
