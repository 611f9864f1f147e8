"""What a plan may say of its prices, and by which code it is refused."""

import msgspec
import pytest

from metering import charges
from metering.measures.refusals import Invalid
from tests.metering.charges.test_models import INCLUSIVE, PACK, SHARES, VOLUMES, ranges


def refused(kind, properties):
    """The codes by which properties are refused."""
    with pytest.raises(Invalid) as wrong:
        charges.read(kind, properties)
    assert set(wrong.value.details) == {"properties"}
    return wrong.value.details["properties"]


PRICES = [
    "",
    "abc",
    "-1",
    "1e3",
    "1.",
    ".5",
    " 1",
    "1_000",
    "1,5",
    "9" * 27,
    "0.0000000000001",
    "nan",
]


@pytest.mark.parametrize("wrong", [*PRICES, 5, 1.5, None, True, [], {}])
def test_a_price_is_a_text_of_26_digits_and_12_decimals(wrong):
    """A JSON number is refused too: it may have lost digits on its way."""
    (step,) = ranges((0, None, "1", "1"))
    assert refused("standard", {"amount": wrong}) == ["invalid_amount"]
    assert refused("package", {**PACK, "amount": wrong}) == ["invalid_amount"]
    for kind in ("graduated", "volume"):
        for price in ("per_unit_amount", "flat_amount"):
            properties = {f"{kind}_ranges": [{**step, price: wrong}]}
            assert refused(kind, properties) == ["invalid_amount"]
    share = {**SHARES[1], "from_value": 0}
    for name, code in (("rate", "invalid_rate"), ("flat_amount", "invalid_amount")):
        properties = {"graduated_percentage_ranges": [{**share, name: wrong}]}
        assert refused("graduated_percentage", properties) == [code]
    assert refused("percentage", {"rate": wrong}) == ["invalid_rate"]


@pytest.mark.parametrize("right", ["0", "5", "0.000000000001", "9" * 26, "0001.500000000000000"])
def test_prices_of_any_size_that_fits_are_kept_as_written(right):
    """What was said is shown again, spare zeros and all."""
    assert charges.read("standard", {"amount": right}).amount == right


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("fixed_amount", "invalid_fixed_amount"),
        ("free_units_per_total_aggregation", "invalid_free_units_per_total_aggregation"),
        ("per_transaction_min_amount", "invalid_amount"),
        ("per_transaction_max_amount", "invalid_amount"),
    ],
)
def test_the_optional_amounts_of_a_percentage_have_codes_of_their_own(name, code):
    """Absent or null is fine; anything that is no price is not."""
    assert charges.read("percentage", {"rate": "1", name: None})
    assert charges.read("percentage", {"rate": "1", name: "0.5"})
    for wrong in ("x", "-1", 5):
        assert refused("percentage", {"rate": "1", name: wrong}) == [code]


def test_whole_numbers_are_whole_and_positive():
    """Pack sizes and free events begin at 1, free units at 0; all of them are given as numbers."""
    for wrong in (0, -1, None, "x", 1.5):
        assert refused("package", {**PACK, "package_size": wrong}) == ["invalid_package_size"]
    for wrong in (-1, None, "x", 1.5):
        assert refused("package", {**PACK, "free_units": wrong}) == ["invalid_free_units"]
    for wrong in (0, -1, "x"):
        properties = {"rate": "1", "free_units_per_events": wrong}
        assert refused("percentage", properties) == ["invalid_free_units_per_events"]
    assert refused("package", {}) == [
        "invalid_amount", "invalid_package_size", "invalid_free_units",
    ]  # fmt: skip


def test_the_least_of_a_transaction_is_not_above_the_most():
    """1 and 1 is fine, 2 and 1 is not."""
    bounds = {"rate": "1", "per_transaction_min_amount": "1", "per_transaction_max_amount": "1"}
    assert charges.read("percentage", bounds)
    assert refused("percentage", {**bounds, "per_transaction_min_amount": "2"}) == [
        "per_transaction_max_lower_than_per_transaction_min"
    ]


def test_a_percentage_has_ten_decimals_so_that_its_fraction_has_twelve():
    """1.0123456789 is exact as a fraction; one decimal more would not be."""
    assert charges.read("percentage", {"rate": "1.0123456789"})
    assert refused("percentage", {"rate": "1.01234567891"}) == ["invalid_rate"]


