"""Requests from JSON: what is wrong is said all at once, in the wire's words."""

import random
from datetime import UTC, datetime
from decimal import Decimal as D
from typing import Annotated

import msgspec
import pytest
from msgspec import UNSET, Meta, Struct

from api.reading import Reader, encode
from metering.measures.refusals import Checks, Invalid, Malformed, Refusal
from metering.measures.shapes import Maybe
from tests.api.conftest import API
from tests.api.toys import Box, Circle, Colour, Part
from tests.api.values import anything, value_of

MISSING = "BadRequest: param is missing or the value is empty or invalid: "


def read(key, body):
    """Read the request of an operation from JSON."""
    return Reader(API[key].request).read(body if isinstance(body, bytes) else encode(body))


def wrong(key, body):
    """What is refused about a body."""
    with pytest.raises(Invalid) as refused:
        read(key, body)
    return refused.value.details


def test_every_wrong_field_is_told_and_the_requests_own_checks_are_heard():
    """A missing price, a blank name, an unknown colour and a part without a name: four at once."""
    toy = {"name": " ", "colour": "green", "parts": [{"grams": 1}, {"name": "p", "grams": "x"}]}

    assert wrong("ToyService.Create", {"toy": toy}) == {
        "price": ["value_is_mandatory"],
        "colour": ["value_is_invalid"],
        "parts.0.name": ["value_is_mandatory"],
        "parts.1.grams": ["value_is_invalid"],
        "name": ["value_is_mandatory"],
    }


def test_a_field_that_cannot_be_read_is_not_held_against_the_others():
    """The price is no number; that it is not negative is not asked of it."""
    toy = {"name": "t", "price": "much"}

    assert wrong("ToyService.Create", {"toy": toy}) == {"price": ["value_is_invalid"]}


@pytest.mark.parametrize("body", [
    {}, {"toy": None}, {"toy": {}}, {"toy": []}, {"toy": ""}, {"toy": "x"}, {"toy": 5}, b"",
    b'{"toy": { \n }}',
])  # fmt: skip
def test_a_root_key_that_is_missing_or_empty_is_a_bad_request(body):
    """Of the wrong kind is as good as missing."""
    with pytest.raises(Malformed) as refused:
        read("ToyService.Create", body)
    assert str(refused.value) == MISSING + "toy"


def test_an_update_that_says_nothing_is_a_bad_request_too():
    """Nothing in it is mandatory, yet an empty object is no update."""
    with pytest.raises(Malformed):
        read("ToyService.Update", {"id": "t", "toy": {}})
    said = read("ToyService.Update", {"id": "t", "toy": {"unheard": 1}})
    assert said.toy.name is UNSET


@pytest.mark.parametrize("body", [
    b"{", b"[1]", b'"x"', b"{} x", b'{"toy": tru}', b"\xff", b'{"toy": "\xff"}', b"nul",
    b'{"toy": ' + b"[" * 100_000, b'{"toy": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
])  # fmt: skip
def test_what_is_no_json_object_is_a_bad_request(body):
    """Also what is nested so deeply that no stack holds it."""
    with pytest.raises(Malformed):
        read("ToyService.Create", body)


def test_null_is_as_good_as_absent_where_there_is_a_default():
    """Neither is_loud nor parts may be null, but both may be left out."""
    toy = {"name": "t", "price": 1, "is_loud": None, "parts": None, "size": None, "colour": None}

    found = read("ToyService.Create", {"toy": toy}).toy

    assert (found.is_loud, found.parts, found.size, found.colour) == (False, [], None, Colour.red)


def test_an_update_knows_null_from_absent():
    """Name is absent, price null, tags a value."""
    found = read("ToyService.Update", {"id": "t", "toy": {"price": None, "tags": ["a"]}}).toy

    assert (found.name, found.price, found.tags) == (UNSET, None, ["a"])


