"""What may be asked of plans.

A new charge says its model first, and its properties are of that model's own type. A change may
leave the model out, so there the properties are those of any model, and the charge's model reads
what it knows. Prices are checked by the verbs and not when they are read, so that the code of a
wrong one stands under `properties` however deep it lies.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from msgspec import UNSET, Struct, defstruct

from billing.plans.model import (
    FIXED_MODELS,
    PriceProperties,
    RegroupPaidFees,
    pascal,
    union,
    variants,
)
from metering.charges import MODELS
from metering.measures.money import CURRENCIES, MOST, fits
from metering.measures.period import Interval
from metering.measures.refusals import Checks
from metering.measures.shapes import Maybe, PageQuery, given
from metering.metrics import BillableMetricQuery


def _unchecked(kind: str) -> Any:
    """Make a model's properties as they are sent: the same fields, not looked at yet."""
    return defstruct(
        f"{pascal(kind)}PropertiesInput", [], bases=(MODELS[kind].Properties,), kw_only=True,
        frozen=True, module=__name__,
        namespace={
            "__doc__": MODELS[kind].Properties.__doc__, "__post_init__": lambda self: None
        },
    )  # fmt: skip


SENT = {kind: _unchecked(kind) for kind in MODELS}
"""The properties of each model as they are sent."""


class PricingUnitInput(Struct, kw_only=True):
    """A unit of the operator's own that a charge is priced in, and what it is worth."""

    code: str
    conversion_rate: Decimal


class ChargeFilterInput(Struct, kw_only=True):
    """Which events of a charge are priced differently, and how."""

    values: dict[str, list[str]] = {}
    """The values that are accepted, by the metric's filter."""
    properties: PriceProperties | None = None
    """Prices under the charge's model; the model's default if absent."""
    invoice_display_name: str | None = None
    cascade_updates: Maybe[bool] = UNSET
    """Where it is said of one alone: whether plans that override this one follow."""


class ChargeFilterChange(Struct, kw_only=True):
    """A filter as it is to be; what is absent stays."""

    values: Maybe[dict[str, list[str]]] = UNSET
    properties: Maybe[PriceProperties] = UNSET
    invoice_display_name: Maybe[str] = UNSET
    cascade_updates: Maybe[bool] = UNSET
    """Where it is said of one alone: whether plans that override this one follow."""

    def __post_init__(self) -> None:
        checks = Checks()
        checks.that(self.values is not None, values="value_is_mandatory")
        checks.done()


class ChargeInput(Struct, kw_only=True, tag_field="charge_model"):
    """How usage of one metric is to be priced; `charge_model` says how units become money."""

    billable_metric_id: str
    code: str | None = None
    """The metric's code if absent, numbered where that is taken."""
    invoice_display_name: str | None = None
    pay_in_advance: bool | None = None
    prorated: bool | None = None
    invoiceable: bool | None = None
    regroup_paid_fees: RegroupPaidFees | None = None
    min_amount_cents: int | None = None
    accepts_target_wallet: bool | None = None
    filters: list[ChargeFilterInput] | None = None
    tax_codes: list[str] | None = None
    applied_pricing_unit: PricingUnitInput | None = None
    cascade_updates: Maybe[bool] = UNSET
    """Where it is said of one alone: whether plans that override this one follow."""


class FixedChargeInput(Struct, kw_only=True, tag_field="charge_model"):
    """Units of an add-on that a plan is to include; `charge_model` says what they cost."""

    add_on_id: str | None = None
    add_on_code: str | None = None
    """Names the add-on where `add_on_id` does not."""
    code: str | None = None
    """The add-on's code if absent, numbered where that is taken."""
    invoice_display_name: str | None = None
    pay_in_advance: bool | None = None
    prorated: bool | None = None
    units: Decimal | None = None
    apply_units_immediately: bool | None = None
    tax_codes: list[str] | None = None
    cascade_updates: Maybe[bool] = UNSET
    """Where it is said of one alone: whether plans that override this one follow."""


