"""Trying again what failed only because another transaction was in the way."""

import logging
import random
import time
from collections.abc import Callable
from typing import TypeVar

from metering.measures.refusals import Unavailable
from sql.errors import is_passing

log = logging.getLogger("invora.patience")

T = TypeVar("T")

ATTEMPTS = 6
"""How often a transaction is begun that others keep getting in the way of."""

FIRST_WAIT_SECONDS = 0.01


def persist(do: Callable[[], T], what: str) -> T:
    """Do what begins and ends its own transaction, again if another was in its way.

    Raises: Unavailable `lock_acquisition_failed`, after the last attempt.
    """
    for attempt in range(ATTEMPTS):
        try:
            return do()
        except Exception as error:
            if not is_passing(error):
                raise
            log.info("%s met another transaction, attempt %d", what, attempt + 1)
        time.sleep(FIRST_WAIT_SECONDS * 2**attempt * random.uniform(0.5, 1.5))
    raise Unavailable("lock_acquisition_failed", "Too many at the same rows: try again.")
