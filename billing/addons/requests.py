"""What may be asked of add-ons."""

from msgspec import UNSET, Struct

from metering.measures.money import CURRENCIES, MOST
from metering.measures.refusals import Checks
from metering.measures.shapes import Maybe, PageQuery


class AddOnInput(Struct, kw_only=True):
    """A new add-on."""

    name: str
    code: str
    amount_cents: int
    """Its price in minor units; nothing is a price too."""
    amount_currency: str
    invoice_display_name: str | None = None
    description: str | None = None
    tax_codes: list[str] | None = None

    def __post_init__(self) -> None:
        _check(self)


class AddOnUpdate(Struct, kw_only=True):
    """Changes of an add-on; what is absent stays."""

    name: Maybe[str] = UNSET
    code: Maybe[str] = UNSET
    amount_cents: Maybe[int] = UNSET
    amount_currency: Maybe[str] = UNSET
    invoice_display_name: Maybe[str] = UNSET
    description: Maybe[str] = UNSET
    tax_codes: Maybe[list[str]] = UNSET
    """All its taxes, in place of those it had."""

    def __post_init__(self) -> None:
        _check(self)


class AddOnQuery(PageQuery, kw_only=True):
    """Which add-ons."""

    search_term: str | None = None


def _check(asked: AddOnInput | AddOnUpdate) -> None:
    checks = Checks()
    for name in ("name", "code"):
        value = getattr(asked, name)
        checks.that(value is UNSET or (value or "").strip(), **{name: "value_is_mandatory"})
    checks.that(asked.amount_cents is not None, amount_cents="value_is_mandatory")
    if isinstance(asked.amount_cents, int):
        checks.that(0 <= asked.amount_cents <= MOST, amount_cents="value_is_out_of_range")
    known = asked.amount_currency is UNSET or asked.amount_currency in CURRENCIES
    checks.that(known, amount_currency="value_is_invalid")
    checks.done()