_CHARGES = variants(
    ChargeInput, "ChargeInput", MODELS, lambda model: (SENT[model.kind] | None, None)
)
_FIXED = variants(
    FixedChargeInput, "FixedChargeInput", FIXED_MODELS,
    lambda model: (SENT[model.kind] | None, None),
)  # fmt: skip

if TYPE_CHECKING:
    AnyChargeInput = ChargeInput
    AnyFixedChargeInput = FixedChargeInput
else:
    AnyChargeInput = union(_CHARGES)
    AnyFixedChargeInput = union(_FIXED)


class ChargeChange(Struct, kw_only=True):
    """A charge as a changed plan is to have it; what is absent stays.

    With the `id` of a charge of the plan it changes that one, else it is a new one.
    """

    id: Maybe[str] = UNSET
    billable_metric_id: Maybe[str] = UNSET
    charge_model: Maybe[str] = UNSET
    code: Maybe[str] = UNSET
    invoice_display_name: Maybe[str] = UNSET
    pay_in_advance: Maybe[bool] = UNSET
    prorated: Maybe[bool] = UNSET
    invoiceable: Maybe[bool] = UNSET
    regroup_paid_fees: Maybe[RegroupPaidFees] = UNSET
    min_amount_cents: Maybe[int] = UNSET
    accepts_target_wallet: Maybe[bool] = UNSET
    properties: Maybe[PriceProperties] = UNSET
    filters: Maybe[list[ChargeFilterInput]] = UNSET
    """All filters, in place of those it had."""
    tax_codes: Maybe[list[str]] = UNSET
    """All taxes, in place of those it had."""
    applied_pricing_unit: Maybe[PricingUnitInput] = UNSET
    cascade_updates: Maybe[bool] = UNSET
    """Where it is said of one alone: whether plans that override this one follow."""


class FixedChargeChange(Struct, kw_only=True):
    """A fixed charge as a changed plan is to have it; what is absent stays.

    With the `id` of a fixed charge of the plan it changes that one, else it is a new one.
    """

    id: Maybe[str] = UNSET
    add_on_id: Maybe[str] = UNSET
    add_on_code: Maybe[str] = UNSET
    charge_model: Maybe[str] = UNSET
    code: Maybe[str] = UNSET
    invoice_display_name: Maybe[str] = UNSET
    pay_in_advance: Maybe[bool] = UNSET
    prorated: Maybe[bool] = UNSET
    units: Maybe[Decimal] = UNSET
    apply_units_immediately: Maybe[bool] = UNSET
    properties: Maybe[PriceProperties] = UNSET
    tax_codes: Maybe[list[str]] = UNSET
    cascade_updates: Maybe[bool] = UNSET
    """Where it is said of one alone: whether plans that override this one follow."""


class FixedChargeOverride(Struct, kw_only=True):
    """A fixed charge as one subscription is to have it; what is absent stays."""

    units: Maybe[Decimal] = UNSET
    apply_units_immediately: Maybe[bool] = UNSET
    """Whether new units hold at once, or from the next period of fixed charges."""
    invoice_display_name: Maybe[str] = UNSET
    properties: Maybe[PriceProperties] = UNSET
    tax_codes: Maybe[list[str]] = UNSET

    def __post_init__(self) -> None:
        checks = Checks()
        units = self.units
        is_fit = isinstance(units, Decimal) and fits(units) and units >= 0
        checks.that(units is UNSET or is_fit, units="value_is_out_of_range")
        for name in ("invoice_display_name", "properties", "tax_codes"):
            is_said = getattr(self, name) is not UNSET
            checks.that(not is_said, **{name: "override_is_not_billed_yet"})
        checks.done()


