"""What can be asked about usage. Nothing here writes."""

from billing.usage.queries.current import current
from billing.usage.queries.daily import daily
from billing.usage.queries.lifetime import lifetime, standing
from billing.usage.queries.past import past
from billing.usage.queries.priced import priced
from billing.usage.queries.projected import projected

__all__ = ["current", "daily", "lifetime", "past", "priced", "projected", "standing"]
