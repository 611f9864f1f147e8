"""What may be asked of plans.

A new charge says its model first, and its properties are of that model's own type. A change may
leave the model out, so there the properties are those of any model, and the charge's model reads
what it knows. Prices are checked by the verbs and not when they are read, so that the code of a
wrong one stands under `properties` however deep it lies.
"""

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
    _check_thresholds(checks, sent.get("usage_thresholds") or [])
    commitment = sent.get("minimum_commitment")
    least = commitment.amount_cents if isinstance(commitment, MinimumCommitmentInput) else UNSET
    checks.that(
        least is UNSET or 0 < (least or 0) <= MOST,
        **{"minimum_commitment.amount_cents": "value_is_out_of_range"},
    )
    checks.done()


def _check_thresholds(checks: Checks, thresholds: list[UsageThresholdInput]) -> None:
    amounts = [(each.amount_cents, bool(each.recurring)) for each in thresholds]
    said = [amount for amount, _ in amounts if amount is not None]
    checks.that(len(said) == len(amounts), usage_thresholds="missing_amount_cents")
    fit = all(0 < amount <= MOST for amount in said)
    checks.that(fit, usage_thresholds="value_is_out_of_range")
    checks.that(len(set(amounts)) == len(amounts), usage_thresholds="duplicated_values")
    recurring = [each for each in thresholds if each.recurring]
    checks.that(len(recurring) <= 1, usage_thresholds="multiple_recurring_thresholds")