class ChargeOverride(Struct, kw_only=True):
    """A charge as one subscription is to have it; what is absent stays."""

    id: Maybe[str] = UNSET
    billable_metric_id: Maybe[str] = UNSET
    code: Maybe[str] = UNSET
    charge_model: Maybe[str] = UNSET
    invoice_display_name: Maybe[str] = UNSET
    min_amount_cents: Maybe[int] = UNSET
    properties: Maybe[PriceProperties] = UNSET
    filters: Maybe[list[ChargeFilterInput]] = UNSET
    """All filters, in place of those it had."""
    tax_codes: Maybe[list[str]] = UNSET
    applied_pricing_unit: Maybe[PricingUnitInput] = UNSET


class UsageThresholdInput(Struct, kw_only=True):
    """Usage in minor units at which an invoice is made at once."""

    amount_cents: int | None = None
    threshold_display_name: str | None = None
    recurring: bool | None = False


class MinimumCommitmentInput(Struct, kw_only=True):
    """The least that a period comes to; an empty one takes it away."""

    amount_cents: Maybe[int] = UNSET
    invoice_display_name: Maybe[str] = UNSET
    tax_codes: Maybe[list[str]] = UNSET


class PlanInput(Struct, kw_only=True):
    """A new plan."""

    name: str
    code: str
    interval: Interval
    amount_cents: int
    """The base price of a period, in minor units."""
    amount_currency: str
    pay_in_advance: bool
    """Whether the base price is billed when a period begins, or when it has ended."""
    invoice_display_name: str | None = None
    description: str | None = None
    trial_period: Decimal | None = None
    """Days without a base fee."""
    bill_charges_monthly: bool | None = None
    """Whether a yearly or semiannual plan bills its usage every month."""
    bill_fixed_charges_monthly: bool | None = None
    tax_codes: list[str] | None = None
    metadata: dict[str, str | None] | None = None
    minimum_commitment: MinimumCommitmentInput | None = None
    charges: list[AnyChargeInput] | None = None
    fixed_charges: list[AnyFixedChargeInput] | None = None
    usage_thresholds: list[UsageThresholdInput] | None = None

    def __post_init__(self) -> None:
        check_terms(given(self))


class FixedChargeOverrideInput(FixedChargeOverride, kw_only=True):
    """A fixed charge, by its id, as one subscription is to have it."""

    id: Maybe[str] = UNSET


class PlanOverrides(Struct, kw_only=True):
    """What a plan is to say differently for one subscription; what is absent it says as before."""

    amount_cents: Maybe[int] = UNSET
    amount_currency: Maybe[str] = UNSET
    name: Maybe[str] = UNSET
    description: Maybe[str] = UNSET
    invoice_display_name: Maybe[str] = UNSET
    trial_period: Maybe[Decimal] = UNSET
    tax_codes: Maybe[list[str]] = UNSET
    minimum_commitment: Maybe[MinimumCommitmentInput] = UNSET
    charges: Maybe[list[ChargeOverride]] = UNSET
    """Those that are to be different, by their ids."""
    fixed_charges: Maybe[list[FixedChargeOverrideInput]] = UNSET
    usage_thresholds: Maybe[list[UsageThresholdInput]] = UNSET

    def __post_init__(self) -> None:
        check_terms(given(self))
        checks = Checks()
        for name in ("fixed_charges", "usage_thresholds"):
            checks.that(not getattr(self, name), **{name: "override_is_not_billed_yet"})
        checks.that(self.amount_currency is not None, amount_currency="value_is_invalid")
        checks.done()


