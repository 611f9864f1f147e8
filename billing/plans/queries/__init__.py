"""What can be asked about plans: as they are shown, and as columns."""

from billing.plans.queries.book import Book, book, terms
from billing.plans.queries.plan import (
    bare,
    browse,
    browse_metrics,
    by_ids,
    find,
    find_by_id,
    unready,
)

__all__ = [
    "Book", "bare", "book", "browse", "browse_metrics", "by_ids", "find", "find_by_id", "terms",
    "unready",
]  # fmt: skip
