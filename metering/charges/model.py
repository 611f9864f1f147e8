"""What every charge model has: properties as a plan stores them, terms as rows, and a price.

    class Volume(ChargeModel):
        kind = "volume"                             its name on the wire, `charge_model`
        Properties = VolumeProperties               what a plan says; validated when made
        terms(properties) -> list[Term]             the same as rows, one per step of the price
        price(lines) -> LazyFrame                   rows in, steps out, for all customers at once
        details(steps) -> LazyFrame                 the steps as the fee's `amount_details`

A *line* is one quantity to be priced for one subscription. A *step* is one explained part of its
price (a tier, a package, a fixed amount). On every step `amount = units * rate + flat`; a model
says which steps there are and how many units each has, and the head of the family multiplies.

A model whose price may depend on the single events says when (`needs_events`), and has a second way
to find the steps (`price_events`).
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, ClassVar, Generic, TypeVar

import msgspec
import polars as pl
from msgspec import Struct
from msgspec.structs import force_setattr

from metering.columns import AMOUNT, COUNT, QUANTITY
from metering.measures.money import exact, plain
from metering.measures.refusals import Checks

ZERO = Decimal(0)

LINES = {
    "line": pl.UInt32(), "price": pl.UInt32(), "quantity": QUANTITY, "events": pl.Int64(),
    "full": QUANTITY, "full_days": pl.Int64(), "cents": QUANTITY, "digits": pl.Int32(),
    "is_by_event": pl.Boolean(),
}  # fmt: skip
"""What is to be priced: a quantity, the price it falls under, and from how many events it came.

`full` is the quantity before it was prorated. `cents` is what its events say that they cost, in
minor units of a currency with so many `digits`. Where `is_by_event`, the price is worked out from
EVENTS; then `full_days` is how many days the period has that their days are of."""

EVENTS = {"line": pl.UInt32(), "order": COUNT, "value": QUANTITY, "days": pl.Int64()}
"""The single events of lines that are priced by them: what each brought, and for how many days."""

TERMS = {
    "price": pl.UInt32(), "step": pl.UInt16(), "over": QUANTITY, "upto": QUANTITY, "rate": AMOUNT,
    "flat": AMOUNT, "size": pl.Int64(), "free": QUANTITY, "free_events": pl.Int64(),
    "least": AMOUNT, "most": AMOUNT, "told": pl.String(),
}  # fmt: skip
"""What holds for units over `over`, up to and with `upto` (null: without end); packs have a `size`;
`free` units and `free_events` go before; an event costs `least` to `most`. `told` is what the
details can say before the quantity is known."""

STEPS = {
    "line": pl.UInt32(), "step": pl.UInt16(), "units": QUANTITY, "rate": AMOUNT, "flat": AMOUNT,
    "amount": AMOUNT, "rest": pl.Int64(), "parts": pl.Int64(),
}  # fmt: skip
"""amount + rest / 10^24 = units * rate + flat * parts, exactly. What the step costs is that divided
by `parts`: the days of a period, if the units are unit days, else 1."""


class PresentationOptions(Struct, frozen=True, kw_only=True):
    """How one breakdown of a fee's units is shown."""

    display_in_invoice: bool = False


class PresentationGroupKey(Struct, frozen=True, kw_only=True):
    """A property by whose values a fee's units are broken down, without effect on its price."""

    value: str
    options: PresentationOptions | None = None