class PlanUpdate(Struct, kw_only=True):
    """Changes of a plan; what is absent stays.

    Of a plan that is subscribed to, the code, interval, currency, trial and the choice between
    advance and arrears stay as they are, and what is said of them is passed over.
    """

    name: Maybe[str] = UNSET
    code: Maybe[str] = UNSET
    interval: Maybe[Interval] = UNSET
    amount_cents: Maybe[int] = UNSET
    amount_currency: Maybe[str] = UNSET
    pay_in_advance: Maybe[bool] = UNSET
    invoice_display_name: Maybe[str] = UNSET
    description: Maybe[str] = UNSET
    trial_period: Maybe[Decimal] = UNSET
    bill_charges_monthly: Maybe[bool] = UNSET
    bill_fixed_charges_monthly: Maybe[bool] = UNSET
    tax_codes: Maybe[list[str]] = UNSET
    metadata: Maybe[dict[str, str | None]] = UNSET
    minimum_commitment: Maybe[MinimumCommitmentInput] = UNSET
    charges: Maybe[list[ChargeChange]] = UNSET
    """All charges, in place of those it had; one with a known `id` is changed and kept."""
    fixed_charges: Maybe[list[FixedChargeChange]] = UNSET
    """All fixed charges, in place of those it had; one with a known `id` is changed and kept."""
    cascade_updates: Maybe[bool] = UNSET
    """Whether plans that override this one follow where they said what it said."""
    usage_thresholds: Maybe[list[UsageThresholdInput]] = UNSET
    """All thresholds, in place of those it had."""

    def __post_init__(self) -> None:
        if self.pay_in_advance is None:
            self.pay_in_advance = UNSET
        check_terms(given(self))


class PlanQuery(PageQuery, kw_only=True):
    """Which plans."""

    search_term: str | None = None


class PlanMetricQuery(BillableMetricQuery, kw_only=True):
    """Which billable metrics."""

    plan_code: str | None = None
    """Only those that this plan charges for."""


def check_terms(sent: dict[str, Any]) -> None:
    """Refuse what a plan's own row cannot be.

    Raises: Invalid, with every field that is wrong.
    """
    checks = Checks()
    for name in ("name", "code"):
        checks.that(str(sent.get(name, "said") or "").strip(), **{name: "value_is_mandatory"})
    checks.that(sent.get("interval", "said") is not None, interval="value_is_invalid")
    amount = sent.get("amount_cents", 0)
    checks.that(amount is not None, amount_cents="value_is_mandatory")
    checks.that(0 <= (amount or 0) <= MOST, amount_cents="value_is_out_of_range")
    known = sent.get("amount_currency", "EUR") in CURRENCIES
    checks.that(known, amount_currency="value_is_invalid")
    trial = sent.get("trial_period") or Decimal(0)
    checks.that(fits(trial) and 0 <= trial <= 36_500, trial_period="value_is_out_of_range")
    pairs = sent.get("metadata") or {}
    checks.that(len(pairs) <= 50, metadata="too_many_keys")
    checks.that(all(len(key) <= 100 for key in pairs), metadata="key_too_long")
    checks.that(all(len(text or "") <= 255 for text in pairs.values()), metadata="value_too_long")
    check_thresholds(checks, sent.get("usage_thresholds") or [])
    commitment = sent.get("minimum_commitment")
    least = commitment.amount_cents if isinstance(commitment, MinimumCommitmentInput) else UNSET
    checks.that(
        least is UNSET or 0 < (least or 0) <= MOST,
        **{"minimum_commitment.amount_cents": "value_is_out_of_range"},
    )
    checks.done()


def check_thresholds(checks: Checks, thresholds: Sequence[UsageThresholdInput]) -> None:
    """Refuse thresholds without an amount, out of range, or twice the same."""
    amounts = [(each.amount_cents, bool(each.recurring)) for each in thresholds]
    said = [amount for amount, _ in amounts if amount is not None]
    checks.that(len(said) == len(amounts), usage_thresholds="missing_amount_cents")
    fit = all(0 < amount <= MOST for amount in said)
    checks.that(fit, usage_thresholds="value_is_out_of_range")
    checks.that(len(set(amounts)) == len(amounts), usage_thresholds="duplicated_values")
    recurring = [each for each in thresholds if each.recurring]
    checks.that(len(recurring) <= 1, usage_thresholds="multiple_recurring_thresholds")
