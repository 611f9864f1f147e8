"""How a warehouse fails: it will not, or nobody knows whether it did."""

from metering.measures.refusals import Unavailable


class Refused(Exception):
    """The engine would not take the rows, and kept none of them."""


class Unanswered(Unavailable):
    """The engine did not answer: of rows that were sent, nobody knows whether it took them."""

    def __init__(self, said: object) -> None:
        super().__init__("warehouse_unavailable", str(said))
