"""The facts about plans.

A plan's row is `Terms`, a charge's `ChargeTerms`, and so on; what is shown (`Plan`, `Charge`) is
put together from several rows. A charge is shown, and asked for, as one of as many types as there
are charge models: they are made from the family, so that a new model joins by itself.
"""

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Union, get_type_hints

from msgspec import UNSET, Struct, UnsetType, defstruct

from billing.features import PlanEntitlement
from billing.taxes import Tax
from metering.charges import MODELS, ChargeProperties
from metering.measures.forms import Number
from metering.measures.period import Interval

FIXED_MODELS = ("standard", "graduated", "volume")
"""The charge models that can price the units of a fixed charge (FC1)."""


class RegroupPaidFees(StrEnum):
    """Whether paid fees of a charge in advance are gathered on an invoice after."""

    invoice = "invoice"


def pascal(kind: str) -> str:
    """Return a model's name as a class has it.

    >>> pascal("graduated_percentage")
    'GraduatedPercentage'
    """
    return "".join(word.capitalize() for word in kind.split("_"))


# -- rows


class Terms(Struct, frozen=True, kw_only=True):
    """A plan's own row: what it costs to be subscribed, and how often."""

    id: str
    name: str
    invoice_display_name: str | None
    created_at: datetime
    code: str
    interval: Interval
    description: str | None
    amount_cents: int
    amount_currency: str
    trial_period: Number | None
    """Days without a base fee, from the first start."""
    pay_in_advance: bool
    """Whether the base fee is of the period that begins, or of the one that ended."""
    bill_charges_monthly: bool | None
    """Whether the usage of a longer period is billed every month."""
    bill_fixed_charges_monthly: bool | None
    parent_id: str | None = None
    pending_deletion: bool = False
    """Whether it is archived: nobody can subscribe, and who has keeps it."""
    metadata: dict[str, str | None] | UnsetType | None = UNSET

    def __post_init__(self) -> None:
        assert self.amount_cents >= 0, self


class ChargeTerms(Struct, frozen=True, kw_only=True):
    """A charge's own row: by which metric and model usage is priced, and when."""

    id: str
    plan_id: str
    billable_metric_id: str
    code: str
    invoice_display_name: str | None
    charge_model: str
    created_at: datetime
    invoiceable: bool
    regroup_paid_fees: RegroupPaidFees | None
    pay_in_advance: bool
    """Whether every event is billed as it comes."""
    prorated: bool
    """Whether a recurring quantity is priced by the days it was there."""
    min_amount_cents: int
    """What the charge comes to at least, in minor units."""
    accepts_target_wallet: bool
    parent_id: str | None = None
    """The charge of the parent plan in whose place it stands."""


class FilterTerms(Struct, frozen=True, kw_only=True):
    """A filter's own row: which events are priced differently."""

    id: str
    charge_id: str
    invoice_display_name: str | None
    values: dict[str, list[str]]


class FixedTerms(Struct, frozen=True, kw_only=True):
    """A fixed charge's own row: how many units of an add-on a plan includes."""

    id: str
    plan_id: str
    add_on_id: str
    code: str
    invoice_display_name: str | None
    charge_model: str
    created_at: datetime
    pay_in_advance: bool
    prorated: bool
    units: Decimal


class FixedUnits(Struct, frozen=True, kw_only=True):
    """How many units of a fixed charge are wanted from an instant on.

    Of its plan, or of one subscription, which then no longer follows its plan. They hold at once,
    or from the next period of fixed charges.
    """

    id: str
    fixed_charge_id: str
    subscription_id: str | None
    units: Decimal
    is_immediate: bool
    created_at: datetime


class PriceTerms(Struct, frozen=True, kw_only=True):
    """One version of a price: of a charge, of a filter of it, or of a fixed charge.

    It is never changed. What replaces it is the next version, and fees name the version they were
    made with.
    """

    id: str
    charge_id: str | None
    filter_id: str | None
    fixed_charge_id: str | None
    version: int
    charge_model: str
    properties: dict[str, Any]
    created_at: datetime

    def __post_init__(self) -> None:
        assert (self.charge_id is None) != (self.fixed_charge_id is None), self
        assert self.filter_id is None or self.charge_id is not None, self
        assert self.version > 0, self


class UsageThreshold(Struct, frozen=True, kw_only=True):
    """Usage in minor units at which an invoice is made without waiting for the period's end."""

    id: str
    threshold_display_name: str | None
    amount_cents: int
    recurring: bool
    """Whether it counts again and again beyond the last threshold."""
    created_at: datetime
    updated_at: datetime


class CommitmentTerms(Struct, frozen=True, kw_only=True):
    """The least that a period comes to, in minor units."""

    id: str
    plan_id: str
    invoice_display_name: str | None
    amount_cents: int
    created_at: datetime
    updated_at: datetime


# -- what is shown