def test_casts_reach_every_depth_and_exact_text_is_kept():
    """Numbers as text, a day as an instant; properties are the text that was sent."""
    body = b"""{"toy": {"name": "t", "price": "12.50", "is_loud": "off", "sold_at": "2026-01-01",
        "parts": [{"name": "p", "grams": "7"}], "properties": {"a": 1.10, "b": {"c": [1.0]}}}}"""

    found = read("ToyService.Create", body).toy

    assert (found.price, found.is_loud) == (D("12.50"), False)
    assert found.sold_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert found.parts == [Part(name="p", grams=7)]
    assert bytes(found.properties["a"]) == b"1.10"
    assert bytes(found.properties["b"]) == b'{"c": [1.0]}'


@pytest.mark.parametrize(
    ("field", "sent"),
    [
        ("sold_at", '"2026-01-01T00:00:00+02:00"'), ("sold_at", '"2026-01-01T00:00:00"'),
        ("price", '"1e2"'), ("price", "1.0"),
    ],
)  # fmt: skip
def test_instants_are_utc_whichever_way_they_are_read(field, sent):
    """What msgspec takes at once is looked at again where it is not plainly right."""
    found = read(
        "ToyService.Create", f'{{"toy": {{"name": "t", "price": 1, "{field}": {sent}}}}}'.encode()
    )

    assert found.toy.sold_at is None or found.toy.sold_at.tzinfo is UTC
    assert found.toy.price.is_finite()


@pytest.mark.parametrize(
    ("field", "sent"),
    [
        ("price", '"NaN"'), ("price", "1e26"), ("price", "0.0000000000001"), 
        ("name", '"a\\u0000"'),
        ("more", '{"a": ["\\u0000"]}'),
        ("properties", '{"a": "\\u0000"}'),
        ("born_on", '"soon"'), ("size", '"huge"'), ("tags", '"x"'), ("tags", "[1]"),
        ("tags", "[null]"),
        ("parts", "{}"), ("labels", "[]"), ("labels", '{"a": 1}'), ("sold_at", "[]"),
        ("parts", '[{"name": "p", "grams": 9223372036854775808}]'), ("more", '"x"'),
    ],
)  # fmt: skip
def test_what_no_engine_keeps_is_refused_at_the_door(field, sent):
    """Each is one wrong field, and none is an error of ours."""
    toy = {"name": '"t"', "price": "1", field: sent}
    members = ", ".join(f'"{name}": {value}' for name, value in toy.items())

    found = wrong("ToyService.Create", f'{{"toy": {{{members}}}}}'.encode())

    assert [name.partition(".")[0] for name in found] == [field]


def test_a_union_is_read_by_its_tag():
    """Charges are such: the flat object says what it is."""
    said = {"kind": "box", "label": "b", "side": 2, "within": [
        {"kind": "circle", "label": "c", "radius": "1.5"},
    ]}  # fmt: skip

    found = read("ToyService.Draw", {"shape": said}).shape

    assert found == Box(label="b", side=2, within=[Circle(label="c", radius=D("1.5"))])
    assert wrong("ToyService.Draw", {"shape": {"label": "x"}}) == {"kind": ["value_is_mandatory"]}
    assert wrong("ToyService.Draw", {"shape": {"kind": "line"}}) == {"kind": ["value_is_invalid"]}
    inner = {**said, "side": "x", "within": [{"kind": "circle", "radius": "y"}]}
    assert wrong("ToyService.Draw", {"shape": inner}) == {
        "side": ["value_is_invalid"],
        "within.0.label": ["value_is_mandatory"],
        "within.0.radius": ["value_is_invalid"],
    }


def test_a_list_of_objects_is_refused_item_by_item():
    """As the wire does in batches: by position, and inside it by field."""
    found = wrong("ToyService.Several", {"toys": [{"name": "a"}, {"grams": "x"}, None, 5]})

    assert found == {
        "1": {"name": ["value_is_mandatory"], "grams": ["value_is_invalid"]},
        "2": {"base": ["value_is_mandatory"]},
        "3": {"base": ["value_is_invalid"]},
    }
    assert read("ToyService.Several", {"toys": []}).toys == []
    with pytest.raises(Malformed):
        read("ToyService.Several", {"toys": {}})


