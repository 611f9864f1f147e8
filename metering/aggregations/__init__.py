"""How events become a quantity. One file per aggregation; model.py says what each must have."""

import sys

from metering.aggregations.model import PARTS, Aggregation
from metering.measures.family import discover

discover(sys.modules[__name__])

__all__ = ["KINDS", "PARTS", "Aggregation"]

KINDS: dict[str, type[Aggregation]] = {kind.kind: kind for kind in Aggregation.__subclasses__()}
"""Every aggregation by its name in the API, `aggregation_type`."""