class ChargeProperties(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the properties of every charge model may say beside its prices."""

    pricing_group_keys: list[str] | None = None
    """Properties of events by whose values the units are split, each group priced by itself."""
    grouped_by: list[str] | None = None
    """The older name of `pricing_group_keys`; both are shown."""
    presentation_group_keys: list[PresentationGroupKey] | None = None
    """At most two properties by which a fee's units are broken down for display."""

    codes: ClassVar[Mapping[str, str]] = {}
    """Which code refuses a value of the wrong type, by field, here and in what a field holds."""

    def __post_init__(self) -> None:
        keys = self.grouped_by if self.pricing_group_keys is None else self.pricing_group_keys
        force_setattr(self, "pricing_group_keys", keys)
        force_setattr(self, "grouped_by", keys)
        shown = [key.value for key in self.presentation_group_keys or ()]
        checks = Checks()
        checks.that(all([*(keys or ()), *shown]), properties="invalid_type")
        checks.that(len(shown) <= 2, properties="too_many_keys")
        checks.that(len(set(shown)) == len(shown), properties="value_is_duplicated")
        checks.that(len(set(keys or ())) == len(keys or ()), properties="value_is_duplicated")
        self.check(checks)
        checks.done()

    def check(self, checks: Checks) -> None:
        """Note what is wrong with the prices, under `properties`."""


class Term(Struct, frozen=True):
    """One row of TERMS, less the price it belongs to, in the order of its columns."""

    step: int
    over: Decimal = ZERO
    upto: Decimal | None = None
    rate: Decimal = ZERO
    flat: Decimal = ZERO
    size: int | None = None
    free: Decimal | None = None
    free_events: int | None = None
    least: Decimal | None = None
    most: Decimal | None = None
    told: str = ""
    """What `amount_details` say of this step whatever the quantity: see `told`."""


P = TypeVar("P", bound=ChargeProperties)


class ChargeModel(Generic[P]):
    """A way to turn units into an amount. A subclass in its own file joins the family."""

    kind: ClassVar[str]
    """The name on the wire, `charge_model`."""
    Properties: type[P]
    """What a plan stores."""
    default: P
    """What holds when a plan says nothing."""

    in_advance: ClassVar[bool] = True
    """Whether a charge of this model may be paid in advance."""
    prorated_in_advance: ClassVar[bool] = False
    """Whether it may be prorated when paid in advance."""
    prorated_in_arrears: ClassVar[bool] = False
    """Whether it may be prorated when paid in arrears."""
    only_on: ClassVar[str | None] = None
    """The one aggregation it can price, if there is only one."""
    never_on: ClassVar[frozenset[str]] = frozenset()
    """The aggregations it cannot price."""

    @classmethod
    def needs_events(cls, properties: P, is_prorated: bool) -> bool:
        """Whether a quantity and a count of events are not enough to price by these properties."""
        return False

    @classmethod
    def terms(cls, properties: P) -> list[Term]:
        """Return the properties as rows, first step first."""
        raise NotImplementedError

    @classmethod
    def price(cls, lines: pl.LazyFrame) -> pl.LazyFrame:
        """Keep of `lines` (LINES joined to TERMS) the steps reached, with their `units`."""
        raise NotImplementedError

    @classmethod
    def price_events(cls, lines: pl.LazyFrame, events: pl.LazyFrame) -> pl.LazyFrame:
        """Do the same from EVENTS; `parts` are the days of the period, if units are unit days."""
        raise NotImplementedError

    @classmethod
    def details(cls, steps: pl.LazyFrame) -> pl.LazyFrame:
        """Return one row per line: `line`, and `amount_details` as JSON text, here an empty one."""
        return steps.select("line").unique().with_columns(amount_details=pl.lit("{}"))


def is_price(text: Any) -> bool:
    """Whether a text is a price: a decimal that is not negative, of 26 digits and 12 decimals."""
    found = exact(text) if isinstance(text, str) else None
    return found is not None and found >= 0


def is_rate(text: Any) -> bool:
    """Whether a text is a percentage: a price of 10 decimals, so that a hundredth of it has 12."""
    return is_price(text) and len(text.partition(".")[2].rstrip("0")) <= 10


def told(**members: Decimal | int | None) -> str:
    """Write members of a JSON object, decimals in quotes: '"size":10,"rate":"0.5"'."""
    shown = {
        name: format(plain(value), "f") if isinstance(value, Decimal) else value
        for name, value in members.items()
    }
    return msgspec.json.encode(shown).decode()[1:-1]


def price_of(text: str) -> Decimal:
    """Read a price that was checked when its properties were made."""
    found = exact(text)
    assert found is not None, text
    return found


def rate_of(text: str) -> Decimal:
    """Read a percentage as the fraction it is."""
    return price_of(text).scaleb(-2)
