"""Field numbers across changes of the types: they never change, and none is used twice."""

from enum import StrEnum

import msgspec
import pytest

from api.proto.generate import breaking
from api.proto.numbers import Numbers, Stale
from api.proto.schema import Schema
from api.proto.text import proto_text
from api.rpc import Api, Service, rpc

NAME = "invora/billing/v1/things.proto"


def api_of(fields, values, name="Thing"):
    """An api of one operation, whose one type has these fields and an enum of these values."""
    colour = StrEnum("Hue", {value: value for value in values}, module="billing.things.model")
    thing = msgspec.defstruct(
        name, [*fields.items(), ("hue", colour)], module="billing.things.model", kw_only=True
    )

    def create(work, thing):
        """Make a thing."""

    create.__annotations__ = {"thing": thing, "return": thing}
    service = type("ThingService", (Service,), {"create": rpc("POST /things", create)})
    return Api([service])


def generation(api, before, *, frozen=False):
    """The .proto files of an api, given those that were committed before."""
    numbers = Numbers(frozen=frozen)
    for text in before.values():
        numbers.parse(text)
    schema = Schema(api, numbers)
    return {name: proto_text(file, {}) for name, file in schema.files.items()}


ONE = generation(api_of({"a": str, "b": int, "c": bool}, ["red", "blue"]), {})
TWO = generation(api_of({"new": str, "c": str, "a": str}, ["green", "blue", "red"]), ONE)


def test_the_first_fields_are_numbered_in_order():
    """From 1; an enum's zero says nothing."""
    text = ONE[NAME]
    for line in ("string a = 1", "int64 b = 2", "bool c = 3", "Hue hue = 4"):
        assert line in text
    assert "HUE_UNSPECIFIED = 0;" in text
    assert "HUE_BLUE = 2;" in text


def test_a_field_keeps_its_number_and_a_lost_one_is_reserved():
    """Put first, taken out, changed in type: a stays 1; 2 and 3 are never used again."""
    text = TWO[NAME]
    for line in ("string a = 1", "reserved 2, 3;", 'reserved "b";', "string new = 5", "c = 6"):
        assert line in text
    for line in ("HUE_RED = 1;", "HUE_BLUE = 2;", "HUE_GREEN = 3;"):
        assert line in text


def test_a_field_that_comes_back_has_a_new_number():
    """And is no longer among the reserved names."""
    api = api_of({"new": str, "c": str, "a": str, "b": int}, ["red"])

    three = generation(api, TWO)

    assert "int64 b = 7" in three[NAME]
    assert 'reserved "b"' not in three[NAME]
    assert "reserved 2, 3;" in three[NAME]
    assert "reserved 2, 3;" in three[NAME].partition("enum Hue")[2]
    assert generation(api, three) == three


@pytest.mark.parametrize(
    "fields",
    [
        {"a": str, "b": int},
        {"a": str, "b": int, "c": bool, "d": str},
        {"a": str, "b": int, "c": str},
    ],
)
def test_a_server_does_not_start_with_stale_files(fields):
    """A field fewer, one more, one of another type: each says what to do."""
    with pytest.raises(Stale, match=r"python -m api\.proto"):
        generation(api_of(fields, ["red", "blue"]), ONE, frozen=True)


def test_a_server_starts_with_files_that_say_what_the_types_say():
    """The frozen numbers are enough to make the same text."""
    api = api_of({"a": str, "b": int, "c": bool}, ["red", "blue"])

    assert generation(api, ONE, frozen=True) == ONE


def test_buf_sees_a_number_that_was_changed_by_hand(tmp_path):
    """A field taken out by the generator breaks nobody; 1 made 9 by hand does."""
    two = generation(api_of({"a": str, "c": bool}, ["red", "blue"]), ONE)
    by_hand = {name: text.replace("string a = 1", "string a = 9") for name, text in ONE.items()}
    for name, texts in (("one", ONE), ("two", two), ("hand", by_hand)):
        for path, text in texts.items():
            (tmp_path / name / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / path).write_text(text)

    assert breaking(tmp_path / "one", tmp_path / "two") == 0
    assert breaking(tmp_path / "one", tmp_path / "hand") != 0


def test_two_types_of_one_name_are_refused():
    """All messages share one namespace; the request of Create is ThingServiceCreateRequest."""
    with pytest.raises(TypeError, match="two types are called ThingServiceCreateRequest"):
        generation(api_of({"a": str}, ["red"], name="ThingServiceCreateRequest"), {})


def test_two_values_of_one_name_are_refused():
    """`a.b` and `a_b` would be one constant."""
    with pytest.raises(TypeError, match="two values have one name"):
        generation(api_of({"a": str}, ["a.b", "a_b"]), {})
