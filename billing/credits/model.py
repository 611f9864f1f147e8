"""The facts about credit that is available."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class CreditStatus(StrEnum):
    """Whether something is left of a credit."""

    available = "available"
    consumed = "consumed"
    voided = "voided"


class CreditReason(StrEnum):
    """Why a balance changed."""

    paid_in = "paid_in"
    spent = "spent"
    given_back = "given_back"
    voided = "voided"


class AvailableCredit(Struct, frozen=True, kw_only=True):
    """What a customer was credited, in one currency, and what is left of it.

    It has the id of the credit note that paid it in.
    """

    id: str
    customer_id: str
    currency: str
    code: str
    name: str
    description: str | None
    amount_cents: int
    balance_cents: int
    voided_at: datetime | None
    created_at: datetime
    updated_at: datetime

    def __post_init__(self) -> None:
        assert 0 <= self.balance_cents <= self.amount_cents, self
        assert self.voided_at is None or self.balance_cents == 0, self

    @property
    def status(self) -> CreditStatus:
        """Whether something is left of it."""
        if self.voided_at:
            return CreditStatus.voided
        return CreditStatus.available if self.balance_cents else CreditStatus.consumed


class CreditEntry(Struct, frozen=True, kw_only=True):
    """One change of a balance; never changed and never deleted."""

    id: str
    credit_id: str
    reason: CreditReason
    cause_id: str
    """The invoice that spent it or gave it back; else the credit itself."""
    amount_cents: int
    """Above zero what was added, below what was taken."""
    created_at: datetime