def test_what_nobody_asked_for_is_dropped():
    """At the top and inside."""
    toy = {"name": "t", "price": 1, "unheard": {"of": 1}}

    assert read("ToyService.Create", {"toy": toy, "more": 2}).toy.name == "t"


class Bounded(Struct, kw_only=True):
    """A request whose types carry their own bounds."""

    few: Annotated[list[int], Meta(max_length=2)]
    positive: Annotated[int, Meta(gt=0)] | None = None
    short: Annotated[str, Meta(min_length=2, max_length=3)] = "abc"
    code: Annotated[str, Meta(pattern="^[a-z]+$")] = "a"
    either: int | str | None = None
    again: Maybe[D] = UNSET


def test_bounds_in_annotations_hold_whichever_way_a_request_is_read():
    """One code for each kind of bound."""
    request = msgspec.defstruct("BoundedRequest", [("bounded", Bounded)], kw_only=True)
    reader = Reader(request)

    with pytest.raises(Invalid) as refused:
        reader.read(encode({"bounded": {
            "few": [1, 2, "3"], "positive": "0", "short": "a", "code": "A", "either": [],
        }}))  # fmt: skip
    assert refused.value.details == {
        "few": ["value_is_too_long"],
        "positive": ["value_is_out_of_range"],
        "short": ["value_is_too_short"],
        "code": ["value_is_invalid"],
        "either": ["value_is_invalid"],
    }
    assert reader.read(b'{"bounded": {"few": ["1"], "either": "x"}}').bounded.either == "x"
    assert reader.read(b'{"bounded": {"few": ["1"], "either": 5}}').bounded.either == 5
    assert reader.read(b'{"bounded": {"few": [1], "again": ""}}').bounded.again is None


class Careless(Struct, kw_only=True):
    """A request whose own checks compare what may not be there."""

    since: datetime
    until: datetime
    rate: D = D(0)

    def __post_init__(self) -> None:
        checks = Checks()
        checks.that(self.since < self.until, until="value_is_out_of_range")
        checks.that(self.rate >= 0, rate="value_is_out_of_range")
        checks.done()


def test_checks_of_a_request_see_what_was_read_and_not_what_was_sent():
    """A zone on one side only, and a NaN, would raise inside the check."""
    reader = Reader(msgspec.defstruct("CarelessRequest", [("careless", Careless)], kw_only=True))
    since, until = "2026-01-01T00:00:00", "2026-01-02T00:00:00Z"

    assert reader.read(encode({"careless": {"since": since, "until": until}})).careless.rate == 0
    with pytest.raises(Invalid) as refused:
        reader.read(encode({"careless": {"since": until, "until": since, "rate": "NaN"}}))
    assert refused.value.details == {
        "until": ["value_is_out_of_range"], "rate": ["value_is_invalid"],
    }  # fmt: skip


def outcome(by, body):
    """What was read, or what was refused."""
    try:
        return encode(by(body))
    except Refusal as refused:
        return str(refused)


def test_the_quick_way_and_the_slow_way_read_alike():
    """3,000 random requests that are right, read both ways."""
    dice = random.Random(20261122)
    for op in API:
        reader = Reader(op.request)
        for _ in range(3000 // len(API.operations)):
            request = value_of(dice, op.request)
            body = encode(request)
            assert outcome(reader.read_slowly, body) == outcome(reader.read, body), body


def test_whatever_is_sent_is_read_or_refused():
    """5,000 random objects under the right names: nothing but a request or a refusal comes out."""
    dice = random.Random(20261122)
    outcomes = {"read": 0, "refused": 0}
    for op in API:
        reader = Reader(op.request)
        for _ in range(5000 // len(API.operations)):
            request = msgspec.json.decode(encode(value_of(dice, op.request)))
            body = encode(anything(dice, request))
            try:
                reader.read(body)
                outcomes["read"] += 1
            except Refusal:
                outcomes["refused"] += 1
    assert min(outcomes.values()) > 500, outcomes