@pytest.mark.parametrize("kind", ["graduated", "volume", "graduated_percentage"])
@pytest.mark.parametrize(
    "bounds",
    [
        [(0, 10)],  # closed at the top
        [(1, None)],  # does not begin at 0
        [(0, None), (1, None)],  # open twice
        [(0, 10), (12, None)],  # a gap
        [(0, 10), (9, None)],  # an overlap
        [(0, 10), (11, 11), (12, None)],  # a range that does not rise
        [(0, 10), (11, 5), (6, None)],  # one that falls
        [(0, 0), (1, None)],  # an empty first range
    ],
)
def test_ranges_that_are_no_ladder_are_refused(kind, bounds):
    """They begin at 0, rise without gaps, and only the last is without end."""
    prices = {"per_unit_amount": "1", "rate": "1", "flat_amount": "0"}
    rows = [{"from_value": low, "to_value": high, **prices} for low, high in bounds]

    assert refused(kind, {f"{kind}_ranges": rows}) == [f"invalid_{kind}_ranges"]


@pytest.mark.parametrize("kind", ["graduated", "volume", "graduated_percentage"])
def test_ranges_must_be_there_and_be_ranges(kind):
    """None, nothing and nonsense each have their code."""
    name = f"{kind}_ranges"
    assert refused(kind, {}) == [f"missing_{name}"]
    assert refused(kind, {name: []}) == [f"missing_{name}"]
    for wrong in ("x", [1], [{}], [{"from_value": "x"}], None):
        assert refused(kind, {name: wrong}) == [f"invalid_{name}"]


def test_groups_are_named_under_either_name_and_shown_under_both():
    """`grouped_by` is the older name of `pricing_group_keys`."""
    new = charges.read("standard", {"amount": "1", "pricing_group_keys": ["region"]})
    old = charges.read("standard", {"amount": "1", "grouped_by": ["region"]})

    assert new == old
    assert msgspec.to_builtins(old) == {
        "amount": "1", "pricing_group_keys": ["region"], "grouped_by": ["region"],
    }  # fmt: skip
    for wrong in ("region", [1], [""], {"a": 1}):
        assert refused("standard", {"amount": "1", "pricing_group_keys": wrong}) == ["invalid_type"]
    twice = {"amount": "1", "pricing_group_keys": ["a", "a"]}
    assert refused("standard", twice) == ["value_is_duplicated"]


def test_two_keys_at_most_are_for_display():
    """Each is named once, with whether an invoice shows it."""

    def shown(*values):
        return {"amount": "1", "presentation_group_keys": [{"value": value} for value in values]}

    key = {"value": "region", "options": {"display_in_invoice": True}}
    kept = charges.read("standard", {"amount": "1", "presentation_group_keys": [key]})
    assert msgspec.to_builtins(kept)["presentation_group_keys"] == [key]
    assert charges.read("standard", shown("a", "b"))
    assert refused("standard", shown("a", "b", "c")) == ["too_many_keys"]
    assert refused("standard", shown("a", "a")) == ["value_is_duplicated"]
    assert refused("standard", shown("")) == ["invalid_type"]


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("standard", {"amount": "0.10"}),
        ("graduated", {"graduated_ranges": INCLUSIVE}),
        ("volume", {"volume_ranges": VOLUMES}),
        ("package", PACK),
        ("package", {**PACK, "free_units": 0}),
        ("percentage", {"rate": "1", "fixed_amount": "0.5", "free_units_per_events": 3}),
        ("graduated_percentage", {"graduated_percentage_ranges": SHARES}),
        ("dynamic", {}),
        ("custom", {"custom_properties": {"ranges": [{"third": "0.1"}]}}),
    ],
)
def test_properties_survive_the_wire(kind, properties):
    """What is unknown is dropped, what is absent stays absent, the rest comes back as it was."""
    kept = charges.read(kind, {**properties, "unheard_of": 1})

    assert msgspec.to_builtins(kept) == properties
    model = charges.MODELS[kind].Properties
    assert msgspec.json.decode(msgspec.json.encode(kept), type=model) == kept


def test_an_unknown_model_is_refused():
    """There is no `per_seat`."""
    with pytest.raises(Invalid) as wrong:
        charges.read("per_seat", {})

    assert wrong.value.details == {"charge_model": ["value_is_invalid"]}
    assert refused("standard", []) == ["invalid_type"]


def test_each_model_says_what_it_goes_with():
    """Volume is never paid in advance; a share of a last reading means nothing; and so on."""
    models = charges.MODELS.values()

    assert {m.kind for m in models if not m.in_advance} == {"volume"}
    assert {m.kind for m in models if m.prorated_in_advance} == {"standard"}
    assert {m.kind for m in models if m.prorated_in_arrears} == {"standard", "graduated", "volume"}
    assert {m.kind: m.only_on for m in models if m.only_on} == {
        "dynamic": "sum_agg", "custom": "custom_agg",
    }  # fmt: skip
    assert {m.kind for m in models if "latest_agg" in m.never_on} == {
        "percentage", "graduated_percentage",
    }  # fmt: skip
