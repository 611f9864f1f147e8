"""A world on each pair of engines."""

from tests.billing.cycle.conftest import world

__all__ = ["world"]
