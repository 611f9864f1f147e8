"""Each charge model by cases worked by hand, from the spec's rules and scenarios."""

import json
from decimal import Decimal as D

import pytest

from metering import charges
from tests.metering.charges.test_family import lines


def ranges(*rows):
    """Ranges of (from, to, per unit, flat)."""
    names = ("from_value", "to_value", "per_unit_amount", "flat_amount")
    return [dict(zip(names, row, strict=True)) for row in rows]


INCLUSIVE = ranges((0, 10, "1", "2"), (11, 20, "0.5", "3"), (21, None, "0.1", "4"))
ADJACENT = ranges((0, 10, "1", "0"), (10, 20, "0.5", "0"), (20, None, "0.1", "0"))
VOLUMES = ranges((0, 10, "5", "100"), (11, None, "2", "50"))
SHARES = [
    {"from_value": 0, "to_value": 100, "rate": "5", "flat_amount": "0"},
    {"from_value": 101, "to_value": None, "rate": "2", "flat_amount": "10"},
]
PACK = {"amount": "100", "package_size": 10, "free_units": 5}
CASES = [
    # CM1; 3 x 1.2345 is what scenario charge-currency-exponents settles in three currencies
    ("standard", {"amount": "1.2345"}, "3", 0, "3.7035"),
    ("standard", {"amount": "0.1"}, "12.5", 0, "1.25"),
    ("standard", {"amount": "5"}, "0", 0, "0"),
    # CM2, scenario charge-graduated-tiers-and-flat: nothing used still pays the first flat price
    ("graduated", {"graduated_ranges": INCLUSIVE}, "0", 0, "2"),
    ("graduated", {"graduated_ranges": INCLUSIVE}, "10", 0, "12"),
    ("graduated", {"graduated_ranges": INCLUSIVE}, "10.5", 0, "15.25"),
    ("graduated", {"graduated_ranges": INCLUSIVE}, "11", 0, "15.5"),
    ("graduated", {"graduated_ranges": INCLUSIVE}, "20", 0, "20"),
    ("graduated", {"graduated_ranges": INCLUSIVE}, "25", 0, "24.5"),
    # scenario charge-graduated-adjacent-ranges
    ("graduated", {"graduated_ranges": ADJACENT}, "10", 0, "10"),
    ("graduated", {"graduated_ranges": ADJACENT}, "10.5", 0, "10.25"),
    ("graduated", {"graduated_ranges": ADJACENT}, "20.5", 0, "15.05"),
    # CM3, scenario charge-volume: a fraction over a bound is beyond it
    ("volume", {"volume_ranges": VOLUMES}, "0", 0, "100"),
    ("volume", {"volume_ranges": VOLUMES}, "5", 0, "125"),
    ("volume", {"volume_ranges": VOLUMES}, "10", 0, "150"),
    ("volume", {"volume_ranges": VOLUMES}, "10.5", 0, "71"),
    ("volume", {"volume_ranges": VOLUMES}, "15", 0, "80"),
    ("volume", {"volume_ranges": ADJACENT}, "10", 0, "10"),
    ("volume", {"volume_ranges": ADJACENT}, "10.000000000001", 0, "5.0000000000005"),
    # CM4, scenario charge-package-free-units
    ("package", PACK, "0", 0, "0"),
    ("package", PACK, "5", 0, "0"),
    ("package", PACK, "5.000000000001", 0, "100"),
    ("package", PACK, "12", 0, "100"),
    ("package", PACK, "15", 0, "100"),
    ("package", PACK, "15.5", 0, "200"),
    # CM5 with nothing free: the fixed amount of each event, none for no units
    ("percentage", {"rate": "1", "fixed_amount": "5"}, "40", 4, "20.4"),
    ("percentage", {"rate": "1", "fixed_amount": "5"}, "0", 4, "0"),
    ("percentage", {"rate": "1.5"}, "200", 9, "3"),
    # CM7, scenario charge-graduated-percentage
    ("graduated_percentage", {"graduated_percentage_ranges": SHARES}, "50", 1, "2.5"),
    ("graduated_percentage", {"graduated_percentage_ranges": SHARES}, "150", 1, "16"),
]


@pytest.mark.parametrize(("kind", "properties", "units", "events", "amount"), CASES)
def test_it_costs_what_the_spec_says(kind, properties, units, events, amount):
    """Units, and from how many events they came, to an amount in major units."""
    terms = [(kind, charges.read(kind, properties))]

    priced = charges.price(lines([(0, D(units), events)]), terms)

    assert abs(priced["amount"][0] - D(amount)) < D("0.000000000001")


def details(kind, properties, units, events=1):
    """What a fee says of itself."""
    frame = lines([(0, D(units), events)])
    told = charges.price(frame, [(kind, charges.read(kind, properties))])["amount_details"][0]
    return json.loads(told)


def test_fees_say_how_they_came_about():
    """The shapes of the wire, decimals as texts, bounds as whole numbers."""
    assert details("standard", {"amount": "1"}, "3") == {}
    assert details("graduated", {"graduated_ranges": INCLUSIVE}, "10.5") == {
        "graduated_ranges": [
            {"from_value": 0, "to_value": 10, "flat_unit_amount": "2.0", "per_unit_amount": "1.0",
             "units": "10.0", "per_unit_total_amount": "10.0", "total_with_flat_amount": "12.0"},
            {"from_value": 11, "to_value": 20, "flat_unit_amount": "3.0", "per_unit_amount": "0.5",
             "units": "0.5", "per_unit_total_amount": "0.25", "total_with_flat_amount": "3.25"},
        ]
    }  # fmt: skip
    assert details("graduated_percentage", {"graduated_percentage_ranges": SHARES}, "150") == {
        "graduated_percentage_ranges": [
            {"from_value": 0, "to_value": 100, "flat_unit_amount": "0.0", "rate": "5.0",
             "units": "100.0", "per_unit_total_amount": "5.0", "total_with_flat_amount": "5.0"},
            {"from_value": 101, "to_value": None, "flat_unit_amount": "10.0", "rate": "2.0",
             "units": "50.0", "per_unit_total_amount": "1.0", "total_with_flat_amount": "11.0"},
        ]
    }  # fmt: skip
    assert details("volume", {"volume_ranges": VOLUMES}, "15") == {
        "flat_unit_amount": "50.0", "per_unit_amount": "2.0", "per_unit_total_amount": "30.0",
    }  # fmt: skip
    assert details("package", PACK, "12") == {
        "free_units": "5.0", "paid_units": "7.0", "per_package_size": 10,
        "per_package_unit_amount": "100.0",
    }  # fmt: skip
    assert details("package", PACK, "3")["paid_units"] == "0.0"
    assert details("percentage", {"rate": "1", "fixed_amount": "5"}, "40", 4) == {
        "units": "40.0", "free_units": "0.0", "free_events": 0, "paid_units": "40.0",
        "rate": "1.0", "per_unit_total_amount": "0.4", "paid_events": 4,
        "fixed_fee_unit_amount": "5.0", "fixed_fee_total_amount": "20.0",
        "min_max_adjustment_total_amount": "0.0",
    }  # fmt: skip


def test_a_price_below_a_millionth_is_written_out():
    """0.0000001 is never 1E-7."""
    tiny = ranges((0, None, "0.0000001", "0"))
    (told,) = details("graduated", {"graduated_ranges": tiny}, "1")["graduated_ranges"]

    assert (told["per_unit_amount"], told["per_unit_total_amount"]) == ("0.0000001", "0.0000001")