def _flat() -> type[Struct]:
    """Make a struct with the fields of every model's properties, none of which must be given."""
    fields: dict[str, Any] = {}
    codes: dict[str, str] = {}
    for model in MODELS.values():
        hints = get_type_hints(model.Properties)
        for name, code in model.Properties.codes.items():
            assert codes.setdefault(name, code) == code, f"two charge models refuse {name} as two"
        for name in model.Properties.__struct_fields__:
            known = fields.setdefault(name, hints[name] | None)
            assert known == hints[name] | None, f"two charge models disagree on what {name} is"
    return defstruct(
        "PriceProperties",
        [(name, kind, None) for name, kind in fields.items()],
        kw_only=True, frozen=True, omit_defaults=True, module=__name__,
        namespace={
            "__doc__": "Prices under any charge model; a model reads those that it knows.",
            "codes": codes,
        },
    )  # fmt: skip


if TYPE_CHECKING:
    PriceProperties = Struct
else:
    PriceProperties = _flat()


class PricingUnit(Struct, frozen=True, kw_only=True):
    """A unit of the operator's own that a charge is priced in, and what it is worth."""

    code: str
    conversion_rate: Decimal


class ChargeFilter(Struct, frozen=True, kw_only=True):
    """Which events of a charge are priced differently, and how."""

    id: str
    charge_code: str
    invoice_display_name: str | None
    properties: PriceProperties
    values: dict[str, list[str]]


class Charge(Struct, frozen=True, kw_only=True, tag_field="charge_model"):
    """How usage of one metric is priced in a plan; `charge_model` says how units become money."""

    id: str
    billable_metric_id: str
    code: str
    invoice_display_name: str | None
    billable_metric_code: str
    created_at: datetime
    invoiceable: bool
    regroup_paid_fees: RegroupPaidFees | None
    pay_in_advance: bool
    prorated: bool
    min_amount_cents: int
    accepts_target_wallet: bool
    applied_pricing_unit: PricingUnit | None = None
    parent_id: str | None = None
    filters: list[ChargeFilter]
    taxes: list[Tax]


class FixedCharge(Struct, frozen=True, kw_only=True, tag_field="charge_model"):
    """Units of an add-on that a plan includes; `charge_model` says what they cost."""

    id: str
    add_on_id: str
    code: str
    invoice_display_name: str
    """The add-on's own name is shown where it is empty."""
    add_on_code: str
    created_at: datetime
    pay_in_advance: bool
    prorated: bool
    units: Decimal
    parent_id: str | None = None
    taxes: list[Tax]


def variants(base: type[Struct], suffix: str, kinds: Any, field: Any, **config: Any) -> Any:
    """Make one struct per charge model: what all have in `base`, and properties of its own kind.

    `field(model)` gives the type of `properties`, and a default if there is one.
    """
    return {
        kind: defstruct(
            f"{pascal(kind)}{suffix}",
            [("properties", *field(MODELS[kind]))],
            bases=(base,), tag_field="charge_model", tag=kind, kw_only=True, module=__name__,
            namespace={"__doc__": f"{base.__name__} of the model `{kind}`."}, **config,
        )
        for kind in kinds
    }  # fmt: skip


def union(kinds: dict[str, Any]) -> Any:
    """Return any of the variants, told apart by `charge_model`."""
    return Union[tuple(kinds.values())]  # noqa: UP007


CHARGES: dict[str, Any] = variants(
    Charge, "Charge", MODELS, lambda model: (model.Properties,), frozen=True
)
"""The type of a charge, by its model."""

FIXED_CHARGES: dict[str, Any] = variants(
    FixedCharge, "FixedCharge", FIXED_MODELS, lambda model: (model.Properties,), frozen=True
)
"""The type of a fixed charge, by its model."""

if TYPE_CHECKING:
    AnyCharge = Charge
    AnyFixedCharge = FixedCharge
else:
    AnyCharge = union(CHARGES)
    AnyFixedCharge = union(FIXED_CHARGES)


class ApplicableUsageThreshold(Struct, frozen=True, kw_only=True):
    """A threshold as it holds for who subscribes to the plan."""

    threshold_display_name: str | None
    amount_cents: int
    recurring: bool


class MinimumCommitment(Struct, frozen=True, kw_only=True):
    """The least that a period comes to, with the taxes of what is missing to it."""

    id: str
    plan_code: str
    invoice_display_name: str | None
    amount_cents: int
    interval: Interval
    created_at: datetime
    updated_at: datetime
    taxes: list[Tax]


class Plan(Terms, frozen=True, kw_only=True):
    """What can be subscribed to: a base price, how often it is billed, and charges for usage."""

    customers_count: int = 0
    active_subscriptions_count: int = 0
    draft_invoices_count: int = 0
    charges: list[AnyCharge]
    fixed_charges: list[AnyFixedCharge]
    entitlements: list[PlanEntitlement]
    usage_thresholds: list[UsageThreshold]
    applicable_usage_thresholds: list[ApplicableUsageThreshold]
    taxes: list[Tax]
    minimum_commitment: MinimumCommitment | UnsetType = UNSET


def flat(properties: ChargeProperties) -> PriceProperties:
    """Return a model's properties among those of every model."""
    said = {name: getattr(properties, name) for name in properties.__struct_fields__}
    return PriceProperties(**said)
